import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `GET /v1/students/{id}/attendance` and the totals of a class: T3 and T4, with figures computed by hand.
@Suite(.serialized) struct StudentAttendanceTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let parent: TestClient
    let owner: BlockingConnection

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        parent = try server.client("parent")
        owner = try server.owner()
        try owner.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
    }

    /// The child's lessons of a day, by time.
    private func lessons(_ date: String) throws -> [String] {
        try owner.query(
            """
            SELECT l.id FROM lessons l
            JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
            JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id AND m.student_id = $2
                AND m.starts_on <= l.date AND coalesce(m.ends_on, 'infinity') >= l.date
            WHERE l.school_id = $1 AND l.date = $3 ORDER BY l.starts_at, l.id
            """, [String(ids.school), ids.child, date]
        ).rows.compactMap { $0[0] }
    }

    private func write(_ lesson: String, _ meaning: String?, decided: String? = nil) throws {
        try owner.query(
            """
            INSERT INTO attendance (school_id, id, lesson_id, student_id, meaning, decided_meaning, decided_at)
            VALUES ($1, gen_random_uuid(), $2, $3, $4, $5::text, CASE WHEN $5::text IS NOT NULL THEN now() END)
            """, [String(ids.school), lesson, ids.child, meaning, decided])
    }

    private func counts(_ value: JSONValue?) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: (value?.keys ?? []).map { ($0, value?[$0]?.int ?? -1) })
    }

    /// A week of 33 lessons (6, 7, 7, 7, 6), of which one is cancelled and one without a roll.
    @Test func t3AndT4FiguresOfAWeek() throws {
        let days = ["2025-11-10", "2025-11-11", "2025-11-12", "2025-11-13", "2025-11-14"]
        let week = try days.map { try lessons($0) }
        try #require(week.map { $0.count } == [6, 7, 7, 7, 6])
        let all = "{\(week.flatMap { $0 }.joined(separator: ","))}"
        try owner.query("DELETE FROM attendance WHERE student_id = $1 AND lesson_id = ANY ($2)", [ids.child, all])
        try owner.query(
            "UPDATE lessons SET state = 'held', attendance_taken_at = now() WHERE id = ANY ($1) AND state <> 'cancelled'",
            [all])
        // Monday: all six missed, four ill and two absent. The day is missed, and counts as ill.
        for lesson in week[0].prefix(4) { try write(lesson, "ill") }
        for lesson in week[0].suffix(2) { try write(lesson, "absent") }
        // Tuesday: six of seven missed without a reason, one lesson was not: the day is not missed.
        for lesson in week[1].prefix(6) { try write(lesson, "unexcused") }
        // Wednesday: the teachers wrote absent at all seven; the class teacher knows that one was a mistake, and excused two.
        for (number, lesson) in week[2].enumerated() {
            try write(lesson, "absent", decided: number == 0 ? "present" : number < 3 ? "excused" : nil)
        }
        // Thursday: late once; one lesson cancelled, one without a roll, and missed the other four.
        try write(week[3][0], "late")
        try owner.query(
            "DELETE FROM marks k USING line_items i WHERE i.id = k.line_item_id AND i.lesson_id = $1", [week[3][1]])
        try owner.query(
            "DELETE FROM attendance WHERE lesson_id = $1", [week[3][1]])
        try owner.query("UPDATE lessons SET state = 'cancelled' WHERE id = $1", [week[3][1]])
        try owner.query("UPDATE lessons SET attendance_taken_at = NULL WHERE id = $1", [week[3][2]])
        for lesson in week[3].suffix(4) { try write(lesson, "excused") }
        // Friday: present at all six.
        let path = "/v1/students/\(ids.child)/attendance?from=2025-11-10&to=2025-11-16"
        let answer = try parent.get(path)
        try #require(answer.status == 200, "\(answer.text)")
        let totals = answer.json["totals"]
        // Days: 5 with lessons, only Monday missed.
        #expect(
            counts(totals?["days"]) == ["count": 5, "missed": 1, "absent": 0, "ill": 1, "excused": 0, "unexcused": 0])
        // Lessons: 33 − 1 cancelled = 32. Missed 6 + 6 + 6 + 4 = 22: ill 4; absent 2 + 4 = 6; excused 2 + 4 = 6; unexcused 6.
        #expect(
            counts(totals?["lessons"]) == [
                "count": 32, "missed": 22, "absent": 6, "ill": 4, "excused": 6, "unexcused": 6, "late": 1, "unknown": 1,
            ])
        let each = answer.json["days"]?.array ?? []
        #expect(each.map { $0["date"]?.string } == days)
        #expect(each.map { $0["missed"]?.bool } == [true, false, false, false, false])
        #expect(each.map { $0["meaning"]?.string } == ["ill", nil, nil, nil, nil])
        #expect(each.map { $0["lessons"]?.array.count } == [6, 7, 7, 6, 6])
        #expect(
            each[3]["lessons"]?.array.map { $0["status"]?.string }
                == ["late", nil, "missed", "missed", "missed", "missed"])
        // By subject the same lessons.
        let subjects = (answer.json["subjects"]?.array ?? []).map { counts($0["lessons"]) }
        for key in ["count", "missed", "absent", "ill", "excused", "unexcused", "late", "unknown"] {
            #expect(subjects.reduce(0) { $0 + ($1[key] ?? 0) } == counts(totals?["lessons"])[key], "\(key)")
        }
        // A word for Thursday's day covers the lesson without a roll. The one at which the student was late was decided by
        // the word too, so the whole day counts.
        try owner.query(
            """
            INSERT INTO attendance_days (school_id, id, student_id, date, meaning)
            VALUES ($1, gen_random_uuid(), $2, '2025-11-13', 'unexcused')
            """, [String(ids.school), ids.child])
        let decided = try parent.get(path).json
        #expect(
            counts(decided["totals"]?["days"])
                == ["count": 5, "missed": 2, "absent": 0, "ill": 1, "excused": 0, "unexcused": 1])
        #expect(
            counts(decided["totals"]?["lessons"]) == [
                "count": 32, "missed": 24, "absent": 6, "ill": 4, "excused": 2, "unexcused": 12, "late": 0,
                "unknown": 0,
            ])
        #expect(decided["days"]?[3]?["word"]?["meaning"]?.string == "unexcused")
        // The class teacher reads the same for each student of the class.
        let list = try server.client("teacher").get(
            "/v1/classes/\(ids.class7A)/attendance-totals?from=2025-11-10&to=2025-11-16"
        ).json
        let child = try #require(list["students"]?.array.first { $0["id"]?.string == ids.child })
        #expect(child["days"] == decided["totals"]?["days"])
        #expect(child["lessons"] == decided["totals"]?["lessons"])
    }

    @Test func t3ClassListEqualsTheStudentsOwnTotals() throws {
        let teacher = try server.client("teacher")
        let list = try teacher.get("/v1/classes/\(ids.class7A)/attendance-totals")
        try #require(list.status == 200, "\(list.text)")
        let (from, to) = (list.json["from"]!.string!, list.json["to"]!.string!)
        #expect(to == TestServer.today)
        for id in ids.others.prefix(5) {
            let own = try teacher.get("/v1/students/\(id)/attendance?from=\(from)&to=\(to)").json["totals"]
            let row = try #require(list.json["students"]?.array.first { $0["id"]?.string == id })
            // Students who were in the class all the time.
            let joined = try owner.query(
                """
                SELECT 1 FROM enrollments WHERE student_id = $1 AND class_id = $2 AND starts_on <= $3 AND ends_on IS NULL
                """, [id, ids.class7A, from])
            if joined.rows.isEmpty { continue }
            #expect(row["lessons"] == own?["lessons"])
            #expect(row["days"] == own?["days"])
        }
    }

    @Test func daysToComeAreNotCounted() throws {
        let answer = try parent.get("/v1/students/\(ids.child)/attendance?from=2025-11-20&to=2025-11-30").json
        #expect(answer["days"]?.array.isEmpty == true)
        #expect(answer["totals"]?["lessons"]?["count"]?.int == 0)
        #expect(answer["totals"]?["days"]?["count"]?.int == 0)
        for query in ["?from=2025-11-20", "?from=2025-11-20&to=2025-11-19", "?from=2024-01-01&to=2025-11-30", "?day=1"]
        {
            #expect(try parent.get("/v1/students/\(ids.child)/attendance\(query)").status == 400, "\(query)")
        }
    }
}
