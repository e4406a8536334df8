import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `GET /v1/me/day` and `GET /v1/unfinished-lessons`: one screen, one call. It is noon in these tests.
@Suite(.serialized) struct MyDayTests {
    let server: TestServer
    let ids: DemoSchoolIDs

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
    }

    private func day(_ login: String, _ query: String = "") throws -> JSONValue {
        let answer = try server.client(login).get("/v1/me/day\(query)")
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    private func rows(_ sql: String, _ rest: String...) throws -> [[String?]] {
        try server.owner().query(sql, [String(ids.school)] + rest).rows
    }

    /// An owner who writes past the rules of these tables; the suite's database keeps it so.
    private func ownerPastTheRules(_ tables: String...) throws -> BlockingConnection {
        let owner = try server.owner()
        for table in tables { try owner.execute("ALTER TABLE \(table) DISABLE TRIGGER USER") }
        return owner
    }

    private func strings(_ list: JSONValue?, _ key: String) -> [String?] {
        (list?.array ?? []).map { $0[key]?.string }
    }

    @Test func A1_parentGetsBothChildrenAndTheirNextDay() throws {
        let day = try day("parent")
        #expect(day["date"]?.string == TestServer.today)
        #expect(strings(day["students"], "id") == [ids.child, ids.firstGrader])
        #expect(day["teaching"]?.array == [])
        #expect(day["classes"]?.array == [])
        #expect(day["school"] == .null)
        let child = try #require(day["students"]?[0])
        #expect(child["relation"]?.string == "mother")
        #expect(child["class"]?["name"]?.string == "7А")
        #expect(child["next_on"]?.string == "2025-11-20")
        let diary = try server.client("parent")
            .get("/v1/students/\(ids.child)/diary?from=\(TestServer.today)&to=2025-11-20").json
        #expect(child["lessons"]?.array.isEmpty == false)
        #expect(strings(child["lessons"], "id") == strings(diary["lessons"], "id"))
        #expect(child["lessons"]?[0]?["subject"] == diary["lessons"]?[0]?["subject"])
        let due = diary["homework_due"]?.array.map { $0["id"]?.string } ?? []
        #expect(!due.isEmpty)
        #expect(due.allSatisfy { strings(child["homework"], "id").contains($0) })
        // M1: the child in grade 1 has lessons and no marks.
        #expect(day["students"]?[1]?["lessons"]?.array.isEmpty == false)
        #expect(day["students"]?[1]?["marks"]?.array == [])
    }

    /// On Friday the next day with lessons is not Saturday; in the holidays there is none within two weeks, or one after
    /// them.
    @Test(arguments: [("2025-11-21", "2025-11-24"), ("2025-10-24", "2025-11-05"), ("2026-06-01", nil)])
    func nextDayIsADayWithLessons(_ date: String, _ next: String?) throws {
        let found = try rows(
            """
            SELECT min(l.date) FROM lessons l
            JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
            JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id AND m.student_id = $2
            WHERE l.school_id = $1 AND l.state <> 'cancelled' AND l.date > $3::date AND l.date <= $3::date + 14
                AND l.date BETWEEN m.starts_on AND coalesce(m.ends_on, 'infinity')
            """, ids.child, date)[0][0]
        let day = try day("parent", "?date=\(date)")
        #expect(day["students"]?[0]?["next_on"]?.string == found)
        if next == nil { #expect(found == nil) } else { #expect(found != nil) }
    }

    @Test func studentGetsTheOwnDay() throws {
        let me = try server.client("student").get("/v1/me").json["user"]?["id"]?.string
        let day = try day("student")
        #expect(strings(day["students"], "id") == [me])
        #expect(day["students"]?[0]?["relation"] == .null)
    }

    /// A3: access ends at once.
    @Test func A3_childWithoutAccessIsGone() throws {
        let guardianship = try rows(
            """
            UPDATE guardianships g SET access = 'none'
            FROM users u
            WHERE g.school_id = $1 AND u.school_id = g.school_id AND u.id = g.guardian_id AND u.login = 'parent'
                AND g.student_id = $2
            RETURNING g.id
            """, ids.firstGrader)[0][0]!
        #expect(strings(try day("parent")["students"], "id") == [ids.child])
        _ = try rows(
            "UPDATE guardianships SET access = 'full' WHERE school_id = $1 AND id = $2", guardianship)
        #expect(strings(try day("parent")["students"], "id") == [ids.child, ids.firstGrader])
    }

    /// M12: a mark that is held back is not there before its time.
    @Test func M12_newMarksArePublished() throws {
        func mark() throws -> String? {
            try day("parent")["students"]?[0]?["marks"]?.array.first { $0["id"]?.string == ids.mark }?["id"]?.string
        }
        let touch = """
            UPDATE marks SET comment = 'Новая', published_at = $3::timestamptz,
                changed_at = '2025-11-19 05:00:00Z'
            WHERE school_id = $1 AND id = $2
            """
        let owner = try ownerPastTheRules("marks")
        try owner.query(touch, [String(ids.school), ids.mark, "2025-11-19 05:00:00Z"])
        #expect(try mark() == ids.mark)
        try owner.query(touch, [String(ids.school), ids.mark, "2199-01-01 00:00:00Z"])
        #expect(try mark() == nil)
        // What was written long ago is new when it is published.
        try owner.query(
            "UPDATE marks SET published_at = '2025-11-19 05:00:00Z', changed_at = '2025-11-10 05:00:00Z' WHERE id = $1",
            [ids.mark])
        #expect(try mark() == ids.mark)
        try owner.query(touch, [String(ids.school), ids.mark, "2025-11-19 05:00:00Z"])
    }

    @Test func M12_feedbackIsNewWhenItIsPublished() throws {
        let owner = try ownerPastTheRules("feedback")
        let feedback = try #require(
            try owner.query(
                """
                INSERT INTO feedback (school_id, id, student_id, section_id, lesson_id, text, created_at, published_at)
                SELECT school_id, gen_random_uuid(), $2, section_id, id, 'Старается', '2025-11-10 05:00:00Z', $4::timestamptz
                FROM lessons WHERE school_id = $1 AND id = $3
                ON CONFLICT (school_id, lesson_id, student_id) DO UPDATE
                SET deleted_at = NULL, created_at = excluded.created_at, published_at = excluded.published_at
                RETURNING id
                """, [String(ids.school), ids.child, ids.lesson, "2025-11-19 05:00:00Z"]
            ).first)
        func isShown() throws -> Bool {
            try day("parent")["students"]?[0]?["feedback"]?.array.contains { $0["id"]?.string == feedback } == true
        }
        #expect(try isShown())
        try owner.query("UPDATE feedback SET published_at = '2025-11-10 05:00:00Z' WHERE id = $1", [feedback])
        #expect(try !isShown())
    }

    @Test func L4_teacherSeesWhatIsMissingInLessonsThatHaveEnded() throws {
        let day = try day("teacher")
        #expect(day["students"]?.array == [])
        let lessons = try rows(
            """
            SELECT l.id, l.ends_at <= '12:00' AND l.state <> 'cancelled', l.topic IS NULL, l.attendance_taken_at IS NULL
            FROM lessons l JOIN users u ON u.school_id = l.school_id AND u.login = 'teacher'
            WHERE l.school_id = $1 AND l.date = $2::date AND (
                l.teacher_id = u.id OR EXISTS (
                    SELECT FROM section_teachers t
                    WHERE t.school_id = l.school_id AND t.section_id = l.section_id AND t.teacher_id = u.id
                        AND l.date BETWEEN t.starts_on AND coalesce(t.ends_on, 'infinity')
                )
            )
            ORDER BY l.starts_at, l.id
            """, TestServer.today)
        #expect(!lessons.isEmpty)
        #expect(strings(day["teaching"], "id") == lessons.map { $0[0] })
        for (lesson, row) in zip(day["teaching"]?.array ?? [], lessons) {
            let missing = lesson["missing"]?.array.compactMap { $0.string } ?? []
            #expect(missing.contains("topic") == (row[1] == "t" && row[2] == "t"))
            #expect(missing.contains("attendance") == (row[1] == "t" && row[3] == "t"))
        }
    }

    /// A lesson of yesterday loses its topic, its roll and its homework, and gets the word that there is none.
    @Test func L4_unfinishedLessonsNameWhatIsMissing() throws {
        let lesson = try rows(
            """
            SELECT l.id, l.section_id, l.teacher_id, l.date FROM lessons l
            JOIN users u ON u.school_id = l.school_id AND u.id = l.teacher_id AND u.login = 'teacher'
            WHERE l.school_id = $1 AND l.state = 'held' AND l.date < $2::date AND l.topic IS NOT NULL
                AND l.attendance_taken_at IS NOT NULL
                AND EXISTS (SELECT FROM homework h WHERE h.school_id = l.school_id AND h.lesson_id = l.id)
            ORDER BY l.date DESC, l.starts_at DESC LIMIT 1
            """, TestServer.today)[0]
        func missing() throws -> [String]? {
            let day = try day("teacher")
            let own = day["unfinished"]?.array.first { $0["id"]?.string == lesson[0] }?["missing"]?.array
            let teacher = try server.client("deputy")
                .get("/v1/unfinished-lessons?from=\(lesson[3]!)&to=\(lesson[3]!)&teacher_id=\(lesson[2]!)").json
            let listed = teacher["teachers"]?[0]?["lessons"]?.array.first { $0["id"]?.string == lesson[0] }?["missing"]
            #expect(own == listed?.array)
            return own?.compactMap { $0.string }
        }
        #expect(try missing() == nil)
        let owner = try ownerPastTheRules("lessons", "homework")
        func set(_ change: String) throws {
            try owner.query(
                "UPDATE lessons SET \(change) WHERE school_id = $1 AND id = $2", [String(ids.school), lesson[0]])
        }
        try set("topic = NULL, attendance_taken_at = NULL")
        #expect(try missing() == ["topic", "attendance"])
        try owner.query(
            "UPDATE homework SET deleted_at = now() WHERE school_id = $1 AND lesson_id = $2",
            [String(ids.school), lesson[0]])
        #expect(try missing() == ["topic", "homework", "attendance"])
        try set("no_homework = true, topic = 'Повторение'")
        #expect(try missing() == ["attendance"])
        try set("state = 'cancelled'")
        #expect(try missing() == nil)
        try set("state = 'held', no_homework = false, attendance_taken_at = now()")
        try owner.query(
            "UPDATE homework SET deleted_at = NULL WHERE school_id = $1 AND lesson_id = $2",
            [String(ids.school), lesson[0]])
        #expect(try missing() == nil)
    }

    @Test func T2_classTeacherSeesWhoIsAbsent() throws {
        let path = "?date=2025-11-18"
        let before = try #require(try day("teacher", path)["classes"]?.array.first)
        #expect(before["name"]?.string == "7А")
        #expect(before["students"]?.int == 26 || before["students"]?.int == 25)
        let expected = try rows(
            """
            SELECT a.student_id, count(*), min(l.slot)
            FROM attendance a
            JOIN lessons l ON l.school_id = a.school_id AND l.id = a.lesson_id AND l.date = '2025-11-18'
            JOIN enrollments e ON e.school_id = a.school_id AND e.student_id = a.student_id AND e.class_id = $2
                AND l.date BETWEEN e.starts_on AND coalesce(e.ends_on, 'infinity')
            WHERE a.school_id = $1 AND coalesce(a.decided_meaning, a.meaning) NOT IN ('late')
            GROUP BY 1 ORDER BY 1
            """, ids.class7A)
        let absent = before["absent"]?.array ?? []
        let found = absent.map {
            [$0["student"]?["id"]?.string, "\($0["lessons"]?.int ?? -1)", "\($0["first_slot"]?.int ?? -1)"]
        }
        #expect(found.sorted { $0[0]! < $1[0]! } == expected)
    }

    /// L4: who never opens the journal reads 0 %: all due lessons of such a teacher are named.
    @Test func L4_deputySeesTheWholeSchool() throws {
        let school = try #require(try day("deputy")["school"])
        let counted = try rows(
            """
            SELECT count(*), count(*) FILTER (WHERE l.ends_at <= '12:00'),
                count(*) FILTER (WHERE l.ends_at <= '12:00' AND l.topic IS NULL),
                count(*) FILTER (WHERE l.ends_at <= '12:00' AND l.attendance_taken_at IS NULL),
                count(DISTINCT l.teacher_id) FILTER (WHERE l.ends_at <= '12:00')
            FROM lessons l WHERE l.school_id = $1 AND l.date = $2::date AND l.state <> 'cancelled'
            """, TestServer.today)[0]
        #expect(
            ["lessons", "due", "without_topic", "without_attendance", "teachers"].map { "\(school[$0]?.int ?? -1)" }
                == counted)
        let teachers = try server.client("deputy").get("/v1/unfinished-lessons").json["teachers"]?.array ?? []
        #expect(teachers.count == school["teachers_unfinished"]?.int)
        #expect(
            teachers.reduce(0) { $0 + ($1["without_topic"]?.int ?? 0) } == school["without_topic"]?.int)
        #expect(teachers.allSatisfy { $0["lessons"]?.array.count == $0["unfinished"]?.int })
        #expect(try day("head")["school"] != .null)
        #expect(try day("admin")["school"] == .null)
    }

    @Test func badParametersAreRefused() throws {
        let parent = try server.client("parent")
        #expect(try parent.get("/v1/me/day?date=2025-02-30").status == 400)
        #expect(try parent.get("/v1/me/day?day=1").status == 400)
        let deputy = try server.client("deputy")
        #expect(try deputy.get("/v1/unfinished-lessons?from=2025-11-01&to=2025-12-02").status == 400)
        #expect(try deputy.get("/v1/unfinished-lessons?from=2025-11-01").status == 400)
    }
}
