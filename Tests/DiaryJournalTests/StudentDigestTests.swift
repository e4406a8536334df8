import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `GET /v1/students/{id}/digest`: a week with figures worked out by hand (M12, T3, A1).
@Suite(.serialized) struct StudentDigestTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let parent: TestClient
    let owner: BlockingConnection

    /// The tests write moments that the rules would set.
    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        parent = try server.client("parent")
        owner = try server.owner()
        try owner.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
    }

    private func digest(_ day: String? = nil, of student: String? = nil) throws -> JSONValue {
        let answer = try parent.get(
            "/v1/students/\(student ?? ids.child)/digest\(day.map { "?week=\($0)" } ?? "")")
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    private func write(_ sql: String, _ parameters: [String?] = []) throws {
        for table in ["marks", "feedback", "conduct_notes"] {
            try owner.execute("ALTER TABLE \(table) DISABLE TRIGGER USER")
        }
        defer {
            for table in ["marks", "feedback", "conduct_notes"] {
                try? owner.execute("ALTER TABLE \(table) ENABLE TRIGGER USER")
            }
        }
        try owner.query(sql, [String(ids.school)] + parameters)
    }

    /// The child's marks in the section, by id.
    private func marks() throws -> [String] {
        try owner.query(
            """
            SELECT k.id FROM marks k
            JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id AND i.deleted_at IS NULL
            WHERE k.school_id = $1 AND k.student_id = $2 AND i.section_id = $3 AND k.kind IS NOT NULL ORDER BY k.id
            """, [String(ids.school), ids.child, ids.section]
        ).rows.compactMap { $0[0] }
    }

    @Test func theWeekBeginsOnMondayAtTheSchool() throws {
        for day in ["2025-11-10", "2025-11-13", "2025-11-16"] {
            let week = try digest(day)
            #expect(week["from"]?.string == "2025-11-10")
            #expect(week["to"]?.string == "2025-11-16")
        }
        #expect(try digest()["from"]?.string == "2025-11-17")
        let malformed = try parent.get("/v1/students/\(ids.child)/digest?week=2025-W46")
        #expect(malformed.status == 400)
    }

    /// The school's offset is +05:00.
    @Test func m12_marksBelongToTheWeekInWhichTheFamilyLearntOfThem() throws {
        let found = try marks()
        try #require(found.count >= 7)
        try write(
            """
            UPDATE marks SET published_at = '2025-09-01', changed_at = '2025-09-01'
            WHERE school_id = $1 AND student_id = $2
            """, [ids.child])
        let moments: [(published: String?, changed: String)] = [
            ("2025-11-10 00:00+05", "2025-11-10 00:00+05"),  // Monday, midnight
            ("2025-11-09 23:59+05", "2025-11-09 23:59+05"),  // the week before
            ("2025-09-01", "2025-11-16 23:59+05"),  // changed on Sunday
            (nil, "2025-11-12 10:00+05"),  // held back
            ("2025-11-17 00:00+05", "2025-11-17 00:00+05"),  // the week after
            ("2025-11-12 10:00+05", "2025-11-18 10:00+05"),  // changed again in the week after
            ("2999-01-01", "2025-11-12 10:00+05"),  // to be published
        ]
        for (mark, moment) in zip(found, moments) {
            try write(
                "UPDATE marks SET published_at = $3, changed_at = $4 WHERE school_id = $1 AND id = $2",
                [mark, moment.published, moment.changed])
        }
        func shown(_ week: JSONValue) -> [String: Bool?] {
            let all = (week["subjects"]?.array ?? []).flatMap { $0["marks"]?.array ?? [] }
            return Dictionary(uniqueKeysWithValues: all.map { ($0["id"]!.string!, $0["changed"]?.bool) })
        }
        #expect(shown(try digest("2025-11-12")) == [found[0]: false, found[2]: true, found[5]: false])
        #expect(shown(try digest("2025-11-09")) == [found[1]: false])
        #expect(shown(try digest("2025-11-19")) == [found[4]: false, found[5]: true])
    }

    /// Five students with one mark each, 5, 4, 4, 3 and 5 with the same weight: the mean is 21 / 5 = 4.2.
    @Test func a1_theAverageOfTheClassStandsForFiveStudents() throws {
        let subject = try #require(
            try owner.query("SELECT subject_id FROM sections WHERE id = $1", [ids.section]).first)
        let of = """
            UPDATE marks k SET published_at = NULL
            FROM line_items i JOIN sections s ON s.school_id = i.school_id AND s.id = i.section_id
            WHERE k.school_id = $1 AND i.school_id = $1 AND i.id = k.line_item_id AND s.subject_id = $2
            """
        try write(of, [subject])
        // One column of a lesson of the running term in which five students have marks, the child among them.
        let column = try #require(
            try owner.query(
                """
                SELECT i.id FROM line_items i
                JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
                JOIN terms t ON t.school_id = l.school_id AND l.date BETWEEN t.starts_on AND t.ends_on
                    AND lyceum.today() BETWEEN t.starts_on AND t.ends_on AND 7 = ANY (t.grade_levels)
                WHERE i.school_id = $1 AND i.section_id = $2 AND i.deleted_at IS NULL
                    AND EXISTS (SELECT FROM marks k WHERE k.school_id = $1 AND k.line_item_id = i.id AND k.student_id = $3)
                    AND (SELECT count(*) FROM marks k WHERE k.school_id = $1 AND k.line_item_id = i.id) >= 5
                ORDER BY l.date DESC LIMIT 1
                """, [String(ids.school), ids.section, ids.child]
            ).first, "no column of the running term has the child's mark and four others")
        let students = try owner.query(
            """
            SELECT student_id FROM marks WHERE school_id = $1 AND line_item_id = $2
            ORDER BY student_id <> $3, student_id LIMIT 5
            """, [String(ids.school), column, ids.child]
        ).rows.compactMap { $0[0] }
        for (student, number) in zip(students, [5, 4, 4, 3, 5]) {
            try write(
                """
                UPDATE marks SET kind = 'number', number = $4, code = NULL, due_on = NULL, published_at = '2025-09-01'
                WHERE school_id = $1 AND line_item_id = $2 AND student_id = $3
                """, [column, student, String(number)])
        }
        func averages() throws -> [String?] {
            let found = try digest()["subjects"]?.array.first { $0["id"]?.string == subject }
            return ["average", "class_average"].map {
                if case .number(let text)? = found?[$0] { text } else { nil }
            }
        }
        #expect(try averages() == ["5.00", "4.20"])
        try write(
            "UPDATE marks SET published_at = NULL WHERE school_id = $1 AND line_item_id = $2 AND student_id = $3",
            [column, students[4]])
        #expect(try averages() == ["5.00", nil])
    }

    /// Monday: all six lessons missed, four ill and two absent. Wednesday: late once.
    @Test func t3_absencesByMeaning() throws {
        func lessons(_ date: String) throws -> [String] {
            try owner.query(
                """
                SELECT l.id FROM lessons l
                JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
                JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id AND m.student_id = $2
                    AND m.starts_on <= l.date AND coalesce(m.ends_on, 'infinity') >= l.date
                WHERE l.school_id = $1 AND l.date = $3 AND l.state <> 'cancelled' ORDER BY l.starts_at, l.id
                """, [String(ids.school), ids.child, date]
            ).rows.compactMap { $0[0] }
        }
        let week = try (10...14).map { try lessons("2025-11-\($0)") }
        try #require(week[0].count == 6 && week[2].count == 7)
        let all = "{\(week.flatMap { $0 }.joined(separator: ","))}"
        try owner.query("DELETE FROM attendance WHERE student_id = $1 AND lesson_id = ANY ($2)", [ids.child, all])
        try owner.query(
            "UPDATE lessons SET state = 'held', attendance_taken_at = now() WHERE id = ANY ($1)", [all])
        let records =
            week[0].enumerated().map { ($1, $0 < 4 ? "ill" : "absent") } + [(week[2][0], "late")]
        for (lesson, meaning) in records {
            try owner.query(
                """
                INSERT INTO attendance (school_id, id, lesson_id, student_id, meaning)
                VALUES ($1, gen_random_uuid(), $2, $3, $4)
                """, [String(ids.school), lesson, ids.child, meaning])
        }
        let answer = try digest("2025-11-12")
        let days = answer["attendance"]?["days"]
        #expect([days?["count"]?.int, days?["missed"]?.int, days?["ill"]?.int, days?["absent"]?.int] == [5, 1, 1, 0])
        let counts = answer["attendance"]?["lessons"]
        #expect(
            [counts?["missed"]?.int, counts?["ill"]?.int, counts?["absent"]?.int, counts?["late"]?.int] == [6, 4, 2, 1])
        let absences = answer["absences"]?.array ?? []
        #expect(absences.map { $0["date"]?.string } == ["2025-11-10", "2025-11-12"])
        #expect(absences.map { $0["missed"]?.bool } == [true, false])
        #expect(absences.map { $0["meaning"]?.string } == ["ill", nil])
        #expect(absences.map { $0["lessons"]?.array.map { $0["lesson_id"]?.string } } == [week[0], [week[2][0]]])
    }

    /// Today is the 19th: what was due on the 17th and is not done is overdue, what is due on the 21st is not.
    @Test func h2_homeworkDoneNotDoneAndOverdue() throws {
        try owner.execute("ALTER TABLE homework DISABLE TRIGGER USER")
        defer { try? owner.execute("ALTER TABLE homework ENABLE TRIGGER USER") }
        try owner.query("UPDATE homework SET deleted_at = now() WHERE school_id = $1", [String(ids.school)])
        let lessons = try owner.query(
            """
            SELECT id FROM lessons WHERE school_id = $1 AND section_id = $2 AND date < '2025-11-17' AND state = 'held'
            ORDER BY date DESC LIMIT 3
            """, [String(ids.school), ids.section]
        ).rows.compactMap { $0[0] }
        var given: [String] = []
        for (lesson, due) in zip(lessons, ["2025-11-17", "2025-11-18", "2025-11-21"]) {
            given.append(
                try #require(
                    try owner.query(
                        """
                        INSERT INTO homework (school_id, id, lesson_id, section_id, text, due_on)
                        VALUES ($1, gen_random_uuid(), $2, $3, 'Упражнение', $4) RETURNING id
                        """, [String(ids.school), lesson, ids.section, due]
                    ).first))
        }
        try owner.query(
            "INSERT INTO homework_completions (school_id, homework_id, student_id) VALUES ($1, $2, $3)",
            [String(ids.school), given[1], ids.child])
        let homework = try digest()["homework"]
        #expect([homework?["done"]?.int, homework?["not_done"]?.int, homework?["overdue"]?.int] == [1, 1, 1])
        #expect(homework?["items"]?.array.map { $0["id"]?.string } == given)
        #expect(homework?["items"]?.array.map { $0["status"]?.string } == ["overdue", "done", "not_done"])
    }

    @Test func m12_feedbackAndConductNotesOfTheWeek() throws {
        for (text, moment) in [("Сейчас", "2025-11-12 10:00+05"), ("Раньше", "2025-11-02 10:00+05"), ("Скрыто", nil)] {
            try write(
                """
                INSERT INTO feedback (school_id, id, student_id, section_id, text, published_at, created_at, changed_at)
                VALUES ($1, gen_random_uuid(), $2, $3, $4, $5, '2025-11-02', coalesce($5::timestamptz, '2025-11-12'))
                """, [ids.child, ids.section, text, moment])
            try write(
                """
                INSERT INTO conduct_notes (school_id, id, student_id, date, kind, text, published_at, changed_at)
                VALUES ($1, gen_random_uuid(), $2, '2025-11-01', 'praise', $3, $4, coalesce($4::timestamptz, '2025-11-12'))
                """, [ids.child, text, moment])
        }
        let week = try digest("2025-11-12")
        let texts = ["Сейчас", "Раньше", "Скрыто"]
        for list in ["feedback", "conduct_notes"] {
            let shown = week[list]?.array.compactMap { $0["text"]?.string }.filter { texts.contains($0) }
            #expect(shown == ["Сейчас"], "\(list)")
        }
    }

    @Test func c2_announcementsToTheGuardiansOfTheClass() throws {
        try owner.execute("ALTER TABLE announcements DISABLE TRIGGER USER")
        defer { try? owner.execute("ALTER TABLE announcements ENABLE TRIGGER USER") }
        let rows = [
            ("Собрание", "guardians/class/\(ids.class7A)", "2025-11-12 10:00+05", nil),
            ("Ученикам", "students/class/\(ids.class7A)", "2025-11-12 10:00+05", nil),
            ("Чужой класс", "guardians/class/\(ids.otherClass)", "2025-11-12 10:00+05", nil),
            ("Отменено", "guardians/class/\(ids.class7A)", "2025-11-12 10:00+05", "2025-11-12 11:00+05"),
            ("Раньше", "guardians/class/\(ids.class7A)", "2025-11-09 23:59+05", nil),
        ]
        for (title, audience, starts, withdrawn) in rows {
            try owner.query(
                """
                INSERT INTO announcements (school_id, id, author_id, title, text, audience, starts_at, withdrawn_at)
                SELECT school_id, gen_random_uuid(), id, $2, 'Текст', ARRAY[$3], $4, $5
                FROM users WHERE school_id = $1 AND login = 'teacher'
                """, [String(ids.school), title, audience, starts, withdrawn])
        }
        let shown = try digest("2025-11-12")["announcements"]?.array.compactMap { $0["title"]?.string } ?? []
        #expect(shown.filter { title in rows.contains { $0.0 == title } } == ["Собрание"])
    }

    @Test func m1_aFirstGraderHasADigestWithoutMarks() throws {
        let week = try digest("2025-11-12", of: ids.firstGrader)
        let subjects = week["subjects"]?.array ?? []
        #expect(!subjects.isEmpty)
        #expect(subjects.allSatisfy { $0["marks"]?.array.isEmpty == true && $0["average"]?.isNull == true })
    }

    @Test func a1_theClassTeacherReadsTheOwnClassOnly() throws {
        #expect(try server.client("teacher").get("/v1/students/\(ids.child)/digest").status == 200)
        #expect(try server.client("teacher").get("/v1/students/\(ids.firstGrader)/digest").status == 404)
    }
}
