import Diary
import JSON
import Postgres
import Web

/// A report that has been read: the results of all its queries, in one snapshot, behind its gates.
struct ReportReading {
    let report: Report
    let input: ReportInput
    let content: ReportContent
    let results: Results
    let answer: Answer
    /// K2: the students whose profiles it shows. Whoever hands the report out records the reading first.
    let profiles: [String]

    /// Reads on a connection of its own, so that nobody waits behind a long report.
    init(_ report: Report, _ input: ReportInput) async throws {
        let content = try report.content(input)
        let answer = Self.answer(report, input, content)
        let queries = Self.queries(input, content, answer)
        let caller = input.caller
        let results = Results(queries, try await caller.services.lanes.readLong(caller.scope, queries))
        self = try ReportReading(report, input, content, results, answer)
    }

    /// Reads in a snapshot that the owner of the database holds.
    init(_ report: Report, _ input: ReportInput, in snapshot: OwnerSnapshot) throws {
        let content = try report.content(input)
        let answer = Self.answer(report, input, content)
        let queries = Self.queries(input, content, answer)
        self = try ReportReading(report, input, content, Results(queries, snapshot.rows(queries)), answer)
    }

    /// - Throws: the problem of a gate that is closed.
    private init(
        _ report: Report, _ input: ReportInput, _ content: ReportContent, _ results: Results, _ answer: Answer
    ) throws {
        try answer.check(results)
        profiles = try content.profiles.map { try results[$0].texts("ids") } ?? []
        self.report = report
        self.input = input
        self.content = content
        self.results = results
        self.answer = answer
    }

    private static func queries(_ input: ReportInput, _ content: ReportContent, _ answer: Answer) -> [Query] {
        answer.queries + content.onlyDrawn(answer) + [labels(input)] + (content.profiles.map { [$0] } ?? [])
    }

    /// Asks the gates alone: whether the caller may read the report, and whether what it is about exists.
    static func check(_ order: ReportOrder) async throws {
        try order.checkTable()
        let content = try order.report.content(order.input)
        let answer = Answer(capacity: 0) { gates(order.report, order.input, content) }
        guard !answer.queries.isEmpty else { return }
        try answer.check(try await order.input.caller.results(of: answer.queries))
    }

    // MARK: SQL. `$1` is the school.

    /// The school's words for marks that are not numbers.
    static func labels(_ input: ReportInput) -> Query { SharedSQL.markCodes(input.school) }

    static func school(_ input: ReportInput) -> Query { schoolName(input.school) }
    static func moment(_ input: ReportInput) -> Query { now(input.school) }

    private static let schoolName = Statement("SELECT s.code, s.name FROM schools s WHERE s.id = $1")
    private static let now = Statement(
        "SELECT now() AS generated_at, lyceum.local_time(now()) AS _printed FROM schools s WHERE s.id = $1")

    /// The report in JSON.
    private static func answer(_ report: Report, _ input: ReportInput, _ content: ReportContent) -> Answer {
        Answer(capacity: 64 * 1024) {
            Member("report") { writer, _ in writer.string(report.name) }
            gates(report, input, content)
            Object("school", school(input))
            shown(content)
        } untagged: {
            Fields(moment(input))
        }
    }

    /// In front of everything that is shown, because they make settings for it.
    private static func gates(_ report: Report, _ input: ReportInput, _ content: ReportContent) -> [AnswerPart] {
        let named = named(report, input).map { [AnswerPart.gate(Gate($0))] } ?? []
        return named
            + content.flat.compactMap { part in
                switch part {
                case .gate(let gate): .gate(gate)
                case .silent(let query): .silent(query)
                default: nil
                }
            }
    }

    /// What optional parameters name has to be there: an empty report about a mistyped id would look like good news.
    /// Reports have gates of their own for what they require.
    private static func named(_ report: Report, _ input: ReportInput) -> Query? {
        let given = report.parameters.filter { !$0.isRequired && input.text($0.name) != nil }.map { $0.name }
        guard !given.filter({ ["class_id", "section_id", "teacher_id"].contains($0) }).isEmpty else { return nil }
        return mentioned(input.school, input["class_id"], input["section_id"], input["teacher_id"])
    }

    private static let mentioned = Statement(
        """
        SELECT true AS _named
        WHERE ($2::uuid IS NULL OR EXISTS (SELECT FROM classes c WHERE c.school_id = $1 AND c.id = $2::uuid))
            AND ($3::uuid IS NULL OR EXISTS (SELECT FROM sections s WHERE s.school_id = $1 AND s.id = $3::uuid))
            AND ($4::uuid IS NULL OR EXISTS (SELECT FROM staff s WHERE s.school_id = $1 AND s.id = $4::uuid))
        """)

    private static func shown(_ content: ReportContent) -> [AnswerPart] {
        var across: Set<String> = []
        return content.flat.flatMap { part -> [AnswerPart] in
            switch part {
            case .gate, .silent, .chart, .parts: return []
            case .facts(let facts): return [.object(Object(facts.name, facts.query))]
            case .notes(let notes): return [.list(List(notes.name, notes.query))]
            case .table(let table):
                let total = table.total.map { [AnswerPart.object(Object("\(table.name)_total", $0))] } ?? []
                return [.list(List(table.name, table.query))] + total
            case .pivot(let pivot):
                let columns =
                    across.insert(pivot.across.name).inserted
                    ? [AnswerPart.list(List(pivot.across.name, pivot.across.query))] : []
                return columns + [.list(List(pivot.name, pivot.rows) { List("cells", pivot.cells.query) })]
            }
        }
    }
}

extension ReportContent {
    /// The queries of charts that JSON does not have.
    fileprivate func onlyDrawn(_ answer: Answer) -> [Query] {
        flat.compactMap { part in
            if case .chart(let chart) = part, !answer.queries.contains(chart.query) { chart.query } else { nil }
        }
    }
}
