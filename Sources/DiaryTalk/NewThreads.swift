import Diary
import JSON
import Postgres
import Web

/// The making of threads (C1): one with some recipients, or one with each guardian of some students or of a class, so
/// that families never meet (A1, A3).
enum NewThreads {
    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let body = try Body(try await request.json())
        return try await Idempotency.run(request, caller) { work in
            let results: Results
            let threads: Query
            if let recipients = body.recipients {
                threads = toPeople(.text(body.student), .texts(recipients), .text(body.subject), .text(body.text))
                results = try await check(work, people(body, recipients, caller), threads, "recipient_ids")
            } else {
                let students = body.students.map { Parameter.texts($0) } ?? .null
                threads = toFamilies(students, .text(body.schoolClass), .text(body.subject), .text(body.text))
                let unknown = notInCharge(.integer(caller.school.id), caller.person, students)
                results = try await check(work, unknown, threads, "student_ids")
            }
            return .json(try Answer { List("items", threads) }.json(results))
        }
    }

    /// - Parameter refused: finds the recipients who may not be written to, by their place (`number`); −1 is the student.
    private static func check(
        _ work: Work, _ refused: Query, _ threads: Query, _ list: String
    ) async throws -> Results {
        let results = try await work.results(of: [refused, threads] + work.settling)
        switch results.refusal?.message {
        case "not_a_recipient":
            let rows = try results[refused]
            throw Problem(
                .notARecipient,
                items: (0..<rows.count).map { row in
                    let number = rows.integer(row, "number")!
                    return .init(
                        pointer: number < 0 ? "/student_id" : "/\(list)/\(number)", code: rows.text(row, "code")!,
                        detail: detail(rows.text(row, "code")!))
                })
        case "too_many_threads": throw Problem(.tooManyThreads, headers: [("Retry-After", "3600")])
        default:
            try results.check()
            return results
        }
    }

    private static func detail(_ code: String) -> Text {
        switch code {
        case "no_account":
            Text(ru: "У этого человека нет учётной записи.", en: "This person has no account.")
        case "required":
            Text(ru: "Укажите, о каком ребёнке речь.", en: "Say which child the thread is about.")
        default:
            Text(ru: "Этому человеку вы писать не можете.", en: "You may not write to this person.")
        }
    }

    // MARK: The body

    private struct Body {
        let subject: String
        let text: String
        /// Exactly one of these three.
        let recipients: [String]?
        let students: [String]?
        let schoolClass: String?
        let student: String?

        init(_ json: JSONValue) throws {
            let problems = FieldProblems()
            var reader = ObjectReader(json, problems: problems)
            subject = reader.writtenText("subject", maximum: 200).value ?? ""
            text = reader.writtenText("text", maximum: 10_000).value ?? ""
            recipients = Self.ids("recipient_ids", maximum: 20, &reader)
            students = Self.ids("student_ids", maximum: 200, &reader)
            schoolClass = reader.uuid("class_id", .optional).value
            student = reader.uuid("student_id", .optional).value
            reader.finish()
            let targets = ["recipient_ids", "student_ids", "class_id"].filter { !reader.isMissing($0) }
            if targets.isEmpty { reader.add("recipient_ids", .required) }
            for other in targets.dropFirst() {
                problems.add(FieldProblem(JSONPointer(other), "exclusive"))
            }
            if recipients == nil, student != nil, let target = targets.first, target != "recipient_ids" {
                problems.add(FieldProblem(JSONPointer("student_id"), "exclusive"))
            }
            if let problem = Problem(problems) { throw problem }
        }

        private static func ids(_ name: String, maximum: Int, _ reader: inout ObjectReader) -> [String]? {
            guard let ids = reader.uuids(name, .optional, minimumCount: 1, maximumCount: maximum).value else {
                return nil
            }
            var seen: Set<String> = []
            for (index, id) in ids.enumerated() where !seen.insert(id).inserted {
                reader.problems.add(FieldProblem(reader.pointer.appending(name).appending(index), "duplicate_item"))
            }
            return ids
        }
    }

    // MARK: SQL

    private static func people(_ body: Body, _ recipients: [String], _ caller: Caller) -> Query {
        notRecipients(.integer(caller.school.id), caller.person, .texts(recipients), .text(body.student))
    }

    private static let notRecipients = Statement(
        """
        WITH about AS MATERIALIZED (
            SELECT a.id, lyceum.capacity($1, $2::uuid, a.id) AS capacity
            FROM (SELECT lyceum.thread_student($1, $2::uuid, $3::uuid[], $4::uuid) AS id) a
        )
        SELECT -1 AS number, CASE WHEN a.id IS NULL THEN 'required' ELSE 'not_a_recipient' END AS code
        FROM about a WHERE a.capacity IS NULL
        UNION ALL
        SELECT r.number - 1,
            CASE WHEN lyceum.may_write($1, $2::uuid, r.id, a.id) THEN 'no_account' ELSE 'not_a_recipient' END
        FROM about a
        CROSS JOIN unnest($3::uuid[]) WITH ORDINALITY r (id, number)
        LEFT JOIN users u ON u.school_id = $1 AND u.id = r.id
        WHERE a.capacity IS NOT NULL
            AND (NOT lyceum.may_write($1, $2::uuid, r.id, a.id) OR u.state IS DISTINCT FROM 'active')
        ORDER BY 1
        """)

    private static let notInCharge = Statement(
        """
        SELECT s.number - 1 AS number, 'not_a_recipient' AS code
        FROM unnest($3::uuid[]) WITH ORDINALITY s (id, number)
        WHERE NOT (lyceum.works($1, $2::uuid) AND lyceum.has_charge($1, $2::uuid, s.id))
        ORDER BY 1
        """)

    private static let toPeople = Statement(
        """
        SELECT t.id AS thread_id, lyceum.thread_student(lyceum.current_school(), lyceum.current_user_id(), $2::uuid[], $1::uuid)
                AS student_id,
            to_json($2::uuid[]) AS recipient_ids, 'sent' AS outcome
        FROM (SELECT lyceum.write_to_people($1::uuid, $2::uuid[], $3, $4) AS id OFFSET 0) t
        """)

    private static let toFamilies = Statement(
        """
        SELECT f.thread_id, f.student_id, to_json(array_remove(ARRAY[f.recipient_id], NULL)) AS recipient_ids, f.outcome
        FROM lyceum.write_to_families($1::uuid[], $2::uuid, $3, $4) f
        """)
}
