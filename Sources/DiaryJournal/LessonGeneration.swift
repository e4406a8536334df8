import Diary
import JSON
import Postgres
import Web

/// Makes lessons from the timetable for a range of dates (L2). It changes and removes lessons that it has made and that
/// the timetable no longer wants, but none with records and none that was changed by hand. So it may be repeated.
package enum LessonGeneration {
    package static let routes: [Route<Access, Caller>] = [
        .post("/v1/lessons/generation", "generateLessons", access: .managers, generate)
    ]

    /// About the longest term. A school of 1,000 students has 24,000 lessons in that time.
    static let longestRange = 124
    /// Milliseconds. One statement makes all lessons.
    private static let statementTimeout = 30_000

    private struct Wish {
        let from: Parameter
        let to: Parameter
        let sections: [String]?
        let schoolClass: String?
        let isDaysOff: Bool

        init(_ body: JSONValue) throws {
            let problems = FieldProblems()
            var reader = ObjectReader(body, problems: problems)
            let (from, to) = (reader.date("from").value, reader.date("to").value)
            sections = reader.uuids("section_ids", .optional, minimumCount: 1, maximumCount: 200).value
            schoolClass = reader.uuid("class_id", .optional).value
            isDaysOff = reader.boolean("days_off", .optional).value ?? false
            if sections != nil, schoolClass != nil {
                problems.add(FieldProblem(reader.pointer.appending("section_ids"), "exclusive"))
            }
            reader.finish()
            if let problem = Problem(problems) { throw problem }
            (self.from, self.to) = (.text(from), .text(to))
            if let from, let to { try LessonGeneration.check(from, to) }
        }
    }

    private static func check(_ from: String, _ to: String) throws {
        if to < from { throw Refusal.endsBeforeStart("to").problem }
        guard CalendarDate.days(from: from, to: to) >= longestRange else { return }
        throw Refusal(
            field: "to", code: "range_too_long",
            ru: "Выберите период не длиннее \(longestRange) дней; год создаётся по частям.",
            en: "Choose a period of at most \(longestRange) days; generate a year in several parts."
        ).problem
    }

    @Sendable static func generate(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let isDry = query.flag("dry_run")
        try query.finish()
        let wish = try Wish(try await request.json())
        var scope = caller.scope
        scope.timeout = max(scope.timeout, statementTimeout)
        // Not on a shared lane, where other requests would wait for it.
        return try await Idempotency.run(request, caller, scope: scope) { work in
            switch work {
            case .transaction(let transaction): try await generate(wish, isDry: isDry, caller, in: transaction)
            case .segment(let lanes, let scope):
                try await lanes.transaction(scope) { try await generate(wish, isDry: isDry, caller, in: $0) }
            }
        }
    }

    private static func generate(
        _ wish: Wish, isDry: Bool, _ caller: Caller, in transaction: Transaction
    ) async throws -> Response {
        let school = Parameter.integer(caller.school.id)
        let wanted = wish.sections.map { Parameter.texts($0) } ?? .null
        let schoolClass = Parameter.text(wish.schoolClass)
        let scope = try await transaction.run([scope(school, wanted, schoolClass)])[0]
        if let unknown = scope.integer(0, "unknown") { throw Refusal.unknown("section_ids/\(unknown - 1)").problem }
        guard scope.boolean(0, "knows_class") else { throw Refusal.unknown("class_id").problem }
        let rows = try await transaction.run([
            generated(school, wish.from, wish.to, wanted, schoolClass, .boolean(wish.isDaysOff), .boolean(isDry))
        ])[0]
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("dry_run")
        writer.boolean(isDry)
        writer.fields(rows, row: 0)
        writer.endObject()
        return .json(writer)
    }

    /// Which of the sections `$2` the school does not have, and whether it has the class `$3`.
    private static let scope = Statement(
        """
        SELECT (
                SELECT min(u.n) FROM unnest($2::uuid[]) WITH ORDINALITY AS u (id, n)
                WHERE NOT EXISTS (SELECT FROM sections s WHERE s.school_id = $1 AND s.id = u.id)
            ) AS unknown,
            $3::uuid IS NULL OR EXISTS (SELECT FROM classes c WHERE c.school_id = $1 AND c.id = $3::uuid) AS knows_class
        """)

    private static let generated = Statement(
        """
        SELECT g.made, g.changed, g.removed, g.unchanged, g.kept, g.left_out, g.kept_lessons, g.left_out_lessons
        FROM lyceum.generate_lessons(
            $2::date, $3::date,
            CASE
                WHEN $5::uuid IS NULL THEN $4::uuid[]
                ELSE ARRAY(
                    SELECT s.id FROM groups c JOIN sections s ON s.school_id = c.school_id AND s.group_id = c.id
                    WHERE c.school_id = $1 AND c.class_id = $5::uuid
                )
            END,
            $6::boolean, $7::boolean
        ) g
        """)
}
