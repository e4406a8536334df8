import Postgres

/// The rows of the demo school that the storm changes and reads.
struct StormSchool: Sendable {
    let journal: String
    let section: String
    let students: [String]
    /// Lessons of this week, in which the students have no absence.
    let lessons: [String]
    let parent: String
    /// The guardianships of the parent, one for each student.
    let guardianships: [String]
    /// Somebody else of the class, and the class to move to.
    let mover: String
    let otherClass: String
    let subject: String
    let room: String
    let category: String
    let ownClass: String
    let term: String
    let teacher: String

    /// Gives the demo parent some more children.
    init(_ database: PrivatePostgres, students count: Int = 8) throws {
        let school = try FaultSchool(database)
        let owner = try database.owner()
        func one(_ sql: String, _ parameters: [String]) throws -> String {
            guard let value = try owner.query(sql, parameters).first else { throw Failure("nothing: \(sql)") }
            return value
        }
        guard school.lessons.count > 1 else { throw Failure("one lesson only") }
        journal = school.journal
        section = school.section
        lessons = Array(school.lessons.prefix(2).map { $0.id })
        let both = school.lessons[0].students.filter { school.lessons[1].students.contains($0) }
        guard both.count > count else { throw Failure("\(both.count) students only") }
        students = Array(both.prefix(count))
        mover = both[count]
        parent = try one("SELECT id FROM users WHERE login = 'parent'", [])
        teacher = try one("SELECT id FROM users WHERE login = 'teacher'", [])
        for student in students {
            try owner.query(
                """
                INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, starts_on)
                SELECT s.school_id, gen_random_uuid(), $1, s.id, 'legal_guardian', '2025-09-01' FROM students s
                WHERE s.id = $2
                    AND NOT EXISTS (SELECT FROM guardianships g WHERE g.guardian_id = $1 AND g.student_id = $2)
                """, [parent, student])
        }
        let parent = parent
        guardianships = try students.map {
            try one("SELECT id FROM guardianships WHERE guardian_id = $1 AND student_id = $2", [parent, $0])
        }
        ownClass = try one(
            "SELECT class_id FROM enrollments WHERE student_id = $1 AND ends_on IS NULL", [mover])
        otherClass = try one(
            """
            SELECT o.id FROM classes c
            JOIN classes o ON o.school_id = c.school_id AND o.academic_year_id = c.academic_year_id AND o.id <> c.id
            WHERE c.id = $1 ORDER BY abs(o.grade_level - c.grade_level), o.name LIMIT 1
            """, [ownClass])
        subject = try one("SELECT subject_id FROM sections WHERE id = $1", [section])
        room = try one("SELECT room_id FROM lessons WHERE id = $1", [lessons[0]])
        category = try one("SELECT id FROM categories WHERE archived_at IS NULL ORDER BY position, name LIMIT 1", [])
        term = try one(
            """
            SELECT t.term_id FROM lyceum.section_terms t
            WHERE t.section_id = $1 AND '\(DemoCluster.today)' BETWEEN t.starts_on AND t.ends_on LIMIT 1
            """, [section])
    }

    func diary(_ student: String, _ days: String = "") -> String { "/v1/students/\(student)/diary\(days)" }
    func marks(_ student: String) -> String { "/v1/students/\(student)/marks?limit=50" }
    /// A week that has not begun.
    static let nextWeek = "?from=2025-11-24&to=2025-11-30"
}
