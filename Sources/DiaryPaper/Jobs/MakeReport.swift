import Diary
import Postgres
import Web

extension BackgroundWork {
    /// K1: jobs and their results are deleted a day after their end.
    package static let forgetReportJobs = deleting(
        "forget_report_jobs", every: 3600, from: "report_jobs", where: "t.expires_at < now()",
        oldestFirst: "t.expires_at")

    /// Makes the reports that people have ordered, in their name and with the rights that they have then.
    package static func makeReports(_ paper: PaperServices, _ settings: Services.Settings) -> BackgroundWork {
        var settings = settings
        // The deadline of a piece leaves time for the form.
        settings.statementTimeout = 60_000
        let making = MakeReport(paper: paper, settings: settings)
        return BackgroundWork(
            "make_report", .onDemand, deadline: 180,
            effect: { piece, lanes in try await making.make(piece, lanes) },
            { attempt, outcome in try await outcome.record(attempt) })
    }
}

private struct MakeReport: Sendable {
    let paper: PaperServices
    let settings: Services.Settings

    enum Outcome: Sendable {
        /// The job was deleted, or has ended.
        case nothing
        /// All connections or processes for long work are busy.
        case later
        case made([UInt8], profiles: [String])
        /// A problem document.
        case failed([UInt8])
    }

    /// A process that makes the report this often has perhaps ended because of it.
    private static let starts = 3
    /// PostgreSQL gets it as one parameter in hexadecimal digits.
    private static let largestResult = 32 << 20

    /// Reads the report and makes its form. A failure that may pass is thrown, so that the piece is repeated.
    func make(_ piece: Piece, _ lanes: Lanes) async throws -> Outcome {
        let job = try await lanes.transaction(piece.scope) { transaction in
            try await transaction.run([Self.start(.integer(piece.school), .text(piece.id))])
        }[0]
        guard !job.isEmpty else { return .nothing }
        let language = Language(rawValue: job.text(0, "language") ?? "") ?? .russian
        func failure(_ problem: Problem) -> Outcome {
            .failed(
                problem.document(of: piece.id, instance: "/v1/report-jobs/\(piece.id)", language: language))
        }
        guard job.integer(0, "starts")! <= Self.starts else { return failure(Problem(.reportFailed)) }
        let services = Services(background: settings, lanes: lanes, files: paper.rendering)
        do {
            guard
                let caller = try await Caller.absent(
                    services, school: piece.school, person: job.text(0, "person_id")!,
                    client: job.text(0, "client_id"), session: job.text(0, "session_id"), requestID: piece.id)
            else { throw Problem(.forbidden) }
            let order = try StoredReportJob(job).order(caller)
            try order.checkTable()
            let reading = try await ReportReading(order.report, order.input)
            _ = try await lanes.transaction(piece.scope) { transaction in
                try await transaction.run([Self.advance(.integer(piece.school), .text(piece.id))])
            }
            let bytes = try await paper.bytes(order, reading, .later)
            guard bytes.count <= Self.largestResult else { throw Problem(.reportTooLarge) }
            return .made(bytes, profiles: reading.profiles)
        } catch {
            guard let problem = (error as? Problem) ?? DatabaseProblems.problem(for: error) else { throw error }
            switch problem.kind {
            case .overloaded: return .later
            case .timeout: return failure(Problem(.reportTakesLong))
            case .databaseUnavailable, .writeContention: throw error
            default: return failure(problem)
            }
        }
    }

    // MARK: SQL. `$1` is the school, `$2` the job.

    private static let start = Statement(
        """
        UPDATE report_jobs j
        SET state = 'running', progress = 10, starts = j.starts + 1, started_at = coalesce(j.started_at, now()),
            standing = lyceum.standing(j.school_id, j.person_id)
        WHERE j.school_id = $1 AND j.id = $2::uuid AND j.state IN ('waiting', 'running')
        RETURNING j.person_id, j.client_id, j.session_id, j.report, j.format, j.parameters, j.language, j.starts
        """)
    private static let advance = Statement(
        "UPDATE report_jobs j SET progress = 50 WHERE j.school_id = $1 AND j.id = $2::uuid AND j.state = 'running'")
}

extension MakeReport.Outcome {
    /// Ends the job in the transaction that ends the piece.
    func record(_ attempt: Attempt) async throws -> BackgroundWork.Progress {
        let job: [Parameter] = [.integer(attempt.piece.school), .text(attempt.piece.id)]
        switch self {
        case .nothing: return .done
        case .later:
            _ = try await attempt.run([Query(statement: Self.wait, parameters: job)])
            return .again(seconds: 2)
        case .failed(let problem):
            _ = try await attempt.run([
                Query(
                    statement: Self.fail, parameters: job + [.text(String(decoding: problem, as: UTF8.self))])
            ])
            return .done
        case .made(let bytes, let profiles):
            _ = try await attempt.run([
                Query(statement: Self.keep, parameters: job + [.bytes(bytes), .texts(profiles)]),
                Query(statement: Self.end, parameters: job),
            ])
            return .done
        }
    }

    /// Nothing was tried, so it counts as no start.
    private static let wait = Statement(
        """
        UPDATE report_jobs j SET state = 'waiting', progress = 0, starts = j.starts - 1
        WHERE j.school_id = $1 AND j.id = $2::uuid AND j.state = 'running'
        """)
    private static let fail = Statement(
        """
        UPDATE report_jobs j
        SET state = 'failed', problem = $3::jsonb, ended_at = now(), expires_at = now() + interval '1 day'
        WHERE j.school_id = $1 AND j.id = $2::uuid AND j.state = 'running'
        """)
    private static let keep = Statement(
        """
        INSERT INTO report_results (school_id, job_id, content, profiles)
        SELECT j.school_id, j.id, $3::bytea, $4::uuid[] FROM report_jobs j
        WHERE j.school_id = $1 AND j.id = $2::uuid AND j.state = 'running'
        ON CONFLICT DO NOTHING
        """)
    private static let end = Statement(
        """
        UPDATE report_jobs j
        SET state = 'done', progress = 100, ended_at = now(), expires_at = now() + interval '1 day'
        WHERE j.school_id = $1 AND j.id = $2::uuid AND j.state = 'running'
        """)
}
