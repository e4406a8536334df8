import Postgres

/// Teachers beside those of the demo school. Each has a section with lessons that can be edited, and teaches the section
/// of a colleague together with them. All sections have the same students.
struct StaffRoom: Sendable {
    static let students = 25

    let teachers: Int
    /// The lessons of each teacher's section.
    let lessons: [[String]]
    let sections: [String]
    let students: [String]

    static func login(_ teacher: Int) -> String { "writer\(teacher)" }

    /// The other teacher of the pair, in whose section this one writes too.
    func colleague(of teacher: Int) -> Int { teacher ^ 1 }

    init(_ database: PrivatePostgres, teachers: Int, lessons count: Int) throws {
        precondition(teachers.isMultiple(of: 2))
        self.teachers = teachers
        let connection = try database.superuser()
        // The rules of timetables are not what is tested: the students have many lessons at the same time.
        try connection.execute("SET session_replication_role = replica")
        try connection.query(Self.people, [String(teachers)])
        try connection.query(Self.group, [String(Self.students)])
        try connection.query(Self.sections, [String(teachers)])
        try connection.query(Self.lessons, [String(teachers), String(count)])
        func list(_ sql: String) throws -> [String] { try connection.query(sql).rows.compactMap { $0[0] } }
        sections = try list("SELECT id FROM sections WHERE name LIKE 'writer%' ORDER BY substr(name, 7)::integer")
        students = try list(
            "SELECT student_id FROM group_members WHERE group_id = '\(Self.groupID)' ORDER BY student_id")
        let ids = try list(
            """
            SELECT l.id FROM lessons l JOIN sections s ON s.id = l.section_id AND s.name LIKE 'writer%'
            ORDER BY substr(s.name, 7)::integer, l.date
            """)
        self.lessons = stride(from: 0, to: ids.count, by: count).map { Array(ids[$0..<$0 + count]) }
        guard students.count == Self.students, self.lessons.count == teachers, sections.count == teachers else {
            throw Failure("\(students.count) students, \(sections.count) sections, \(ids.count) lessons")
        }
    }

    private static let groupID = "00000000-0000-7000-8000-00000000a001"

    /// With the password of the demo school.
    private static let people = """
        WITH made AS (
            INSERT INTO users (school_id, id, last_name, first_name, login, state, password_hash, activated_at)
            SELECT t.school_id, gen_random_uuid(), 'Учитель', 'Номер ' || n, 'writer' || n - 1, 'active', t.password_hash,
                t.activated_at
            FROM generate_series(1, $1) n CROSS JOIN users t WHERE t.login = 'teacher'
            RETURNING school_id, id
        ), staff AS (
            INSERT INTO staff (school_id, id) SELECT school_id, id FROM made
        )
        INSERT INTO user_roles (school_id, user_id, role) SELECT school_id, id, 'teacher' FROM made
        """

    private static let group = """
        WITH made AS (
            INSERT INTO groups (school_id, id, academic_year_id, kind, name, grade_level)
            SELECT school_id, '\(groupID)', id, 'cross', 'writers', 7 FROM academic_years
            RETURNING school_id, id
        )
        INSERT INTO group_members (school_id, id, group_id, student_id, starts_on)
        SELECT m.school_id, gen_random_uuid(), m.id, e.student_id, '2025-09-01'
        FROM made m
        CROSS JOIN LATERAL (
            SELECT e.student_id FROM enrollments e
            JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id AND c.grade_level BETWEEN 5 AND 9
            WHERE e.school_id = m.school_id AND e.starts_on = '2025-09-01' AND e.ends_on IS NULL
            ORDER BY e.student_id LIMIT $1
        ) e
        """

    private static let sections = """
        WITH made AS (
            INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name, hours_per_week)
            SELECT g.school_id, gen_random_uuid(), g.academic_year_id, b.id, g.id, 'writer' || n - 1, 3
            FROM generate_series(1, $1) n
            CROSS JOIN groups g
            JOIN subjects b ON b.school_id = g.school_id AND b.name = 'Алгебра'
            WHERE g.id = '\(groupID)'
            RETURNING school_id, id, substr(name, 7)::integer AS number
        )
        INSERT INTO section_teachers (school_id, id, section_id, teacher_id, role, starts_on)
        SELECT m.school_id, gen_random_uuid(), m.id, u.id, r.role, '2025-09-01'
        FROM made m
        CROSS JOIN (VALUES ('lead', 0), ('co', 1)) AS r (role, other)
        JOIN users u ON u.school_id = m.school_id AND u.login = 'writer' || (m.number # r.other)
        """

    /// On the days before today, all within the edit window.
    private static let lessons = """
        INSERT INTO lessons (
            school_id, id, section_id, date, slot, starts_at, ends_at, teacher_id, state, topic, exclusive_room)
        SELECT s.school_id, gen_random_uuid(), s.id, '\(DemoCluster.today)'::date - n, 1, '08:00', '08:40', u.id, 'held',
            'Повторение', false
        FROM sections s
        JOIN users u ON u.school_id = s.school_id AND u.login = s.name
        CROSS JOIN generate_series(1, $2) n
        WHERE s.name LIKE 'writer%' AND substr(s.name, 7)::integer < $1
        """
}
