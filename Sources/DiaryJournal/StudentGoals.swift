import Diary
import Postgres
import Web

/// M8: how many marks of each value a student needs for a target in the running term.
package enum StudentGoals {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/students/{student_id}/goals", "listStudentGoals", access: .readersOfMarks, show)
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let subject = query.identifier("subject_id")
        let target = query.integer("target", in: 2...5)
        let weight = query.weight("weight")
        query.require("subject_id")
        query.require("target")
        try query.finish()
        let school = Parameter.integer(caller.school.id)
        let student = StudentGate.open(caller, try request.identifier("student_id"))
        let year = Query(statement: StudentYear.statement, parameters: [school, .null])
        let parameters: [Parameter] = [school, .text(subject), .integer(target ?? 0), .text(weight ?? "1")]
        let statements = StudentGate.isDated(for: caller) ? seen : all
        let standing = Query(statement: statements.standing, parameters: parameters)
        return try await Answer {
            Gate(student)
            Gate(year)
            Gate(standing)
            Gate(standing, unless: "_unmarked", else: Problem(.marksNotAllowed))
            Object("student", student)
            Fields(standing)
            List("goals", Query(statement: statements.goals, parameters: parameters))
        }.tagged(for: caller)
    }

    private static let all = GoalStatements(seen: "")
    private static let seen = GoalStatements(seen: "AND l.date <@ \(StudentGate.days)")
}

/// `$1` is the school, `$2` the subject, `$3` the target, `$4` the weight of a mark to come.
private struct GoalStatements: Sendable {
    let standing: Statement
    let goals: Statement

    init(seen: String) {
        // `p_least` is the least average that is rounded to the target, as in `lyceum.marks_for_target`.
        let sums = """
            running AS MATERIALIZED (\(StudentYear.runningTerm)), given AS MATERIALIZED (
                SELECT \(AverageSQL.sums())
                \(AverageSQL.marksOfStudent(subject: "$2::uuid", day: seen))
            ), rules AS MATERIALIZED (
                SELECT coalesce(max(ss.scale_min), 2) AS scale_min, coalesce(max(ss.scale_max), 5) AS scale_max,
                    $3::integer - 1 + coalesce(max(ss.rounding_threshold), 0.60) AS least,
                    coalesce(max(ss.rounding_threshold), 0.60) AS threshold
                FROM school_settings ss WHERE ss.school_id = $1
            )
            """
        standing = Statement(
            """
            WITH \(sums)
            SELECT j.id AS "subject.id", j.name AS "subject.name", r.id AS "term.id", r.name AS "term.name",
                $3::integer AS target, $4::numeric AS weight, u.threshold AS rounding_threshold,
                coalesce(g.marks, 0) AS marks, lyceum.shown_average(g.weighted, g.weight) AS average,
                coalesce(g.weighted, 0) AS weighted_sum, coalesce(g.weight, 0) AS weight_sum,
                lyceum.is_before_marks(\(StudentYear.gradeLevel), lyceum.today(), y.second_half_starts_on)
                    OR NOT EXISTS (
                        SELECT
                        FROM group_members m
                        JOIN sections s ON s.school_id = $1 AND s.group_id = m.group_id AND s.subject_id = j.id
                            AND s.academic_year_id = y.id AND s.grading = 'marks'
                        WHERE m.school_id = $1 AND m.student_id = \(StudentGate.student)
                    ) AS _unmarked
            FROM subjects j
            JOIN academic_years y ON y.school_id = $1 AND y.id = \(StudentYear.year)
            CROSS JOIN running r
            CROSS JOIN given g
            CROSS JOIN rules u
            WHERE j.school_id = $1 AND j.id = $2::uuid AND j.id IN (\(StudentYear.subjects))
            """)
        goals = Statement(
            """
            WITH \(sums)
            SELECT n.number, lyceum.marks_for_target(g.weighted, g.weight, n.number, $4::numeric, u.least) AS count
            FROM rules u
            CROSS JOIN given g
            CROSS JOIN LATERAL generate_series(greatest($3::integer, u.scale_min), u.scale_max) n (number)
            ORDER BY n.number
            """)
    }
}

extension QueryReader {
    /// A weight of a column, 0.01 to 100, with at most two digits after the point.
    fileprivate mutating func weight(_ name: String) -> String? {
        guard let text = text(name) else { return nil }
        let parts = text.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        let isDecimal =
            parts.count <= 2 && (1...3).contains(parts[0].count)
            && parts.dropFirst().allSatisfy { (1...2).contains($0.count) }
            && parts.joined().allSatisfy { (0x30...0x39).contains($0) }
        if isDecimal, let number = Double(text), (0.01...100).contains(number) { return text }
        add(
            name, "out_of_range",
            Text(ru: "Ожидается вес от 0.01 до 100.", en: "A weight from 0.01 to 100 is expected."))
        return nil
    }
}
