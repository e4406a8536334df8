import Diary
import Postgres
import Web

/// The signed-in person, with the data for an app's first screen.
package enum Me {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/me", "getMe", access: .signedIn, show)
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let school = Parameter.integer(caller.school.id)
        let person: [Parameter] = [school, .text(caller.user)]
        let user = Query(statement: user, parameters: person)
        return try await Answer(capacity: 4 * 1024) {
            Gate(user, else: .invalidToken)
            Object("user", user)
            Object("school", ownSchool(school))
            Fields(Query(statement: roles, parameters: person))
            List("children", Query(statement: children, parameters: person))
            Object("student", Query(statement: student, parameters: person))
            List("classes", Query(statement: classes, parameters: person))
            List("sections", Query(statement: sections, parameters: person))
            Object("academic_year", year(school)) {
                List("terms", terms(school))
            }
            Fields(today())
        }.tagged(
            for: caller,
            Keeping("getMe", .person(caller.user), standing: Query(statement: standing, parameters: person)))
    }

    private static let standing = KeptAnswers.standing(
        """
        VALUES ('person', $2::uuid), ('student', $2::uuid), ('school', lyceum.nobody())
        UNION ALL
        SELECT 'student', g.student_id FROM guardianships g WHERE g.school_id = $1 AND g.guardian_id = $2::uuid
        """)

    private static let user = Statement(
        """
        SELECT id, last_name, first_name, middle_name, login
        FROM users WHERE school_id = $1 AND id = $2::uuid AND state = 'active'
        """)

    private static let ownSchool = Statement("SELECT code, name, time_zone FROM schools WHERE id = $1")

    private static let roles = Statement("SELECT to_json(\(Roles.held)) AS roles")

    /// Whether the student gets marks at present (M1).
    private static let hasMarks = """
        NOT lyceum.is_before_marks(
            c.grade_level, lyceum.today(),
            (
                SELECT y.second_half_starts_on FROM academic_years y
                WHERE y.school_id = c.school_id AND y.id = c.academic_year_id
            )
        ) AS marks
        """
    private static let ownClass = """
        LEFT JOIN enrollments e ON e.school_id = p.school_id AND e.student_id = p.id
            AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
        LEFT JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
        """

    private static let children = Statement(
        """
        SELECT p.id, p.last_name, p.first_name, p.middle_name, g.relation,
            c.id AS "class?.id", c.name AS "class?.name", c.grade_level AS "class?.grade_level", \(hasMarks)
        FROM guardianships g
        JOIN users p ON p.school_id = g.school_id AND p.id = g.student_id
        \(ownClass)
        WHERE g.school_id = $1 AND g.guardian_id = $2::uuid AND g.access = 'full'
            AND lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
        ORDER BY c.grade_level DESC NULLS LAST, p.last_name, p.first_name, p.id
        """)

    private static let student = Statement(
        """
        SELECT p.id, c.id AS "class?.id", c.name AS "class?.name", c.grade_level AS "class?.grade_level", \(hasMarks)
        FROM students p
        \(ownClass)
        WHERE p.school_id = $1 AND p.id = $2::uuid
        """)

    private static let classes = Statement(
        """
        SELECT c.id, c.name, c.grade_level
        FROM class_teachers t
        JOIN classes c ON c.school_id = t.school_id AND c.id = t.class_id
        WHERE t.school_id = $1 AND t.teacher_id = $2::uuid
            AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
        ORDER BY c.grade_level, c.name
        """)

    private static let sections = Statement(
        """
        SELECT s.id, s.name, j.id AS "subject.id", j.name AS "subject.name", g.id AS "group.id", g.name AS "group.name",
            t.role
        FROM section_teachers t
        JOIN sections s ON s.school_id = t.school_id AND s.id = t.section_id AND s.archived_at IS NULL
        JOIN subjects j ON j.school_id = s.school_id AND j.id = s.subject_id
        JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
        WHERE t.school_id = $1 AND t.teacher_id = $2::uuid AND s.academic_year_id = \(SharedSQL.currentYear)
            AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
        ORDER BY g.grade_level, s.name, s.id
        """)

    private static let year = Statement(
        """
        SELECT y.id, y.name, y.starts_on, y.ends_on
        FROM academic_years y WHERE y.school_id = $1 AND y.id = \(SharedSQL.currentYear)
        """)

    private static let terms = Statement(
        """
        SELECT t.id, t.kind, t.ordinal, t.name, t.starts_on, t.ends_on, t.marks_close_on,
            to_json(t.grade_levels) AS grade_levels
        FROM terms t WHERE t.school_id = $1 AND t.academic_year_id = \(SharedSQL.currentYear)
        ORDER BY t.starts_on, t.kind, t.id
        """)

    private static let today = Statement("SELECT lyceum.today() AS today")
}
