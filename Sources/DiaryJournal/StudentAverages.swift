import Diary
import Postgres
import Web

/// A student's averages by subject and term, plain and weighted (M6), beside those of the class.
package enum StudentAverages {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/students/{student_id}/averages", "listStudentAverages", access: .readersOfMarks, show)
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let year = query.identifier("academic_year_id")
        let term = query.identifier("term_id")
        try query.finish()
        let student = StudentGate.open(caller, try request.identifier("student_id"))
        let chosen = Query(
            statement: StudentYear.statement, parameters: [.integer(caller.school.id), .text(year)])
        let statements = StudentGate.isDated(for: caller) ? seen : all
        let parameters: [Parameter] = [.integer(caller.school.id), .text(term)]
        return try await Answer(capacity: 8 * 1024) {
            Gate(student)
            Gate(chosen)
            Object("student", student)
            Object("academic_year", chosen)
            List("subjects", statements.subjects(parameters[0])) {
                List("terms", Query(statement: statements.terms, parameters: parameters))
            }
        }.tagged(for: caller)
    }

    private static let all = AverageStatements(seen: "")
    private static let seen = AverageStatements(seen: "AND l.date <@ \(StudentGate.days)")
}

/// SQL about published marks (M12). `$1` is the school.
enum AverageSQL {
    /// Plain and weighted sums of the marks `k`; the same as in `lyceum.final_bases`.
    static func sums(of k: String = "k") -> String {
        """
        (count(*) FILTER (WHERE \(k).kind = 'number' OR \(k).code IN ('pass', 'fail')))::integer AS marks,
            count(\(k).number)::integer AS numbers, sum(\(k).number)::integer AS total,
            sum(\(k).number * \(k).weight) AS weighted, sum(\(k).weight) FILTER (WHERE \(k).kind = 'number') AS weight
        """
    }

    /// The student's marks `k` in the term `running`, with their subjects and weights; those from another school too
    /// (M10). It begins with the lessons, because a student has marks of many years.
    ///
    /// - Parameters:
    ///   - subject: SQL of a subject's id; nil for all subjects.
    ///   - day: an additional condition on the day `l.date`.
    static func marksOfStudent(subject: String? = nil, day: String) -> String {
        """
        FROM (
                SELECT s.subject_id, k.kind, k.number, k.code, i.weight
                FROM running r
                JOIN group_members m ON m.school_id = $1 AND m.student_id = \(StudentGate.student)
                    AND lyceum.holds_between(m.starts_on, m.ends_on, r.starts_on, r.ends_on)
                JOIN sections s ON s.school_id = $1 AND s.group_id = m.group_id AND s.academic_year_id = \(StudentYear.year)
                    \(subject.map { "AND s.subject_id = \($0)" } ?? "")
                JOIN lessons l ON l.school_id = $1 AND l.section_id = s.id AND l.state <> 'cancelled'
                    AND l.date BETWEEN r.starts_on AND r.ends_on AND lyceum.holds(m.starts_on, m.ends_on, l.date) \(day)
                JOIN line_items i ON i.school_id = $1 AND i.lesson_id = l.id AND i.deleted_at IS NULL
                JOIN marks k ON k.school_id = $1 AND k.line_item_id = i.id AND k.student_id = m.student_id
                    AND k.kind IS NOT NULL AND k.published_at <= now()
                UNION ALL
                SELECT l.subject_id, l.kind, l.number, l.code, l.weight
                FROM running r
                JOIN transferred_marks l ON l.school_id = $1 AND l.academic_year_id = \(StudentYear.year)
                    AND l.student_id = \(StudentGate.student) AND l.kind IS NOT NULL
                    AND l.date BETWEEN r.starts_on AND r.ends_on \(day)
                    \(subject.map { "AND l.subject_id = \($0)" } ?? "")
            ) k
        """
    }

    /// The averages of the student and of the class, as common table expressions: `periods`, the averages `averages` of
    /// each student, and those of the class, `classes`, with the number of their `students`.
    ///
    /// A1: the average of the class stands for at least five students. They are those who are in the student's class
    /// today, or were in its last one of the year; each counts once, however many marks the student has.
    ///
    /// - Parameters:
    ///   - periods: a query of terms: `id`, `starts_on`, `ends_on`.
    ///   - seen: an additional condition on the day `l.date`, for callers who do not see all days.
    static func compared(periods: String, andSeen seen: String = "") -> String {
        """
        periods AS MATERIALIZED (\(periods)), standing AS MATERIALIZED (
            SELECT e.class_id, least(e.ends_on, c.ends_on, lyceum.today()) AS day
            FROM enrollments e
            JOIN (
                SELECT c.id, y.ends_on
                FROM classes c
                JOIN academic_years y ON y.school_id = c.school_id AND y.id = c.academic_year_id
                WHERE c.school_id = $1 AND c.academic_year_id = \(StudentYear.year)
            ) c ON c.id = e.class_id
            WHERE e.school_id = $1 AND e.student_id = \(StudentGate.student)
            ORDER BY e.starts_on DESC
            LIMIT 1
        ), mates AS MATERIALIZED (
            SELECT DISTINCT e.student_id
            FROM standing t
            JOIN enrollments e ON e.school_id = $1 AND e.class_id = t.class_id
                AND lyceum.holds_between(e.starts_on, e.ends_on, t.day, t.day)
            UNION
            SELECT \(StudentGate.student)
        ), taught AS MATERIALIZED (
            SELECT DISTINCT s.id, s.subject_id
            FROM mates m
            JOIN group_members g ON g.school_id = $1 AND g.student_id = m.student_id
            JOIN sections s ON s.school_id = $1 AND s.group_id = g.group_id
                AND s.academic_year_id = \(StudentYear.year) AND s.grading <> 'none'
        ), columns AS MATERIALIZED (
            SELECT i.id, i.weight, s.subject_id, p.id AS term_id
            FROM taught s
            CROSS JOIN periods p
            JOIN lessons l ON l.school_id = $1 AND l.section_id = s.id AND l.date BETWEEN p.starts_on AND p.ends_on \(seen)
            JOIN line_items i ON i.school_id = $1 AND i.lesson_id = l.id AND i.deleted_at IS NULL
        ), given AS MATERIALIZED (
            -- OFFSET 0 keeps the students out of the search: otherwise PostgreSQL would look in each column for a mark of
            -- each student.
            SELECT l.subject_id, l.term_id, l.weight, k.student_id, k.kind, k.number, k.code
            FROM columns l
            CROSS JOIN LATERAL (
                SELECT k.student_id, k.kind, k.number, k.code
                FROM marks k
                WHERE k.school_id = $1 AND k.line_item_id = l.id AND k.kind IS NOT NULL AND k.published_at <= now()
                OFFSET 0
            ) k
            UNION ALL
            SELECT l.subject_id, p.id, l.weight, l.student_id, l.kind, l.number, l.code
            FROM periods p
            JOIN transferred_marks l ON l.school_id = $1 AND l.academic_year_id = \(StudentYear.year)
                AND l.date BETWEEN p.starts_on AND p.ends_on AND l.kind IS NOT NULL \(seen)
        ), averages AS MATERIALIZED (
            SELECT l.student_id, l.subject_id, l.term_id, \(AverageSQL.sums(of: "l"))
            FROM given l
            WHERE l.student_id IN (SELECT m.student_id FROM mates m)
            GROUP BY l.student_id, l.subject_id, l.term_id
        ), classes AS (
            SELECT a.subject_id, a.term_id, avg(a.weighted / a.weight) FILTER (WHERE a.weight > 0) AS average,
                count(*) FILTER (WHERE a.weight > 0) AS students
            FROM averages a
            GROUP BY a.subject_id, a.term_id
        )
        """
    }
}

private struct AverageStatements: Sendable {
    let subjects: Statement
    let terms: Statement

    /// `$2` is a term, or NULL for all.
    private static let periods = """
        SELECT t.id, t.starts_on, t.ends_on
        FROM terms t
        WHERE t.school_id = $1 AND t.academic_year_id = \(StudentYear.year)
            AND \(StudentYear.gradeLevel) = ANY (t.grade_levels) AND ($2::uuid IS NULL OR t.id = $2::uuid)
        """

    /// - Parameter seen: an additional condition for callers who do not see all days.
    init(seen: String) {
        let order = "j.position, j.name, j.id"
        subjects = Statement(
            """
            SELECT j.id, j.name
            FROM (\(StudentYear.subjects)) s
            JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
            ORDER BY \(order)
            """)
        terms = Statement(
            """
            WITH \(AverageSQL.compared(periods: Self.periods, andSeen: seen))
            SELECT j.id AS _parent, p.id AS term_id, coalesce(a.marks, 0) AS marks,
                lyceum.shown_average(a.weighted, a.weight) AS average,
                lyceum.shown_average(a.total, a.numbers) AS plain_average,
                coalesce(a.weighted, 0) AS weighted_sum, coalesce(a.weight, 0) AS weight_sum,
                CASE WHEN c.students >= 5 THEN round(c.average, 2) END AS class_average
            FROM (\(StudentYear.subjects)) s
            JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
            CROSS JOIN periods p
            LEFT JOIN averages a
                ON a.student_id = \(StudentGate.student) AND a.subject_id = j.id AND a.term_id = p.id
            LEFT JOIN classes c ON c.subject_id = j.id AND c.term_id = p.id
            ORDER BY \(order), p.starts_on
            """)
    }
}
