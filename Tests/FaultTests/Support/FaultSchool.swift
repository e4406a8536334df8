import Postgres

/// What the load reads and writes: a journal of the demo teacher and the diaries of its students.
struct FaultSchool: Sendable {
    struct Cell: Sendable, Hashable {
        let lesson: String
        let student: String
    }

    let section: String
    /// Editable lessons, the last one first, each with its students.
    let lessons: [(id: String, students: [String])]
    let students: [String]

    var journal: String { "/v1/sections/\(section)/journal" }
    func diary(_ student: String) -> String { "/v1/students/\(student)/diary" }

    /// - Parameter index: 0 is the section of 7А; others are the teacher's other sections.
    init(_ database: PrivatePostgres, section index: Int = 0) throws {
        let connection = try database.owner()
        let sections = try connection.query(
            """
            SELECT s.id FROM sections s
            JOIN section_teachers t ON t.school_id = s.school_id AND t.section_id = s.id AND t.ends_on IS NULL
            JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id AND u.login = 'teacher'
            JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
            LEFT JOIN classes c ON c.school_id = s.school_id AND c.group_id = s.group_id
            WHERE s.grading = 'marks' AND g.grade_level > 2
            ORDER BY c.name IS DISTINCT FROM '7А', s.hours_per_week DESC, s.id
            """
        ).rows.compactMap { $0[0] }
        guard sections.count > index else { throw Failure("the teacher has \(sections.count) sections") }
        section = sections[index]
        lessons = try Self.lessons(of: section, connection)
        guard let first = lessons.first else { throw Failure("no lessons that can be edited") }
        students = first.students
    }

    private static func lessons(
        of section: String, _ connection: BlockingConnection
    ) throws -> [(id: String, students: [String])] {
        let rows = try connection.query(
            """
            SELECT l.id, m.student_id FROM lessons l
            JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
            JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id
                AND l.date BETWEEN m.starts_on AND coalesce(m.ends_on, 'infinity')
            JOIN section_teachers t ON t.school_id = s.school_id AND t.section_id = s.id AND t.ends_on IS NULL
            JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id AND u.login = 'teacher'
            WHERE l.section_id = $1 AND l.state = 'held' AND l.teacher_id = t.teacher_id
                AND l.date BETWEEN '\(DemoCluster.today)'::date - 3 AND '\(DemoCluster.today)'::date
                AND NOT EXISTS (
                    SELECT FROM attendance a
                    WHERE a.school_id = l.school_id AND a.lesson_id = l.id AND a.student_id = m.student_id
                )
            ORDER BY l.date DESC, l.starts_at DESC, l.id, m.student_id
            """, [section]
        ).rows
        var lessons: [(id: String, students: [String])] = []
        for row in rows {
            if lessons.last?.id != row[0] { lessons.append((row[0]!, [])) }
            lessons[lessons.count - 1].students.append(row[1]!)
        }
        return lessons
    }

    /// Cells for `count` writers, none shared: each writer has some students of one lesson.
    func shares(_ count: Int, cells: Int = 2) -> [[Cell]] {
        let shares = lessons.flatMap { lesson in
            stride(from: 0, to: lesson.students.count - cells + 1, by: cells).map { start in
                lesson.students[start..<start + cells].map { Cell(lesson: lesson.id, student: $0) }
            }
        }
        precondition(shares.count >= count, "\(shares.count) shares of cells for \(count) writers")
        return Array(shares.prefix(count))
    }
}
