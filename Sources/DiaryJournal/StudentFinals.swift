import Diary
import Postgres
import Web

/// A student's final marks of a year as the family sees them, with the averages of the running term, the marks that are
/// carried to the certificate of grade 9 (M11), and the marks for conduct (M14).
package enum StudentFinals {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/students/{student_id}/finals", "listStudentFinals", access: .readersOfMarks, show)
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let year = query.identifier("academic_year_id")
        try query.finish()
        let id = try request.identifier("student_id")
        let student = StudentGate.open(caller, id)
        let isDated = StudentGate.isDated(for: caller)
        let statements = isDated ? seen : all
        let parameters: [Parameter] = [.integer(caller.school.id), .text(year)]
        let chosen = Query(statement: StudentYear.statement, parameters: parameters)
        let school = parameters[0]
        return try await Answer(capacity: 16 * 1024) {
            Gate(student)
            Gate(chosen)
            Object("student", student)
            Object("academic_year", chosen)
            List("terms", StudentYear.terms(school))
            List("subjects", statements.subjects(school)) {
                List("finals", statements.finals(school))
            }
            List("carried", statements.carried(school))
            List("conduct_marks", statements.conduct(school))
        }.tagged(
            for: caller,
            isDated
                ? nil
                : Keeping(
                    "listStudentFinals", .student(id), [year],
                    standing: StudentStanding.withFinals(school, .text(id))))
    }

    private static let all = FinalStatements(seenDay: { _ in "" })
    private static let seen = FinalStatements(seenDay: { "AND \($0) <@ \(StudentGate.days)" })
}

/// The academic year of an answer about a student, for the statements after it.
enum StudentYear {
    /// The year, if the gate is open. A subquery, so that it is evaluated once.
    static let year = "(SELECT \(Setting.studentYear.value))"

    /// `$2` is the requested year, or NULL for the current one.
    static let statement = Statement(
        """
        SELECT y.id, y.name, \(Setting.studentYear.set(to: "y.id")) AS _year
        FROM academic_years y
        WHERE y.school_id = $1 AND y.id = coalesce($2::uuid, \(SharedSQL.currentYear))
        """)

    /// The last year that had begun on the day of the setting `to`.
    static let ofDay = Statement(
        """
        SELECT \(Setting.studentYear.set(to: "y.id")) AS _year
        FROM academic_years y
        WHERE y.school_id = $1 AND y.starts_on <= (SELECT \(Setting.to.required))
        ORDER BY y.starts_on DESC
        LIMIT 1
        """)

    static let gradeLevel = "(SELECT lyceum.grade_level_in($1, \(StudentGate.student), \(year)))"

    static let terms = Statement(
        """
        SELECT t.id, t.kind, t.name, t.starts_on, t.ends_on
        FROM terms t
        WHERE t.school_id = $1 AND t.academic_year_id = \(year) AND \(gradeLevel) = ANY (t.grade_levels)
        ORDER BY t.starts_on
        """)

    /// The term of the student that began last, as the row `t`.
    static let runningTerm = """
        SELECT t.id, t.kind, t.name, t.starts_on, t.ends_on
        FROM terms t
        WHERE t.school_id = $1 AND t.academic_year_id = \(year) AND \(gradeLevel) = ANY (t.grade_levels)
            AND t.starts_on <= lyceum.today()
        ORDER BY t.starts_on DESC
        LIMIT 1
        """

    /// Sections with marks that the student belongs or has belonged to in the year, as `subject_id`.
    static let subjects = """
        SELECT DISTINCT s.subject_id
        FROM group_members m
        JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id AND s.academic_year_id = \(year)
            AND s.grading <> 'none'
        WHERE m.school_id = $1 AND m.student_id = \(StudentGate.student)
        """
}

extension Setting {
    fileprivate static let studentYear = Setting("student_year", .uuid)
}

/// The statements after the gates. `$1` is the school.
private struct FinalStatements: Sendable {
    let subjects: Statement
    let finals: Statement
    let carried: Statement
    let conduct: Statement

    /// - Parameter seenDay: an additional condition on a day, for callers who do not see all days.
    init(seenDay: (String) -> String) {
        let own = """
            own AS MATERIALIZED (
                SELECT x.*, t.starts_on AS term_starts_on
                FROM final_marks x
                JOIN academic_years y ON y.school_id = $1 AND y.id = x.academic_year_id
                LEFT JOIN terms t ON t.school_id = $1 AND t.id = x.term_id
                WHERE x.school_id = $1 AND x.student_id = \(Self.student) AND x.academic_year_id = \(Self.year)
                    AND x.value_kind IS NOT NULL AND x.published_at <= now() \(seenDay("coalesce(t.ends_on, y.ends_on)"))
            ), learned AS MATERIALIZED (
                \(StudentYear.subjects)
                UNION
                SELECT o.subject_id FROM own o
            ), parts AS MATERIALIZED (
                SELECT p.subject_id, p.part_id
                FROM subject_parts p
                JOIN learned l ON l.subject_id = p.part_id
                WHERE p.school_id = $1 AND p.academic_year_id = \(Self.year)
            ), shown AS MATERIALIZED (
                SELECT l.subject_id FROM learned l UNION SELECT p.subject_id FROM parts p
            )
            """
        let order = "j.position, j.name, j.id"
        subjects = Statement(
            """
            WITH \(own), running AS MATERIALIZED (\(StudentYear.runningTerm)), given AS MATERIALIZED (
                SELECT k.subject_id, \(AverageSQL.sums())
                \(AverageSQL.marksOfStudent(day: seenDay("l.date")))
                GROUP BY k.subject_id
            )
            SELECT j.id, j.name, w.part_id IS NOT NULL AS is_composite, p.subject_id AS part_of,
                r.id AS "running_term?.term_id", coalesce(g.marks, 0) AS "running_term?.marks",
                lyceum.shown_average(g.weighted, g.weight) AS "running_term?.average",
                lyceum.shown_average(g.total, g.numbers) AS "running_term?.plain_average"
            FROM shown s
            JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
            LEFT JOIN parts p ON p.part_id = j.id
            LEFT JOIN LATERAL (SELECT w.part_id FROM parts w WHERE w.subject_id = j.id LIMIT 1) w ON true
            LEFT JOIN running r ON true
            LEFT JOIN given g ON g.subject_id = j.id
            ORDER BY \(order)
            """)
        // M11: a composite subject has the means over its parts, once each of them has such a mark; of exams those that
        // were held. A mark that another school has given for the whole subject stands.
        finals = Statement(
            """
            WITH \(own)
            SELECT x.subject_id AS _parent, x.id, x.kind, x.term_id, x.value, x.exam_points, x.comment, x.source,
                x.id IS NULL AS is_computed, d.state AS "debt?.state", d.settled_on AS "debt?.settled_on",
                lyceum.mark_value(CASE WHEN d.number IS NULL THEN 'code' ELSE 'number' END, d.number, d.code, NULL)
                    AS "debt?.opened_by", x.version
            FROM (
                SELECT o.subject_id, o.id, o.kind, o.term_id,
                    lyceum.mark_value(o.value_kind, o.number, o.code, o.due_on) AS value, o.exam_points, o.comment, o.source,
                    o.version, o.term_starts_on
                FROM own o
                UNION ALL
                SELECT m.subject_id, NULL, m.kind, NULL, lyceum.mark_value('number', m.number, NULL, NULL), NULL, NULL,
                    'own', NULL, NULL
                FROM lyceum.composite_finals($1, \(Self.year), ARRAY[\(Self.student)], true) m
                JOIN academic_years y ON y.school_id = $1 AND y.id = \(Self.year) \(seenDay("y.ends_on"))
            ) x
            JOIN subjects j ON j.school_id = $1 AND j.id = x.subject_id
            LEFT JOIN debts d ON d.school_id = $1 AND d.id = x.id AND d.state <> 'cancelled'
            ORDER BY \(order), array_position(ARRAY['term', 'year', 'exam', 'final'], x.kind), x.term_starts_on
            """)
        // M11: subjects that ended in grades 5 to 8 have their last mark in the certificate of grade 9.
        carried = Statement(
            """
            SELECT j.id AS "subject.id", j.name AS "subject.name", y.id AS "academic_year.id", y.name AS "academic_year.name",
                f.grade_level, f.kind, lyceum.mark_value(f.value_kind, f.number, f.code, NULL) AS value
            FROM lyceum.carried_marks($1, \(Self.year), ARRAY[\(Self.student)], true) f
            JOIN academic_years y ON y.school_id = $1 AND y.id = f.academic_year_id \(seenDay("y.ends_on"))
            JOIN subjects j ON j.school_id = $1 AND j.id = f.subject_id
            ORDER BY \(order)
            """)
        conduct = Statement(
            """
            SELECT c.term_id, c.scale, c.level, c.comment
            FROM conduct_marks c
            JOIN terms t ON t.school_id = $1 AND t.id = c.term_id AND t.academic_year_id = \(Self.year)
            WHERE c.school_id = $1 AND c.student_id = \(Self.student) \(seenDay("t.ends_on"))
            ORDER BY t.starts_on
            """)
    }

    private static let student = StudentGate.student
    private static let year = StudentYear.year
}
