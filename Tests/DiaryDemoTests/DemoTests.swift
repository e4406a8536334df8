import Crypto
import Postgres
import TestSupport
import Testing

@testable import DiaryDemo

/// The promises of `lyceum demo`. One small school, filled once per process for these tests.
@Suite struct DemoTests {
    private let connection: BlockingConnection

    init() throws { connection = try BlockingConnection(url: Self.filled.get().ownerURL) }

    /// In the second half of the year: finals of two quarters and of a semester, marks in grade 2.
    private static let today = "2027-03-01"
    private static let demo = Demo(seed: 29, today: today, schools: 1, students: 550, years: 1)
    private static let filled = Result { try fill(demo) }

    private static func fill(_ demo: Demo) throws -> TestDatabase {
        let database = try TestDatabase(.migrated)
        _ = try demo.fill(BlockingConnection(url: database.ownerURL)) { _ in }
        return database
    }

    private func number(_ query: String) throws -> Int {
        Int(try connection.query(query).first ?? "") ?? -1
    }

    /// The database checks M1, M2, M3 and L1 itself; `fill` fails if it finds a violation.
    @Test func databaseFindsNothingWrong() throws {
        #expect(try number("SELECT count(*) FROM lyceum.check_lessons()") == 0)
        #expect(try number("SELECT count(*) FROM lyceum.check_marks()") == 0)
        #expect(try number("SELECT count(*) FROM lyceum.check_members()") == 0)
        #expect(
            try number(
                """
                SELECT count(*)
                FROM schools s
                CROSS JOIN LATERAL lyceum.timetable_collisions(
                    s.id, ARRAY(SELECT e.id FROM timetable_entries e WHERE e.school_id = s.id), '-infinity'
                )
                """) == 0)
    }

    @Test func seedDecidesEveryRow() throws {
        let databases = try [7, 7, 8].map { seed in
            try Self.fill(Demo(seed: seed, today: "2026-10-20", schools: 1, students: 100, years: 1))
        }
        for table in [
            "users", "sections", "timetable_entries", "lessons", "marks", "attendance", "feedback", "announcements",
            "threads",
            "messages", "contacts", "notifications",
        ] {
            let digests = try databases.map { database in
                try BlockingConnection(url: database.ownerURL).query(
                    """
                    SELECT md5(string_agg(
                        (to_jsonb(t) - '{password_hash,changed_at,changed_xid,made_in,xid}'::text[])::text, '' ORDER BY id))
                    FROM \(table) t
                    """
                ).first
            }
            #expect(digests[0] == digests[1], "\(table)")
            #expect(digests[0] != digests[2], "\(table)")
        }
    }

    @Test func refusesADatabaseWithASchool() throws {
        #expect(throws: Demo.Failure.notEmpty(school: "lyceum29")) { try Self.demo.fill(connection) { _ in } }
    }

    @Test func refusesADatabaseWithoutSchema() throws {
        let database = try TestDatabase(.empty)
        #expect(throws: Demo.Failure.notMigrated) {
            try Self.demo.fill(BlockingConnection(url: database.ownerURL)) { _ in }
        }
    }

    @Test(arguments: ["2026-02-30", "2026-2-3", "today", "", "1969-01-01"])
    func refusesInvalidDays(today: String) throws {
        #expect(throws: Demo.Failure.wrongDay(today)) {
            try Demo(seed: 1, today: today, schools: 1, students: 550, years: 1).fill(connection) { _ in }
        }
    }

    @Test func everyLoginHasThePassword() throws {
        let rows = try connection.query(
            """
            SELECT login, password_hash FROM users WHERE state = 'active' AND login NOT LIKE 'family-%' ORDER BY login
            """
        ).rows
        #expect(rows.map { $0[0] } == Demo.logins.sorted())
        let hash = try #require(rows[0][1])
        #expect(try PasswordHash.verify(Demo.password, against: hash).matches)
        #expect(Set(rows.map { $0[1] }).count == 1)
        let families = try connection.query("SELECT DISTINCT password_hash FROM users WHERE login LIKE 'family-%'").rows
        #expect(families.count == 1)
        #expect(try !PasswordHash.verify(Demo.password, against: #require(families[0][0])).matches)
    }

    @Test func parentHasAChildIn7AAndOneInGrade1() throws {
        let names = try connection.query(
            """
            SELECT c.name FROM users u
            JOIN lyceum.seen_students(u.school_id, u.id) s ON true
            JOIN enrollments e ON e.school_id = u.school_id AND e.student_id = s.student_id
            JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
            WHERE u.login = 'parent' ORDER BY 1
            """)
        #expect(names.rows == [["1А"], ["7А"]])
    }

    @Test func teacherLeads7A() throws {
        let query = """
            SELECT count(*) FROM users u
            JOIN class_teachers t ON t.school_id = u.school_id AND t.teacher_id = u.id
            JOIN classes c ON c.school_id = t.school_id AND c.id = t.class_id AND c.name = '7А'
            JOIN section_teachers st ON st.school_id = u.school_id AND st.teacher_id = u.id
            JOIN sections s ON s.school_id = st.school_id AND s.id = st.section_id AND s.group_id = c.group_id
            JOIN subjects b ON b.school_id = s.school_id AND b.id = s.subject_id AND b.name IN ('Алгебра', 'Геометрия')
            WHERE u.login = 'teacher'
            """
        #expect(try number(query) == 2)
    }

    /// M1: grade 1 has feedback and no marks.
    @Test func grade1HasNoMarks() throws {
        let students = """
            student_id IN (
                SELECT e.student_id FROM enrollments e JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
                WHERE c.grade_level = 1)
            """
        #expect(try number("SELECT count(*) FROM marks WHERE \(students)") == 0)
        #expect(try number("SELECT count(*) FROM final_marks WHERE \(students)") == 0)
        #expect(try number("SELECT count(*) FROM feedback WHERE \(students)") > 100)
    }

    /// M9: at most one control work in 17 days per subject, and one per day and class, but for the planted breach.
    @Test func controlWorksKeepTheirDistance() throws {
        let works = """
            FROM line_items i
            JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
            JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
            JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
            JOIN categories c ON c.school_id = i.school_id AND c.id = i.category_id AND c.is_control
            """
        #expect(try number("SELECT count(*) \(works)") > 100)
        let days = "SELECT count(*) AS n \(works) GROUP BY g.class_id, l.date"
        #expect(try number("SELECT count(*) FROM (\(days)) d WHERE n > 1") == 1)
        #expect(try number("SELECT max(n) FROM (\(days)) d") == 2)
        let gaps = "SELECT l.date - lag(l.date) OVER (PARTITION BY s.id ORDER BY l.date) AS days \(works)"
        #expect(try number("SELECT min(days) FROM (\(gaps)) g") >= 17)
    }

    /// M7: a final below the norm has a reason, unless three quarters of the lessons were missed.
    @Test func finalsHaveMarksBehindThem() throws {
        let query = """
            SELECT count(*) FROM (
                SELECT f.id, f.reason, t.kind, o.hours_per_week AS hours, count(m.id) AS marks
                FROM final_marks f
                JOIN terms t ON t.school_id = f.school_id AND t.id = f.term_id
                JOIN sections o ON o.school_id = f.school_id AND o.id = f.section_id
                LEFT JOIN (
                    marks m
                    JOIN line_items i ON i.school_id = m.school_id AND i.id = m.line_item_id
                    JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
                    JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
                ) ON m.school_id = f.school_id AND m.student_id = f.student_id AND m.kind = 'number'
                    AND s.subject_id = f.subject_id AND l.date BETWEEN t.starts_on AND t.ends_on
                WHERE f.kind = 'term' AND f.value_kind = 'number'
                GROUP BY f.id, f.reason, t.kind, o.hours_per_week
            ) f
            WHERE reason IS NULL AND marks <
                (CASE kind WHEN 'semester' THEN '{5,8,11}' ELSE '{3,5,7}' END::integer[])[least(hours, 3)::integer]
            """
        #expect(try number(query) == 0)
    }

    /// Plans of one subject for neighbouring grades share less than 5 % of their topics.
    @Test func topicsDifferByGrade() throws {
        let rows = try connection.query(
            """
            WITH topics AS (
                SELECT DISTINCT b.name AS subject, p.grade_level, t.title
                FROM curriculum_plans p
                JOIN subjects b ON b.school_id = p.school_id AND b.id = p.subject_id
                JOIN plan_topics t ON t.school_id = p.school_id AND t.plan_id = p.id
            ), counts AS (
                SELECT subject, grade_level, count(*) FROM topics GROUP BY subject, grade_level
            )
            SELECT c.subject || ' ' || c.grade_level, count(o.title) AS shared, least(c.count, n.count) AS topics
            FROM counts c
            JOIN counts n ON n.subject = c.subject AND n.grade_level = c.grade_level + 1
            LEFT JOIN (
                topics o JOIN topics p ON p.subject = o.subject AND p.title = o.title AND p.grade_level = o.grade_level + 1
            ) ON o.subject = c.subject AND o.grade_level = c.grade_level
            GROUP BY c.subject, c.grade_level, c.count, n.count
            """
        ).rows
        #expect(rows.count > 80)
        for row in rows {
            let (shared, topics) = (Double(row[1]!)!, Double(row[2]!)!)
            #expect(topics >= 10 && shared / topics < 0.05, "\(row)")
        }
    }

    /// SP 2.4.3648-20: times of lessons and shifts, breaks, and lessons a day. "Talks about important things" is no lesson.
    @Test(arguments: [
        (
            "lessons before 8:00 or after 19:00",
            "SELECT count(*) FROM lessons WHERE starts_at < '8:00' OR ends_at > '19:00'"
        ),
        (
            "breaks of less than 10 minutes",
            """
            SELECT count(*) FROM (
                SELECT starts_at - lag(ends_at) OVER (PARTITION BY bell_schedule_id ORDER BY slot) AS break FROM bell_slots
            ) b WHERE break < interval '10 minutes'
            """
        ),
        (
            "less than half an hour between shifts",
            """
            SELECT count(*) FROM bell_slots s JOIN bell_schedules b ON b.id = s.bell_schedule_id AND b.shift = 2
            WHERE s.starts_at < (
                SELECT max(f.ends_at) + interval '30 minutes' FROM bell_slots f
                JOIN bell_schedules c ON c.id = f.bell_schedule_id AND c.shift = 1)
            """
        ),
        (
            "grades 1, 5, 9 and 11 in the second shift",
            """
            SELECT count(*) FROM lessons l
            JOIN bell_schedules b ON b.id = l.bell_schedule_id AND b.shift = 2
            JOIN sections s ON s.id = l.section_id AND s.kind <> 'extracurricular'
            JOIN groups g ON g.id = s.group_id AND g.grade_level IN (1, 5, 9, 11)
            """
        ),
        (
            "too many lessons on a day",
            """
            SELECT count(*) FROM (\(lessonsOfDays)) d
            WHERE lessons > CASE
                WHEN grade_level = 1 AND date <= '2026-10-31' THEN 3
                WHEN grade_level = 1 THEN CASE WHEN date > '2026-12-31' AND has_sport THEN 5 ELSE 4 END
                WHEN grade_level <= 4 THEN 5 WHEN grade_level <= 6 THEN 6 ELSE 7 END
            """
        ),
        (
            "weeks of grade 1 with more than one day of five lessons",
            """
            SELECT count(*) FROM (
                SELECT class_id, date_trunc('week', date) FROM (\(lessonsOfDays)) d
                WHERE grade_level = 1 AND lessons = 5 GROUP BY 1, 2 HAVING count(*) > 1
            ) w
            """
        ),
        (
            "long lessons of grade 1",
            """
            SELECT count(*) FROM lessons l
            JOIN sections s ON s.id = l.section_id
            JOIN groups g ON g.id = s.group_id AND g.grade_level = 1
            WHERE l.ends_at - l.starts_at
                > CASE WHEN l.date <= '2026-12-31' THEN interval '35 minutes' ELSE interval '40 minutes' END
            """
        ),
        (
            "weekly hours over the limit",
            """
            SELECT count(*) FROM (
                SELECT c.id, c.grade_level, sum(s.hours) AS hours
                FROM classes c
                JOIN (
                    SELECT g.class_id, s.subject_id, max(s.hours_per_week) AS hours
                    FROM sections s JOIN groups g ON g.id = s.group_id
                    WHERE s.kind <> 'extracurricular' GROUP BY g.class_id, s.subject_id
                ) s ON s.class_id = c.id
                GROUP BY c.id, c.grade_level
            ) c WHERE hours > ('{21,23,23,23,29,30,32,33,33,34,34}'::integer[])[grade_level]
            """
        ),
    ])
    func sanitaryRulesAreKept(what: String, query: String) throws {
        #expect(try number(query) == 0, "\(what)")
    }

    private static let lessonsOfDays = """
        SELECT g.class_id, g.grade_level, l.date, count(DISTINCT l.starts_at) AS lessons, bool_or(b.is_physical) AS has_sport
        FROM lessons l
        JOIN sections s ON s.id = l.section_id AND s.kind <> 'extracurricular'
        JOIN subjects b ON b.id = s.subject_id
        JOIN groups g ON g.id = s.group_id
        WHERE l.state <> 'cancelled' AND g.class_id IS NOT NULL
        GROUP BY g.class_id, g.grade_level, l.date
        """

    /// Women have women's surnames: guardians, students and staff.
    @Test func womenHaveWomensSurnames() throws {
        let women = """
            SELECT u.last_name FROM users u
            LEFT JOIN students s ON s.id = u.id
            LEFT JOIN guardianships g ON g.guardian_id = u.id
            WHERE s.sex = 'female' OR g.relation = 'mother' OR u.middle_name LIKE '%вна' OR u.middle_name LIKE '%чна'
            """
        #expect(try number("SELECT count(*) FROM (\(women)) w") > 700)
        #expect(try number("SELECT count(*) FROM (\(women)) w WHERE last_name !~ '(ва|на|ая|ых|их)$'") == 0)
    }

    /// Nothing happens before its lesson or in the future.
    @Test(arguments: [
        (
            "marks before their lesson",
            """
            SELECT count(*) FROM marks m
            JOIN line_items i ON i.id = m.line_item_id
            JOIN lessons l ON l.id = i.lesson_id
            JOIN schools z ON z.id = l.school_id
            WHERE m.first_recorded_at < (l.date + l.starts_at) AT TIME ZONE z.time_zone
            """
        ),
        (
            "marks in the future",
            "SELECT count(*) FROM marks WHERE greatest(first_recorded_at, changed_at) > '2027-03-01'"
        ),
        (
            "homework due on a day without a lesson of the section",
            """
            SELECT count(*) FROM homework h WHERE h.due_on <= '2027-03-08' AND NOT EXISTS (
                SELECT FROM lessons l WHERE l.section_id = h.section_id AND l.date = h.due_on AND l.state <> 'cancelled')
            """
        ),
        (
            "homework of grade 1 (H1)",
            """
            SELECT count(*) FROM homework h JOIN sections s ON s.id = h.section_id
            JOIN groups g ON g.id = s.group_id AND g.grade_level = 1
            """
        ),
        (
            "talk that is not of the last week",
            """
            SELECT count(*) FROM (
                SELECT created_at AS at FROM notifications UNION ALL SELECT written_at FROM messages
                UNION ALL SELECT starts_at FROM announcements UNION ALL SELECT read_at FROM announcement_receipts
                UNION ALL SELECT read_at FROM thread_receipts UNION ALL SELECT created_at FROM contacts
                UNION ALL SELECT written_at FROM consultation_messages
            ) t WHERE at NOT BETWEEN '2027-02-21' AND '2027-03-01'
            """
        ),
        (
            "contacts of somebody who is not the class teacher",
            """
            SELECT count(*) FROM contacts c
            WHERE NOT lyceum.is_class_teacher(c.school_id, c.author_id, c.student_id, c.date)
            """
        ),
        (
            "unread messages that are not counted",
            """
            SELECT count(*) FROM thread_participants p WHERE p.unread <> (
                SELECT count(*) FROM messages m
                WHERE m.thread_id = p.thread_id AND m.sequence > p.read_sequence AND m.author_id <> p.person_id)
            """
        ),
        (
            "homework done before it was given",
            """
            SELECT count(*) FROM homework_completions c JOIN homework h ON h.id = c.homework_id
            WHERE c.done_at < h.first_recorded_at
            """
        ),
    ])
    func nothingIsOutOfOrder(what: String, query: String) throws {
        #expect(try number(query) == 0, "\(what)")
    }

    @Test(arguments: [
        ("a second shift", "SELECT count(*) FROM bell_schedules WHERE shift = 2"),
        ("subgroups", "SELECT count(*) FROM groups WHERE kind = 'part'"),
        ("a substitute", "SELECT count(*) FROM substitutions WHERE kind = 'replace'"),
        ("merged parts", "SELECT count(*) FROM substitutions WHERE kind = 'merge'"),
        ("a cancelled lesson", "SELECT count(*) FROM substitutions WHERE kind = 'cancel'"),
        ("a transfer", "SELECT count(*) FROM enrollments WHERE end_reason = 'Перевод в 7А'"),
        ("a pupil at home", "SELECT count(*) FROM enrollments WHERE NOT in_class_group"),
        ("their marks", "SELECT count(*) FROM sections s JOIN groups g ON g.id = s.group_id AND g.kind = 'individual'"),
        ("a guardian without access", "SELECT count(*) FROM guardianships WHERE access = 'none'"),
        ("a pass-fail section", "SELECT count(*) FROM sections WHERE grading = 'pass_fail'"),
        ("a club", "SELECT count(*) FROM sections WHERE kind = 'extracurricular' AND grading = 'none'"),
        ("a teacher who is a parent", "SELECT count(*) FROM staff s JOIN guardians g ON g.id = s.id"),
        ("a debt", "SELECT count(*) FROM marks WHERE code = 'owed'"),
        ("an answered message", "SELECT count(*) FROM threads WHERE last_number = 2"),
        ("an announcement that asks", "SELECT count(*) FROM announcement_receipts WHERE acknowledged_at IS NOT NULL"),
        ("a call that reached nobody", "SELECT count(*) FROM contacts WHERE outcome = 'not_reached'"),
        ("an open question", "SELECT count(*) FROM consultations WHERE state = 'open'"),
        ("an answered question", "SELECT count(*) FROM consultations WHERE state = 'answered'"),
        ("the last week's marks, told", "SELECT count(*) FROM notifications WHERE kind = 'mark' AND person_id IS NULL"),
        ("a corrected mark", "SELECT count(*) FROM mark_history WHERE version = 2"),
    ])
    func holds(what: String, query: String) throws {
        #expect(try number(query) > 0, "\(what)")
    }
}
