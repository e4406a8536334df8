import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `GET /v1/students/{id}/diary`: a student's days as the family sees them.
@Suite(.serialized) struct StudentDiaryTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let parent: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        parent = try server.client("parent")
    }

    private func diary(_ client: TestClient, _ student: String, _ from: String, _ to: String) throws -> JSONValue {
        let answer = try client.get("/v1/students/\(student)/diary?from=\(from)&to=\(to)")
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    private func rows(_ sql: String, _ rest: String...) throws -> [[String?]] {
        try server.owner().query(sql, [String(ids.school)] + rest).rows
    }

    /// A connection as the owner, with the tests' day as today.
    private func ownerToday() throws -> BlockingConnection {
        let owner = try server.owner()
        try owner.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
        return owner
    }

    @Test func weekComesInOneRequestWithEverything() throws {
        let (from, to) = ("2025-11-10", "2025-11-16")
        let diary = try diary(parent, ids.child, from, to)
        #expect(diary["student"]?["id"]?.string == ids.child)
        #expect(diary["student"]?["class"]?["name"]?.string == "7А")
        #expect(diary["from"]?.string == from)
        #expect(diary["to"]?.string == to)
        let lessons = try #require(diary["lessons"]?.array)
        let expected = try rows(
            """
            SELECT l.id, j.name, l.topic, u.last_name, r.name,
                (SELECT count(*) FROM homework h
                 WHERE h.school_id = l.school_id AND h.lesson_id = l.id AND h.deleted_at IS NULL AND h.for_all),
                (SELECT count(*) FROM marks k JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id
                 WHERE k.school_id = l.school_id AND i.lesson_id = l.id AND k.student_id = $2 AND k.kind IS NOT NULL)
            FROM lessons l
            JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
            JOIN subjects j ON j.school_id = s.school_id AND j.id = s.subject_id
            LEFT JOIN users u ON u.school_id = l.school_id AND u.id = l.teacher_id
            LEFT JOIN rooms r ON r.school_id = l.school_id AND r.id = l.room_id
            WHERE l.school_id = $1 AND l.date BETWEEN $3 AND $4
                AND EXISTS (
                    SELECT FROM group_members m
                    WHERE m.school_id = s.school_id AND m.group_id = s.group_id AND m.student_id = $2
                        AND l.date >= m.starts_on AND l.date <= coalesce(m.ends_on, 'infinity')
                )
            ORDER BY l.date, l.starts_at, l.id
            """, ids.child, from, to)
        #expect(expected.count >= 25)
        #expect(lessons.map { $0["id"]?.string } == expected.map { $0[0] })
        #expect(lessons.map { $0["subject"]?["name"]?.string } == expected.map { $0[1] })
        #expect(lessons.map { $0["topic"]?.string } == expected.map { $0[2] })
        #expect(lessons.map { $0["teacher"]?["last_name"]?.string } == expected.map { $0[3] })
        #expect(lessons.map { $0["room"]?.string } == expected.map { $0[4] })
        #expect(lessons.map { String($0["homework"]!.array.count) } == expected.map { $0[5] })
        #expect(lessons.map { String($0["marks"]!.array.count) } == expected.map { $0[6] })
        #expect(lessons.contains { $0["topic"]?.string != nil })
        #expect(lessons.contains { !$0["homework"]!.array.isEmpty })
        #expect(lessons.contains { !$0["marks"]!.array.isEmpty })
        for lesson in lessons {
            let date = try #require(lesson["date"]?.string)
            #expect(lesson["starts_at"]?.string?.hasPrefix("\(date)T") == true)
            for mark in lesson["marks"]!.array {
                #expect(mark["value"]?["kind"]?.string != nil)
                #expect(mark["version"]?.int != nil)
            }
        }
        // Homework due in the week may have been set at any earlier lesson.
        let due = try #require(diary["homework_due"]?.array)
        #expect(!due.isEmpty)
        #expect(due.allSatisfy { $0["due_on"]!.string! >= from && $0["due_on"]!.string! <= to })
    }

    @Test func defaultDatesAreThisWeek() throws {
        let answer = try parent.get("/v1/students/\(ids.child)/diary")
        #expect(answer.json["from"]?.string == "2025-11-17")
        #expect(answer.json["to"]?.string == "2025-11-23")
        #expect(answer.json["lessons"]?.array.isEmpty == false)
        let again = try parent.get(
            "/v1/students/\(ids.child)/diary", headers: [("If-None-Match", try #require(answer["ETag"]))])
        #expect(again.status == 304)
        #expect(again.body.isEmpty)
    }

    @Test func A1_foreignStudentLooksLikeAMissingOne() throws {
        let student = try server.client("student")
        let unknown = "0198c5b4-55df-7528-980a-0eb04a0962ff"
        for (client, who) in [(parent, "parent"), (student, "student")] {
            for id in [ids.others[0], ids.stranger, "not-an-id"] {
                for path in ["diary", "marks"] {
                    let foreign = try client.get("/v1/students/\(id)/\(path)")
                    let missing = try client.get("/v1/students/\(unknown)/\(path)")
                    #expect(foreign.status == 404, "\(who) at \(path) of \(id)")
                    #expect(missing.status == 404)
                    #expect(foreign.json.keys == missing.json.keys)
                    #expect(foreign.json["status"]?.int == 404)
                    for key in ["code", "title", "detail", "type"] {
                        #expect(
                            foreign.json[key]?.string == missing.json[key]?.string, "\(key) of \(foreign.text)")
                    }
                    #expect(foreign["ETag"] == nil)
                }
            }
        }
    }

    @Test func M1_firstGraderHasFeedbackAndNoMarks() throws {
        let (from, to) = ("2025-10-08", "2025-11-18")
        let diary = try diary(parent, ids.firstGrader, from, to)
        let lessons = try #require(diary["lessons"]?.array)
        #expect(lessons.count > 80)
        #expect(lessons.allSatisfy { $0["marks"]?.array.isEmpty == true })
        let atLessons = lessons.flatMap { $0["feedback"]!.array }
        let expected = try rows(
            """
            SELECT f.id FROM feedback f JOIN lessons l ON l.school_id = f.school_id AND l.id = f.lesson_id
            WHERE f.school_id = $1 AND f.student_id = $2 AND l.date BETWEEN $3 AND $4 ORDER BY f.id
            """, ids.firstGrader, from, to
        ).map { $0[0] }
        #expect(!expected.isEmpty)
        #expect(atLessons.compactMap { $0["id"]?.string }.sorted() == expected)
        let ofTheTerm = try #require(diary["feedback"]?.array)
        #expect(!ofTheTerm.isEmpty)
        #expect((atLessons + ofTheTerm).allSatisfy { $0["text"]?.string?.isEmpty == false })
        #expect((atLessons + ofTheTerm).allSatisfy { $0["author"]?["last_name"]?.string != nil })
        // H1: no homework in grade 1.
        #expect(lessons.allSatisfy { $0["homework"]?.array.isEmpty == true })
        #expect(diary["homework_due"]?.array.isEmpty == true)
        let marks = try parent.get("/v1/students/\(ids.firstGrader)/marks?include=total")
        #expect(marks.json["total"]?.int == 0)
        #expect(marks.json["items"]?.array.isEmpty == true)
    }

    @Test func M12_unpublishedMarkIsInvisible() throws {
        let row = try #require(
            try rows(
                """
                SELECT k.id, l.date, l.id FROM marks k
                JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id
                JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
                WHERE k.school_id = $1 AND k.student_id = $2 AND k.kind IS NOT NULL AND k.published_at <= now()
                ORDER BY l.date DESC, k.id DESC LIMIT 1
                """, ids.child
            ).first)
        let (mark, date, lesson) = (row[0]!, row[1]!, row[2]!)
        func seen(_ client: TestClient) throws -> (diary: Bool, list: Bool, total: Int?, history: Int) {
            let lessons = try diary(client, ids.child, date, date)["lessons"]!.array
            let marks = lessons.first { $0["id"]?.string == lesson }?["marks"]?.array ?? []
            let list = try client.get("/v1/students/\(ids.child)/marks?include=total").json
            return (
                marks.contains { $0["id"]?.string == mark },
                list["items"]!.array.contains { $0["id"]?.string == mark }, list["total"]?.int,
                try client.get("/v1/marks/\(mark)/history").status
            )
        }
        let before = try seen(parent)
        #expect(before.diary && before.list && before.history == 200)

        let owner = try ownerToday()
        let hold = "UPDATE marks SET published_at = now() + $3::interval WHERE school_id = $1 AND id = $2"
        let ofMark = [String(ids.school), mark]
        defer { _ = try? owner.query(hold, ofMark + ["-1 minute"]) }
        try owner.query(hold, ofMark + ["1 day"])
        let held = try seen(parent)
        #expect(!held.diary)
        #expect(!held.list)
        #expect(held.total == before.total.map { $0 - 1 })
        #expect(held.history == 404)
        // The teacher sees it in the history.
        #expect(try server.client("teacher").get("/v1/marks/\(mark)/history").status == 200)

        try owner.query(hold, ofMark + ["-1 minute"])
        let published = try seen(parent)
        #expect(published.diary && published.list && published.history == 200 && published.total == before.total)
    }

    @Test(arguments: [
        ("present", nil, nil), ("ill", "ill", "Б"), ("excused", "excused", "УП"), ("unexcused", "unexcused", "НП"),
    ])
    func T2_classTeachersDecisionCounts(_ decided: String, _ meaning: String?, _ label: String?) throws {
        let row = try #require(
            try rows(
                """
                SELECT a.id, l.id, l.date, a.decided_meaning FROM attendance a
                JOIN lessons l ON l.school_id = a.school_id AND l.id = a.lesson_id
                WHERE a.school_id = $1 AND a.student_id = $2 AND a.meaning = 'absent' AND a.decided_meaning IS NOT NULL
                ORDER BY l.date, l.id LIMIT 1
                """, ids.child
            ).first)
        let (attendance, lesson, date) = (row[0]!, row[1]!, row[2]!)
        let owner = try ownerToday()
        let set = "UPDATE attendance SET decided_meaning = $3 WHERE school_id = $1 AND id = $2"
        defer { _ = try? owner.query(set, [String(ids.school), attendance, row[3]]) }
        try owner.query(set, [String(ids.school), attendance, decided])
        let lessons = try diary(parent, ids.child, date, date)["lessons"]!.array
        let shown = try #require(lessons.first { $0["id"]?.string == lesson }?["attendance"])
        #expect(shown["meaning"]?.string == meaning)
        #expect(shown["label"]?.string == label)
        #expect(shown.isNull == (meaning == nil))
    }

    @Test(arguments: [
        ("from=2025-11-10", "/query/to", "required"),
        ("to=2025-11-10", "/query/from", "required"),
        ("from=2025-11-10&to=2025-11-09", "/query/to", "before_from"),
        ("from=2025-10-01&to=2025-11-12", "/query/to", "range_too_long"),
        ("from=2025-02-30&to=2025-03-02", "/query/from", nil),
        ("from=2025-11-10&to=10.11.2025", "/query/to", nil),
        ("week=46", "/query/week", "unknown_parameter"),
    ])
    func badRangesAreRefusedWithAPointer(_ query: String, _ pointer: String, _ code: String?) throws {
        let answer = try parent.get("/v1/students/\(ids.child)/diary?\(query)")
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.code == (code == "unknown_parameter" ? "unknown_parameter" : "invalid_parameter"))
        let errors = try #require(answer.json["errors"]?.array)
        #expect(errors.map { $0["pointer"]?.string } == [pointer])
        if let code { #expect(errors[0]["code"]?.string == code) }
    }

    @Test func longestRangeIsFortyTwoDays() throws {
        let diary = try diary(parent, ids.child, "2025-10-01", "2025-11-11")
        let dates = diary["lessons"]!.array.compactMap { $0["date"]?.string }
        #expect(dates.first == "2025-10-01")
        #expect(dates.last == "2025-11-11")
        #expect(dates == dates.sorted())
    }

    @Test func holidaysAreShownAndHaveNoLessons() throws {
        let diary = try diary(parent, ids.child, "2025-10-20", "2025-11-09")
        let holidays = try #require(diary["holidays"]?.array)
        #expect(holidays.map { $0["name"]?.string } == ["Осенние каникулы", "День народного единства"])
        let free = holidays.map { ($0["starts_on"]!.string!, $0["ends_on"]!.string!) }
        for lesson in diary["lessons"]!.array {
            let date = lesson["date"]!.string!
            #expect(!free.contains { $0.0 <= date && date <= $0.1 }, "a lesson on \(date)")
        }
        // Holidays of one grade level are shown only to that grade level.
        let additional = ["Дополнительные каникулы"]
        let week = ("2026-02-09", "2026-02-15")
        #expect(
            try self.diary(parent, ids.firstGrader, week.0, week.1)["holidays"]?.array.map { $0["name"]?.string }
                == additional)
        #expect(try self.diary(parent, ids.child, week.0, week.1)["holidays"]?.array.isEmpty == true)
    }

    @Test func movedStudentHasTheOldClassesLessonsBeforeAndTheNewOnesAfter() throws {
        let pupil = try #require(
            try rows(
                """
                SELECT u.id FROM users u JOIN students s ON s.school_id = u.school_id AND s.id = u.id
                WHERE u.school_id = $1 AND (
                    SELECT array_agg(c.name ORDER BY e.starts_on) FROM enrollments e
                    JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
                    WHERE e.school_id = u.school_id AND e.student_id = u.id
                ) = '{7Б,7А}'
                """
            ).first?[0])
        func sections(_ name: String) throws -> Set<String?> {
            Set(
                try rows(
                    """
                    SELECT s.id FROM sections s JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
                    JOIN classes c ON c.school_id = g.school_id AND c.id = g.class_id WHERE s.school_id = $1 AND c.name = $2
                    """, name
                ).map { $0[0] })
        }
        let client = try server.session(of: pupil, roles: ["student"])
        let lessons = try diary(client, pupil, "2025-10-06", "2025-10-19")["lessons"]!.array
        let before = lessons.filter { $0["date"]!.string! < "2025-10-13" }
        let after = lessons.filter { $0["date"]!.string! >= "2025-10-13" }
        #expect(before.count >= 25)
        #expect(after.count >= 25)
        let first = Set(before.map { $0["section_id"]?.string })
        let second = Set(after.map { $0["section_id"]?.string })
        #expect(try first.isDisjoint(with: sections("7А")) && !first.isDisjoint(with: sections("7Б")))
        #expect(try second.isDisjoint(with: sections("7Б")) && !second.isDisjoint(with: sections("7А")))
    }

    @Test func daysOutsideTheMembershipHaveNoLessons() throws {
        let lessons = try diary(parent, ids.child, "2025-08-18", "2025-09-07")["lessons"]!.array
        #expect(lessons.first?["date"]?.string == "2025-09-01")
        // After a student has left the club, the diary has no lessons of it.
        let row = try #require(
            try rows(
                """
                SELECT m.id, m.student_id, s.id, l.date FROM group_members m
                JOIN groups g ON g.school_id = m.school_id AND g.id = m.group_id AND g.kind = 'cross'
                JOIN sections s ON s.school_id = g.school_id AND s.group_id = g.id
                JOIN lessons l ON l.school_id = s.school_id AND l.section_id = s.id AND l.date > '2025-11-10'
                WHERE m.school_id = $1 AND m.ends_on IS NULL ORDER BY l.date, m.id LIMIT 1
                """
            ).first)
        let (member, pupil, section, date) = (row[0]!, row[1]!, row[2]!, row[3]!)
        let client = try server.session(of: pupil, roles: ["student"])
        func dates() throws -> [String?] {
            try diary(client, pupil, "2025-11-03", "2025-12-07")["lessons"]!.array
                .filter { $0["section_id"]?.string == section }.map { $0["date"]?.string }
        }
        let all = try dates()
        #expect(all.contains(date))
        #expect(all.contains { $0! > date })
        let owner = try ownerToday()
        let end = "UPDATE group_members SET ends_on = $3::date WHERE school_id = $1 AND id = $2"
        defer { _ = try? owner.query(end, [String(ids.school), member, nil]) }
        try owner.query(end, [String(ids.school), member, date])
        #expect(try dates() == all.filter { $0! <= date })
    }
}
