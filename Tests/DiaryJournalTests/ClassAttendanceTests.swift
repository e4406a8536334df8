import DiaryTestSupport
import JSON
import Postgres
import Testing

/// The class teacher's day (T2), the teacher's codes (T1), and who acts for the class teacher.
@Suite(.serialized) struct ClassAttendanceTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    /// Teaches mathematics in 7А, and is its class teacher.
    let teacher: TestClient
    /// Students of 7А, by name.
    let students: [String]
    /// The lesson of `ids.section` today; its roll was not taken.
    let lesson: String

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
        students = ids.others
        lesson = try #require(
            try server.owner().query(
                "SELECT id FROM lessons WHERE section_id = $1 AND date = $2 ORDER BY starts_at LIMIT 1",
                [ids.section, TestServer.today]
            ).first)
        // Each test begins with a day on which nothing is recorded.
        let owner = try server.owner()
        try owner.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
        try owner.query(
            """
            DELETE FROM attendance WHERE school_id = $1
                AND lesson_id IN (SELECT id FROM lessons WHERE school_id = $1 AND date = $2)
            """, [String(ids.school), TestServer.today])
        try owner.query(
            "UPDATE lessons SET attendance_taken_at = NULL WHERE school_id = $1 AND date = $2",
            [String(ids.school), TestServer.today])
        try owner.query("DELETE FROM attendance_days WHERE school_id = $1", [String(ids.school)])
    }

    private var path: String { "/v1/classes/\(ids.class7A)/attendance" }
    private var journal: String { "/v1/sections/\(ids.section)/journal" }

    private func day(_ client: TestClient? = nil) throws -> JSONValue {
        let answer = try (client ?? teacher).get(path)
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    private func student(_ id: String, in day: JSONValue) throws -> JSONValue {
        try #require(day["students"]?.array.first { $0["id"]?.string == id })
    }

    private func record(_ id: String, at lesson: String, in day: JSONValue) throws -> JSONValue {
        try #require(try student(id, in: day)["lessons"]?.array.first { $0["lesson_id"]?.string == lesson })
    }

    private func decide(
        _ body: String, _ query: String = "", as client: TestClient? = nil
    ) throws -> TestClient.Answer {
        try (client ?? teacher).put(path + query, json: body)
    }

    /// The body with one decision.
    private func ofDay(_ student: String, _ meaning: String, _ version: Int) -> String {
        #"{"days": [{"student_id": "\#(student)", "meaning": \#(meaning), "version": \#(version)}]}"#
    }

    private func ofLesson(_ student: String, _ lesson: String, _ meaning: String, _ version: Int) -> String {
        """
        {"lessons": [
            {"student_id": "\(student)", "lesson_id": "\(lesson)", "meaning": \(meaning), "version": \(version)}
        ]}
        """
    }

    private func write(_ body: String) throws -> TestClient.Answer { try teacher.patch(journal, json: body) }

    private func errors(_ answer: TestClient.Answer) -> [String] {
        (answer.json["errors"]?.array ?? []).map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" }
    }

    // MARK: T1

    @Test func t1TeachersWriteTheSchoolsCodes() throws {
        func item(_ student: Int, _ fields: String, version: Int = 0) -> String {
            #"{"lesson_id": "\#(lesson)", "student_id": "\#(students[student])", \#(fields), "version": \#(version)}"#
        }
        let written = try write(
            """
            {"attendance": [\(item(0, #""code": "Н""#)), \(item(1, #""code": "ОТ""#)),
                \(item(2, #""code": "ОП", "minutes": 7"#)), \(item(3, #""meaning": "ill""#))]}
            """)
        #expect(written.status == 200, "\(written.text)")
        let page = try teacher.get(journal).json["attendance"]?.array ?? []
        let found = page.filter { $0["lesson_id"]?.string == lesson }
        func of(_ student: Int) -> [String?] {
            let row = found.first { $0["student_id"]?.string == students[student] }
            return [row?["code"]?.string, row?["meaning"]?.string, row?["minutes"]?.int.map { String($0) }]
        }
        #expect(of(0) == ["Н", "absent", nil])
        #expect(of(1) == ["ОТ", "absent", nil], "ОТ is absent, not late")
        #expect(of(2) == ["ОП", "late", "7"])
        #expect(of(3) == ["Б", "ill", nil])
        // Another code of the same meaning is a change; the meaning alone is not.
        let same = try write("{\"attendance\": [\(item(1, #""meaning": "absent""#, version: 1))]}")
        #expect(same.json["attendance"]?[0]?["status"]?.string == "unchanged")
        #expect(same.json["attendance"]?[0]?["code"]?.string == "ОТ")
        let other = try write("{\"attendance\": [\(item(1, #""code": "Н""#, version: 1))]}")
        #expect(other.json["attendance"]?[0]?["status"]?.string == "applied")
        #expect(other.json["attendance"]?[0]?["code"]?.string == "Н")
        let cleared = try write("{\"attendance\": [\(item(1, #""code": null"#, version: 2))]}")
        #expect(cleared.json["attendance"]?[0]?["code"]?.isNull == true, "\(cleared.text)")
    }

    @Test func t1UnknownCodeIsRefusedAtItsPlace() throws {
        let good = #"{"lesson_id": "\#(lesson)", "student_id": "\#(students[0])", "code": "Н", "version": 0}"#
        for (fields, error) in [
            (#""code": "ЩЩ""#, "/attendance/1/code unknown_reference"),
            (#""code": "Н", "minutes": 5"#, "/attendance/1/minutes only_when_late"),
            (#""code": "Н", "meaning": "absent""#, "/attendance/1/meaning exclusive"),
            (#""comment": 1"#, "/attendance/1/meaning required"),
        ] {
            for query in ["", "?partial=true"] {
                let answer = try teacher.patch(
                    journal + query,
                    json: """
                        {"attendance": [\(good),
                            {"lesson_id": "\(lesson)", "student_id": "\(students[1])", \(fields), "version": 0}]}
                        """)
                #expect(answer.status == 422, "\(answer.text)")
                #expect(errors(answer).contains(error), "\(answer.text)")
            }
        }
        #expect(try record(students[0], at: lesson, in: day())["code"]?.isNull == true, "nothing is half written")
        // A code out of use is not offered.
        try server.owner().query(
            "UPDATE attendance_codes SET archived_at = now() WHERE school_id = $1 AND code = 'ОТ'",
            [String(ids.school)])
        let archived = try write("{\"attendance\": [\(good.replacing("\"Н\"", with: "\"ОТ\""))]}")
        #expect(errors(archived) == ["/attendance/0/code unknown_reference"])
        try server.owner().query(
            "UPDATE attendance_codes SET archived_at = NULL WHERE school_id = $1 AND code = 'ОТ'",
            [String(ids.school)])
    }

    // MARK: T2

    @Test func t2MorningOfAClassTeacher() throws {
        let before = try day()
        let size = try #require(before["students"]?.array.count)
        #expect(before["counts"]?["students"]?.int == size)
        #expect(before["counts"]?["unknown"]?.int == size, "nothing is known before the first roll (T4)")
        #expect(before["lessons"]?.array.allSatisfy { $0["attendance_taken_at"]?.isNull == true } == true)
        // A parent called at eight.
        let called = try decide(
            """
            {"days": [{"student_id": "\(students[0])", "meaning": "ill", "reason": "Звонила мама", "version": 0}]}
            """)
        #expect(called.status == 200, "\(called.text)")
        // The teacher takes the roll and writes codes of two students, also of the one who is ill.
        let roll = try write(
            """
            {"lessons": [{"id": "\(lesson)", "attendance_taken": true, "version": \(try lessonVersion())}],
             "attendance": [
                {"lesson_id": "\(lesson)", "student_id": "\(students[0])", "code": "Н", "version": 0},
                {"lesson_id": "\(lesson)", "student_id": "\(students[1])", "code": "Н", "version": 0},
                {"lesson_id": "\(lesson)", "student_id": "\(students[2])", "code": "ОП", "minutes": 3, "version": 0}]}
            """)
        #expect(roll.status == 200, "\(roll.text)")
        let after = try day()
        #expect(
            after["lessons"]?.array.filter { $0["attendance_taken_at"]?.string != nil }.map { $0["id"]?.string }
                == [lesson])
        #expect(after["counts"]?["missing"]?.int == 2)
        #expect(after["counts"]?["present"]?.int == size - 2)
        #expect(after["counts"]?["unknown"]?.int == 0)
        #expect(after["counts"]?["meanings"]?["ill"]?.int == 1)
        #expect(after["counts"]?["meanings"]?["absent"]?.int == 1)
        let ill = try record(students[0], at: lesson, in: after)
        #expect(ill["code"]?.string == "Н")
        #expect(ill["meaning"]?.string == "absent")
        #expect(ill["decided_meaning"]?.string == "ill")
        #expect(ill["decided_reason"]?.string == "Звонила мама")
        #expect(ill["decided_by_day"]?.bool == true)
        #expect(ill["counts_as"]?.string == "ill")
        #expect(ill["recorded_at"]?.string != nil)
        #expect(try student(students[2], in: after)["status"]?.string == "present")
        #expect(try student(students[2], in: after)["counts_as"]?.string == "late")
    }

    @Test func t2WordIsSeenInTheDiary() throws {
        let parent = try server.client("parent")
        let path = "/v1/students/\(ids.child)/diary?from=\(TestServer.today)&to=\(TestServer.today)"
        func attendance() throws -> JSONValue? {
            try parent.get(path).json["lessons"]?.array.first { $0["id"]?.string == lesson }?["attendance"]
        }
        #expect(try attendance()?.isNull == true)
        #expect(try decide(ofDay(ids.child, "\"excused\"", 0)).status == 200)
        let roll = try write(
            #"{"lessons": [{"id": "\#(lesson)", "attendance_taken": true, "version": \#(try lessonVersion())}]}"#)
        #expect(roll.status == 200, "\(roll.text)")
        #expect(try attendance()?["meaning"]?.string == "excused")
        #expect(try attendance()?["label"]?.string == "УП")
        #expect(try decide(ofDay(ids.child, "\"present\"", 1)).status == 200)
        #expect(try attendance()?.isNull == true)
    }

    @Test func t2DecisionsHaveVersionsAndMayBePartial() throws {
        let (first, second) = (students[0], students[1])
        #expect(try decide(ofDay(first, "\"ill\"", 0)).status == 200)
        let both = """
            {"days": [{"student_id": "\(first)", "meaning": "excused", "version": 0}],
             "lessons": [{"student_id": "\(second)", "lesson_id": "\(lesson)", "meaning": "excused", "version": 0}]}
            """
        let stale = try decide(both)
        #expect(stale.status == 409)
        #expect(stale.code == "stale_version")
        #expect(errors(stale) == ["/days/0 stale_version"])
        #expect(stale.json["errors"]?[0]?["current"]?["meaning"]?.string == "ill")
        #expect(try record(second, at: lesson, in: day())["version"]?.int == 0, "nothing is half written")
        let partial = try decide(both, "?partial=true")
        #expect(partial.status == 200)
        #expect(partial.json["applied"]?.bool == false)
        #expect(partial.json["days"]?[0]?["status"]?.string == "refused")
        #expect(partial.json["lessons"]?[0]?["status"]?.string == "applied")
        // The same again is unchanged, whatever version it names.
        let again = try decide(ofLesson(second, lesson, "\"excused\"", 0))
        #expect(again.json["lessons"]?[0]?["status"]?.string == "unchanged")
        // A decision is taken back, and the word for the day holds again.
        #expect(try decide(ofLesson(first, lesson, "\"present\"", 0)).status == 200)
        #expect(try record(first, at: lesson, in: day())["decided_meaning"]?.string == "present")
        #expect(try decide(ofLesson(first, lesson, "null", 1)).status == 200)
        #expect(try record(first, at: lesson, in: day())["counts_as"]?.string == "ill")
        #expect(try decide(ofDay(first, "null", 1)).json["days"]?[0]?["version"]?.int == 2)
    }

    @Test func t2OnlyStudentsOfTheClassAndLessonsOfTheDay() throws {
        let stranger = try #require(
            try server.owner().query(
                "SELECT student_id FROM enrollments WHERE class_id = $1 AND ends_on IS NULL LIMIT 1", [ids.otherClass]
            ).first)
        let elsewhere = try #require(
            try server.owner().query(
                "SELECT id FROM lessons WHERE section_id = $1 AND date < $2 ORDER BY date DESC LIMIT 1",
                [ids.section, TestServer.today]
            ).first)
        for body in [
            ofDay(stranger, "\"ill\"", 0), ofDay(DemoSchoolIDs.nothing, "\"ill\"", 0),
            ofLesson(stranger, lesson, "\"ill\"", 0), ofLesson(students[0], elsewhere, "\"ill\"", 0),
        ] {
            let answer = try decide(body)
            #expect(answer.status == 409, "\(answer.text)")
            #expect(answer.code == "not_in_your_class")
            #expect(answer.json["errors"]?[0]?["current"]?.isNull == true)
        }
        for (body, error) in [
            ("{}", " empty_batch"), (#"{"days": [{}]}"#, "/days/0/student_id required"),
            (ofDay(students[0], "\"late\"", 0), "/days/0/meaning not_one_of"),
            (ofLesson(students[0], lesson, "\"ill\", \"minutes\": 3", 0), "/lessons/0/minutes only_when_late"),
        ] {
            let answer = try decide(body)
            #expect(answer.status == 422)
            #expect(errors(answer).contains(error), "\(answer.text)")
        }
    }

    @Test func l2WordForADayToComeDoesNotHoldItsLessons() throws {
        let next = try #require(
            try server.owner().query(
                """
                SELECT id, date FROM lessons WHERE section_id = $1 AND date > $2 AND state = 'planned' ORDER BY date LIMIT 1
                """, [ids.section, TestServer.today]
            ).rows.first)
        #expect(try decide(ofDay(students[0], "\"ill\"", 0), "?date=\(next[1]!)").status == 200)
        let deputy = try server.client("deputy")
        let lesson = try deputy.get("/v1/lessons/\(next[0]!)")
        let cancelled = try deputy.patch(
            "/v1/lessons/\(next[0]!)", json: #"{"state": "cancelled"}"#, headers: [("If-Match", lesson["ETag"]!)])
        #expect(cancelled.status == 200, "\(cancelled.text)")
        let back = try deputy.patch(
            "/v1/lessons/\(next[0]!)", json: #"{"state": "planned"}"#, headers: [("If-Match", cancelled["ETag"]!)])
        #expect(back.status == 200)
    }

    // MARK: Acting class teachers

    @Test func anActingClassTeacherHasTheRightsOfTheClassTeacher() throws {
        let owner = try server.owner()
        let other = try #require(
            try owner.query(
                """
                SELECT t.teacher_id FROM class_teachers t
                WHERE t.school_id = $1 AND t.class_id <> $2 AND t.ends_on IS NULL
                    AND NOT EXISTS (SELECT FROM class_teachers o WHERE o.class_id = $2 AND o.teacher_id = t.teacher_id)
                ORDER BY t.id LIMIT 1
                """, [String(ids.school), ids.class7A]
            ).first)
        let acting = try server.session(of: other, school: ids.school, roles: ["teacher", "class_teacher"])
        #expect(try acting.get(path).status == 404)
        let deputy = try server.client("deputy")
        func appoint(_ from: String, _ to: String) throws -> TestClient.Answer {
            try deputy.post(
                "/v1/classes/\(ids.class7A)/teachers",
                json: #"{"teacher_id": "\#(other)", "starts_on": "\#(from)", "ends_on": "\#(to)", "acting": true}"#)
        }
        let past = try appoint("2025-11-03", "2025-11-18")
        #expect(past.status == 201, "\(past.text)")
        #expect(try acting.get(path).status == 404, "it ended at midnight")
        #expect(try acting.get("/v1/students/\(ids.child)/diary").status == 404, "and leaves no right to read")
        #expect(try appoint("2025-11-18", "2025-11-20").status == 409)
        let present = try appoint(TestServer.today, TestServer.today)
        #expect(present.status == 201, "\(present.text)")
        #expect(try acting.get(path).status == 200)
        #expect(try acting.get("/v1/students/\(ids.child)/diary").status == 200)
        #expect(try decide(ofDay(students[0], "\"ill\"", 0), as: acting).status == 200)
        let issued = try acting.post("/v1/users/\(students[3])/credentials", json: #"{"reason": "Забыл пароль"}"#)
        #expect([200, 201].contains(issued.status), "A2: \(issued.text)")
        // The class teacher stays appointed, and the class is listed once.
        #expect(try day()["class"]?["id"]?.string == ids.class7A)
        let listed = try deputy.get("/v1/classes?limit=200").json["items"]?.array.filter {
            $0["id"]?.string == ids.class7A
        }
        #expect(listed?.count == 1)
        #expect(listed?[0]["class_teacher"]?["id"]?.string != other)
        let slips = try teacher.post("/v1/classes/\(ids.class7A)/credentials", json: #"{"for": "students"}"#)
        #expect(slips.status < 300, "A2: \(slips.text)")
        for answer in [past, present] {
            let id = try #require(answer.json["id"]?.string)
            try owner.query("DELETE FROM class_teachers WHERE id = $1", [id])
        }
    }

    private func lessonVersion() throws -> Int {
        try #require(
            try server.owner().query("SELECT version FROM lessons WHERE id = $1", [lesson]).first.flatMap { Int($0) })
    }
}
