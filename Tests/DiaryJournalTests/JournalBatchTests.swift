import Diary
import DiaryTestSupport
import JSON
import Postgres
import Synchronization
import Testing

/// `PATCH /v1/sections/{id}/journal`: all records of lessons in one request.
@Suite(.serialized) struct JournalBatchTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let teacher: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
    }

    private var path: String { "/v1/sections/\(ids.section)/journal" }

    /// A lesson's version and its students' marks in the default column, as the page shows them.
    private func page() throws -> (lesson: JSONValue, students: [String], marks: [String: (version: Int, number: Int?)])
    {
        let page = try teacher.get(path).json
        let lesson = try #require(page["lessons"]?.array.first { $0["id"]?.string == ids.lesson })
        let columns = page["line_items"]?.array.filter {
            $0["lesson_id"]?.string == ids.lesson && $0["is_default"]?.bool == true
        }
        let column = columns?.first?["id"]?.string
        var marks: [String: (version: Int, number: Int?)] = [:]
        for mark in page["marks"]?.array ?? [] where mark["line_item_id"]?.string == column {
            marks[mark["student_id"]!.string!] = (mark["version"]!.int!, mark["value"]?["number"]?.int)
        }
        let date = try #require(lesson["date"]?.string)
        let students = page["students"]!.array.filter {
            $0["from"]!.string! <= date && ($0["to"]?.string ?? "9999") >= date
        }.map { $0["id"]!.string! }
        return (lesson, students, marks)
    }

    private func body(
        _ page: (lesson: JSONValue, students: [String], marks: [String: (version: Int, number: Int?)]), shift: Int,
        topic: String = "Тема \(UInt32.random(in: 0 ... .max))"
    ) -> String {
        let marks = page.students.map { student in
            let old = page.marks[student]
            let number = 2 + ((old?.number ?? 2) - 2 + shift) % 4
            return """
                {"lesson_id": "\(ids.lesson)", "student_id": "\(student)", "version": \(old?.version ?? 0),
                 "value": {"kind": "number", "number": \(number)}}
                """
        }
        return """
            {"lessons": [{"id": "\(ids.lesson)", "version": \(page.lesson["version"]!.int!), "topic": "\(topic)",
              "homework": {"text": "§ \(topic)"}, "attendance_taken": true}],
             "marks": [\(marks.joined(separator: ","))]}
            """
    }

    @Test func writesTopicHomeworkAttendanceAndAllMarksOfALessonInOneRequest() throws {
        let before = try page()
        #expect(before.students.count >= 24)
        let answer = try teacher.patch(
            path, json: body(before, shift: 1, topic: "Дроби"), headers: [("X-Request-Id", "batch-test-1")])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["applied"]?.bool == true)
        #expect(answer.json["marks"]!.array.count == before.students.count)
        #expect(answer.json["marks"]!.array.allSatisfy { $0["status"]?.string == "applied" })
        let after = try page()
        #expect(after.lesson["topic"]?.string == "Дроби")
        #expect(after.lesson["homework"]?[0]?["text"]?.string == "§ Дроби")
        #expect(after.lesson["attendance_taken_at"]?.string != nil)
        #expect(after.marks.count == before.students.count)

        // A5: the history records who changed what, and when.
        let mark = answer.json["marks"]![0]!
        let history = try teacher.get("/v1/marks/\(mark["id"]!.string!)/history").json
        let last = try #require(history["items"]?.array.last)
        #expect(last["changed_by"]?["last_name"]?.string == "Соколова")
        #expect(last["request_id"]?.string == "batch-test-1")
        #expect(last["to"]?["number"]?.int == mark["value"]?["number"]?.int)
        #expect(last["changed_at"]?.string?.hasSuffix("Z") == true)
    }

    @Test func M5_staleVersionsChangeNothingAndReturnTheCurrentValues() throws {
        let before = try page()
        let first = try teacher.patch(path, json: body(before, shift: 1, topic: "Первая"))
        #expect(first.status == 200)
        let second = try teacher.patch(path, json: body(before, shift: 2))
        #expect(second.status == 409)
        #expect(second.code == "stale_version")
        let errors = try #require(second.json["errors"]?.array)
        #expect(errors.count == before.students.count + 1)
        let stale = try #require(errors.first { $0["pointer"]?.string == "/marks/0" })
        #expect(stale["code"]?.string == "stale_version")
        #expect(stale["current"]?["version"]?.int == first.json["marks"]![0]!["version"]?.int)
        #expect(stale["current"]?["value"]?["number"]?.int == first.json["marks"]![0]!["value"]?["number"]?.int)
        let after = try page()
        #expect(after.lesson["topic"]?.string == "Первая")
        for (index, student) in before.students.enumerated() {
            #expect(after.marks[student]?.version == first.json["marks"]![index]!["version"]?.int)
        }
    }

    @Test func sameValuesAreUnchangedWhateverTheVersion() throws {
        let before = try page()
        let body = body(before, shift: 1)
        #expect(try teacher.patch(path, json: body).status == 200)
        let again = try teacher.patch(path, json: body)
        #expect(again.status == 200)
        #expect(again.json["marks"]!.array.allSatisfy { $0["status"]?.string == "unchanged" })
    }

    /// Columns named by id have statements of their own: one with new marks in the batch, and one without.
    @Test(arguments: [false, true]) func columnNamedByIDBehavesLikeOneNamedByItsLesson(_ withNew: Bool) throws {
        let first = try teacher.patch(path, json: body(try page(), shift: 1))
        try #require(first.status == 200, "\(first.text)")
        let marks = first.json["marks"]!.array
        let column = "\"line_item_id\": \"\(marks[0]["line_item_id"]!.string!)\""
        let lesson = "\"lesson_id\": \"\(ids.lesson)\""
        func item(_ place: String, _ index: Int, shift: Int, version: Int? = nil) -> String {
            let number = 2 + (marks[index]["value"]!["number"]!.int! - 2 + shift) % 4
            return """
                {\(place), "student_id": "\(marks[index]["student_id"]!.string!)",
                 "version": \(version ?? marks[index]["version"]!.int!), "value": {"kind": "number", "number": \(number)}}
                """
        }
        func answer(_ items: [String]) throws -> TestClient.Answer {
            try teacher.patch(path, json: "{\"marks\": [\(items.joined(separator: ","))]}")
        }
        // A valid item, an unchanged one, a stale one, and one that claims to be new.
        func refused(_ place: String) throws -> TestClient.Answer {
            try answer([
                item(place, 0, shift: 1), item(place, 1, shift: 0, version: 9), item(place, 2, shift: 1, version: 9),
                item(place, 3, shift: 1, version: withNew ? 0 : 9),
            ])
        }
        let byColumn = try refused(column)
        #expect(byColumn.status == 409)
        let errors = byColumn.json["errors"]!.array
        #expect(errors.map { $0["pointer"]?.string } == ["/marks/2", "/marks/3"])
        #expect(errors.allSatisfy { $0["code"]?.string == "stale_version" })
        #expect(
            errors.map { $0["current"]?["value"]?["number"]?.int } == marks[2...3].map { $0["value"]?["number"]?.int })
        #expect(errors.map { $0["current"]?["version"]?.int } == marks[2...3].map { $0["version"]?.int })
        let byLesson = try refused(lesson)
        #expect(byLesson.status == 409)
        #expect(
            byLesson.json["errors"]!.array.map { $0["current"]?["id"]?.string }
                == errors.map { $0["current"]?["id"]?.string })

        let foreign = try server.owner().query(
            """
            SELECT i.id FROM line_items i JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
            WHERE i.school_id = $1 AND l.section_id = $2 LIMIT 1
            """, [String(ids.school), ids.otherSection]
        ).first!
        let mixed = try answer([
            item(column, 0, shift: 1), item("\"line_item_id\": \"\(foreign)\"", 1, shift: 1, version: withNew ? 0 : 1),
        ])
        #expect(mixed.status == 409)
        #expect(mixed.json["errors"]!.array.map { $0["pointer"]?.string } == ["/marks/1"])
        #expect(mixed.code == "not_in_section")

        let good = try answer([item(column, 0, shift: 1), item(column, 1, shift: 0)])
        #expect(good.status == 200)
        #expect(good.json["marks"]!.array.map { $0["status"]?.string } == ["applied", "unchanged"])
        #expect(good.json["marks"]?[0]?["version"]?.int == marks[0]["version"]!.int! + 1)
        let after = try page().marks
        #expect(after[marks[0]["student_id"]!.string!]?.version == marks[0]["version"]!.int! + 1)
        #expect(after[marks[2]["student_id"]!.string!]?.version == marks[2]["version"]!.int!)
    }

    @Test func allOrNothingByDefaultAndValidItemsWhenPartial() throws {
        let before = try page()
        let good = try #require(before.students.first)
        let oldVersion = before.marks[good]?.version ?? 0
        let newNumber = before.marks[good]?.number == 5 ? 4 : 5
        let body = """
            {"marks": [
              {"lesson_id": "\(ids.lesson)", "student_id": "\(good)", "value": {"kind": "number", "number": \(newNumber)}, "version": \(oldVersion)},
              {"lesson_id": "\(ids.lesson)", "student_id": "\(ids.firstGrader)", "value": {"kind": "number", "number": 5}, "version": 0}
            ]}
            """
        let refused = try teacher.patch(path, json: body)
        #expect(refused.status == 409)
        #expect(refused.code == "not_a_member")
        #expect(refused.json["errors"]?[0]?["pointer"]?.string == "/marks/1")
        #expect(try page().marks[good]?.number == before.marks[good]?.number)

        let partial = try teacher.patch(path + "?partial=true", json: body)
        #expect(partial.status == 200)
        #expect(partial.json["applied"]?.bool == false)
        #expect(partial.json["marks"]?[0]?["status"]?.string == "applied")
        #expect(partial.json["marks"]?[1]?["status"]?.string == "refused")
        #expect(partial.json["marks"]?[1]?["problem"]?["code"]?.string == "not_a_member")
        #expect(try page().marks[good]?.number == newNumber)
    }

    /// M3: ids that belong to no student of the school. Their foreign keys fail before the triggers can refuse them.
    @Test(arguments: [
        #"{"marks": [{"lesson_id": "LESSON", "value": {"kind": "number", "number": 5}, "version": 0, STUDENT}]}"#,
        #"{"attendance": [{"lesson_id": "LESSON", "meaning": "ill", "version": 0, STUDENT}]}"#,
        #"{"homework": [{"id": "NEW", "lesson_id": "LESSON", "text": "№ 5", "version": 0, STUDENTS}]}"#,
        #"{"feedback": [{"id": "NEW", "lesson_id": "LESSON", "text": "Хорошо решает.", "version": 0, STUDENT}]}"#,
    ])
    func aStudentWhoDoesNotExistIsNotAMember(_ template: String) throws {
        let nobody = "0198c5b4-55df-7528-980a-0eb04a09625f"
        let employee = try #require(try teacher.get("/v1/me").json["user"]?["id"]?.string)
        for id in [nobody, employee] {
            let body = template.replacing("LESSON", with: ids.lesson)
                .replacing("NEW", with: "0198c5b4-55df-7528-980a-0eb04a09625e")
                .replacing("STUDENTS", with: #""student_ids": ["\#(id)"]"#)
                .replacing("STUDENT", with: #""student_id": "\#(id)""#)
            let answer = try teacher.patch(path, json: body)
            #expect(answer.status == 409 && answer.code == "not_a_member", "\(answer.text)")
        }
    }

    @Test func markMayNameAColumnOfTheSameRequest() throws {
        let page = try page()
        let category = try #require(try teacher.get(path).json["section"]?["categories"]?[0]?["id"]?.string)
        let column = "0198c5b4-55df-7528-980a-0eb04a096251"
        let answer = try teacher.patch(
            path,
            json: """
                {"line_items": [{"id": "\(column)", "lesson_id": "\(ids.lesson)", "category_id": "\(category)", "title": "Уравнения", "weight": 1.5, "version": 0}],
                 "marks": [{"line_item_id": "\(column)", "student_id": "\(page.students[0])", "value": {"kind": "code", "code": "owed", "due_on": "2025-12-01"}, "version": 0}],
                 "attendance": [{"lesson_id": "\(ids.lesson)", "student_id": "\(page.students[1])", "meaning": "late", "minutes": 10, "version": \(try attendanceVersion(page.students[1]))}],
                 "feedback": [{"id": "0198c5b4-55df-7528-980a-0eb04a096252", "student_id": "\(page.students[2])", "text": "Хорошо рассуждает у доски.", "version": 0}]}
                """)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["line_items"]?[0]?["version"]?.int == 1)
        #expect(answer.json["marks"]?[0]?["value"]?["due_on"]?.string == "2025-12-01")
        #expect(answer.json["attendance"]?[0]?["minutes"]?.int == 10)
        #expect(answer.json["feedback"]?[0]?["status"]?.string == "applied")
    }

    /// New marks alone, and together with changed ones, in a column named by id.
    @Test func newMarksInAColumnNamedByIDAreWritten() throws {
        let students = try page().students
        let category = try #require(try teacher.get(path).json["section"]?["categories"]?[0]?["id"]?.string)
        let column = "0198c5b4-55df-7528-980a-0eb04a096261"
        func item(_ student: Int, _ number: Int, version: Int, comment: String? = nil, column: String = column)
            -> String
        {
            let text = comment.map { ", \"comment\": \"\($0)\"" } ?? ""
            return """
                {"line_item_id": "\(column)", "student_id": "\(students[student])", "version": \(version)\(text),
                 "value": {"kind": "number", "number": \(number)}}
                """
        }
        func write(_ items: String...) throws -> TestClient.Answer {
            try teacher.patch(path, json: "{\"marks\": [\(items.joined(separator: ","))]}")
        }
        func standing() throws -> [String: JSONValue] {
            let marks = try teacher.get(path).json["marks"]!.array.filter { $0["line_item_id"]?.string == column }
            return Dictionary(uniqueKeysWithValues: marks.map { ($0["student_id"]!.string!, $0) })
        }
        let made = try teacher.patch(
            path,
            json: """
                {"line_items": [{"id": "\(column)", "lesson_id": "\(ids.lesson)", "category_id": "\(category)",
                  "title": "Зачёт", "weight": 1.5, "version": 0}]}
                """)
        try #require(made.status == 200, "\(made.text)")

        let first = try write(item(0, 5, version: 0, comment: "устно"), item(1, 4, version: 0))
        #expect(first.status == 200, "\(first.text)")
        #expect(first.json["marks"]!.array.map { $0["status"]?.string } == ["applied", "applied"])
        #expect(first.json["marks"]!.array.map { $0["version"]?.int } == [1, 1])
        var marks = try standing()
        #expect(marks.count == 2)
        #expect(marks[students[0]]?["id"]?.string == first.json["marks"]?[0]?["id"]?.string)
        #expect(marks[students[0]]?["value"]?["number"]?.int == 5)
        #expect(marks[students[0]]?["comment"]?.string == "устно")
        #expect(marks[students[1]]?["comment"]?.string == nil)

        // The comment stays unless the item names it.
        let mixed = try write(item(0, 3, version: 1), item(2, 5, version: 0, comment: "у доски"))
        #expect(mixed.status == 200, "\(mixed.text)")
        #expect(mixed.json["marks"]!.array.map { $0["version"]?.int } == [2, 1])
        let changed = try write(item(1, 2, version: 1, comment: "письменно"))
        #expect(changed.json["marks"]?[0]?["comment"]?.string == "письменно")
        marks = try standing()
        #expect(marks.count == 3)
        #expect(marks[students[0]]?["value"]?["number"]?.int == 3)
        #expect(marks[students[0]]?["comment"]?.string == "устно")
        #expect(marks[students[1]]?["comment"]?.string == "письменно")
        #expect(marks[students[2]]?["comment"]?.string == "у доски")

        // M5: a version of a mark that does not exist is stale.
        let unseen = try write(item(3, 5, version: 4))
        #expect(unseen.status == 409)
        #expect(unseen.code == "stale_version")
        #expect(unseen.json["errors"]?[0]?["current"] == .null)

        for version in [0, 1] {
            let twice = try write(
                item(4, 5, version: version), item(4, 4, version: version, column: column.uppercased()))
            #expect(twice.status == 422)
            #expect(twice.json["errors"]?[0]?["pointer"]?.string == "/marks/1")
            #expect(twice.json["errors"]?[0]?["code"]?.string == "duplicate_item")
        }
        #expect(try standing().count == 3)
    }

    private func attendanceVersion(_ student: String) throws -> Int {
        let rows = try teacher.get(path).json["attendance"]!.array
        return rows.first { $0["lesson_id"]?.string == ids.lesson && $0["student_id"]?.string == student }?["version"]?
            .int ?? 0
    }

    @Test func M1_markInGrade1IsRefusedByTheAPIAndTheDatabase() throws {
        let owner = try server.owner()
        let row = try #require(
            try owner.query(
                """
                SELECT s.id, t.teacher_id, l.id
                FROM enrollments e
                JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
                JOIN sections s ON s.school_id = c.school_id AND s.group_id = c.group_id AND s.grading = 'marks'
                JOIN section_teachers t ON t.school_id = s.school_id AND t.section_id = s.id AND t.ends_on IS NULL
                JOIN lessons l ON l.school_id = s.school_id AND l.section_id = s.id AND l.state = 'held'
                WHERE e.school_id = $1 AND e.student_id = $2 AND e.ends_on IS NULL AND l.date <= $3::date
                ORDER BY l.date DESC, l.id LIMIT 1
                """, [String(ids.school), ids.firstGrader, TestServer.today]
            ).rows.first)
        let (section, teacherID, lesson) = (row[0]!, row[1]!, row[2]!)
        let client = try server.session(of: teacherID, roles: ["teacher"])
        let answer = try client.patch(
            "/v1/sections/\(section)/journal",
            json: """
                {"marks": [{"lesson_id": "\(lesson)", "student_id": "\(ids.firstGrader)", "value": {"kind": "number", "number": 5}, "version": 0}]}
                """)
        #expect(answer.status == 409)
        #expect(answer.code == "marks_not_allowed")
        #expect(answer["Content-Type"] == "application/problem+json")

        let database = try server.connection()
        let failure = #expect(throws: BlockingConnection.Failure.self) {
            try database.transaction {
                try database.query(
                    "SELECT set_config('lyceum.school_id', $1, true), set_config('lyceum.today', $2, true)",
                    [String(ids.school), TestServer.today])
                try database.query(
                    """
                    INSERT INTO line_items (school_id, id, lesson_id, section_id) VALUES ($1, gen_random_uuid(), $2, $3)
                    """, [String(ids.school), lesson, section])
                try database.query(
                    """
                    INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number)
                    SELECT $1, gen_random_uuid(), i.id, $3, 'number', 5 FROM line_items i WHERE i.school_id = $1 AND i.lesson_id = $2 LIMIT 1
                    """, [String(ids.school), lesson, ids.firstGrader])
            }
        }
        #expect(failure?.sqlState == "LYM01")
        #expect(failure?.message == "marks_not_allowed")
    }

    @Test func A4_lessonOfAnotherTeacherIsNotWritable() throws {
        let answer = try teacher.patch(
            "/v1/sections/\(ids.otherSection)/journal",
            json:
                "{\"marks\":[{\"lesson_id\":\"\(ids.lesson)\",\"student_id\":\"\(ids.child)\",\"value\":null,\"version\":1}]}"
        )
        #expect(answer.status == 404)
        // A batch for one section does not find a lesson of another section.
        let mixed = try teacher.patch(
            path,
            json: "{\"lessons\":[{\"id\":\"\(try lessonOfAnotherSection())\",\"version\":1,\"topic\":\"x\"}]}")
        #expect(mixed.status == 409)
        #expect(mixed.code == "not_in_section")
    }

    private func lessonOfAnotherSection() throws -> String {
        try server.owner().query(
            "SELECT id FROM lessons WHERE school_id = $1 AND section_id = $2 LIMIT 1",
            [String(ids.school), ids.otherSection]
        ).first!
    }

    @Test func M4_lessonsPastTheEditWindowAreClosed() throws {
        let owner = try server.owner()
        let old = try #require(
            try owner.query(
                """
                SELECT id FROM lessons l WHERE school_id = $1 AND section_id = $2 AND state = 'held' AND NOT EXISTS (
                    SELECT FROM line_items i
                    JOIN marks m ON m.school_id = i.school_id AND m.line_item_id = i.id AND m.student_id = $3
                    WHERE i.school_id = l.school_id AND i.lesson_id = l.id)
                ORDER BY date LIMIT 1
                """, [String(ids.school), ids.section, ids.others[3]]
            ).first)
        let answer = try teacher.patch(
            path,
            json: """
                {"marks": [{"lesson_id": "\(old)", "student_id": "\(ids.others[3])", "value": {"kind": "number", "number": 3}, "version": 0}]}
                """)
        #expect(answer.status == 409)
        #expect(["edit_window_closed", "stale_version"].contains(answer.code))
    }

    @Test(arguments: [
        ("{}", "", "empty_batch"),
        ("[]", "", "wrong_type"),
        ("{\"mark\": []}", "/mark", "unknown_field"),
        (
            "{\"marks\": [{\"lesson_id\": \"x\", \"student_id\": \"x\", \"value\": null, \"version\": 0}]}",
            "/marks/0/lesson_id", "not_a_uuid"
        ),
        (
            "{\"marks\": [{\"student_id\": \"0198c5b4-55df-7528-980a-0eb04a096251\", \"value\": null, \"version\": 0}]}",
            "/marks/0/line_item_id", "required"
        ),
        (
            "{\"marks\": [{\"line_item_id\": \"0198c5b4-55df-7528-980a-0eb04a096251\", \"student_id\": \"0198c5b4-55df-7528-980a-0eb04a096251\", \"version\": 0}]}",
            "/marks/0/value", "required"
        ),
        (
            "{\"marks\": [{\"line_item_id\": \"0198c5b4-55df-7528-980a-0eb04a096251\", \"student_id\": \"0198c5b4-55df-7528-980a-0eb04a096251\", \"value\": {\"kind\": \"number\", \"number\": 7}, \"version\": 0}]}",
            "/marks/0/value/number", "out_of_range"
        ),
        (
            "{\"marks\": [{\"line_item_id\": \"0198c5b4-55df-7528-980a-0eb04a096251\", \"student_id\": \"0198c5b4-55df-7528-980a-0eb04a096251\", \"value\": {\"kind\": \"code\", \"code\": \"owed\"}, \"version\": 0}]}",
            "/marks/0/value/due_on", "required"
        ),
        (
            "{\"lessons\": [{\"id\": \"0198c5b4-55df-7528-980a-0eb04a096251\", \"version\": 1, \"topic\": \"\\u0000\"}]}",
            "/lessons/0/topic", "null_character"
        ),
        (
            "{\"lessons\": [{\"id\": \"0198c5b4-55df-7528-980a-0eb04a096251\", \"version\": 1, \"homework\": {\"text\": \"x\"}, \"no_homework\": true}]}",
            "/lessons/0/no_homework", "exclusive"
        ),
        (
            "{\"attendance\": [{\"lesson_id\": \"0198c5b4-55df-7528-980a-0eb04a096251\", \"student_id\": \"0198c5b4-55df-7528-980a-0eb04a096251\", \"meaning\": \"ill\", \"minutes\": 5, \"version\": 0}]}",
            "/attendance/0/minutes", "only_when_late"
        ),
        (
            "{\"line_items\": [{\"id\": \"0198c5b4-55df-7528-980a-0eb04a096251\", \"lesson_id\": \"0198c5b4-55df-7528-980a-0eb04a096251\", \"category_id\": \"0198c5b4-55df-7528-980a-0eb04a096251\", \"weight\": 0, \"version\": 0}]}",
            "/line_items/0/weight", "out_of_range"
        ),
    ])
    func malformedItemsAreRefusedWithAPointer(_ body: String, _ pointer: String, _ code: String) throws {
        let answer = try teacher.patch(path, json: body)
        #expect(answer.status == 422, "\(answer.text)")
        #expect(answer.code == "validation_failed")
        let errors = answer.json["errors"]?.array ?? []
        #expect(errors.contains { $0["pointer"]?.string == pointer && $0["code"]?.string == code }, "\(answer.text)")
    }

    @Test func aRangeIsNamedFromItsLeastToItsGreatestValue() throws {
        let column = "0198c5b4-55df-7528-980a-0eb04a096251"
        let mark = """
            {"marks": [{"line_item_id": "\(column)", "student_id": "\(ids.child)", "version": 0,
             "value": {"kind": "number", "number": 7}}],
             "line_items": [{"id": "\(column)", "lesson_id": "\(ids.lesson)", "version": 0, "weight": 1234}]}
            """
        let texts = [
            "ru": ["Допустимо от 1 до 5.", "Цифр до точки не больше 3, после точки не больше 15."],
            "en": ["The range is 1 to 5.", "The number has at most 3 digits before the point and 15 after it."],
        ]
        for (language, wanted) in texts {
            let answer = try teacher.patch(path, json: mark, headers: [("Accept-Language", language)])
            let details = answer.json["errors"]?.array.compactMap { $0["detail"]?.string } ?? []
            #expect(wanted.allSatisfy { details.contains($0) }, "\(answer.text)")
        }
    }

    @Test func sameRowTwiceIsADuplicate() throws {
        let item = "{\"lesson_id\":\"\(ids.lesson)\",\"student_id\":\"\(ids.child)\",\"value\":null,\"version\":0}"
        let answer = try teacher.patch(path, json: "{\"marks\":[\(item),\(item)]}")
        #expect(answer.status == 422)
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/marks/1")
        #expect(answer.json["errors"]?[0]?["code"]?.string == "duplicate_item")
    }

    @Test func cellNamedByColumnAndByLessonIsADuplicate() throws {
        let before = try page()
        #expect(try teacher.patch(path, json: body(before, shift: 1)).status == 200)
        let column = try #require(
            try teacher.get(path).json["line_items"]?.array.first {
                $0["lesson_id"]?.string == ids.lesson && $0["is_default"]?.bool == true
            }?["id"]?.string)
        let marks = try page().marks
        let version = try #require(marks[ids.child]?.version)
        for query in ["", "?partial=true"] {
            let answer = try teacher.patch(
                path + query,
                json: """
                    {"marks": [
                      {"lesson_id": "\(ids.lesson)", "student_id": "\(ids.child)", "value": {"kind": "number", "number": 3}, "comment": "a", "version": \(version)},
                      {"line_item_id": "\(column)", "student_id": "\(ids.child)", "value": {"kind": "number", "number": 2}, "comment": "b", "version": \(version)}
                    ]}
                    """)
            #expect(answer.status == 422, "\(answer.text)")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/marks/1")
            #expect(try page().marks[ids.child]?.version == version)
        }
    }

    @Test func refusedMarkCreatesNoColumn() throws {
        let owner = try server.owner()
        let closed = try #require(
            try owner.query(
                """
                SELECT l.id FROM lessons l
                WHERE l.school_id = $1 AND l.section_id = $2 AND l.state = 'held' AND l.date < $3::date - 20
                    AND NOT EXISTS (
                        SELECT FROM line_items i WHERE i.school_id = l.school_id AND i.lesson_id = l.id AND i.is_default
                    )
                ORDER BY l.date LIMIT 1
                """, [String(ids.school), ids.section, TestServer.today]
            ).first)
        let answer = try teacher.patch(
            path + "?partial=true",
            json: """
                {"marks": [{"lesson_id": "\(closed)", "student_id": "\(ids.child)", "value": {"kind": "number", "number": 5}, "version": 0}]}
                """)
        #expect(answer.json["marks"]?[0]?["problem"]?["code"]?.string == "edit_window_closed", "\(answer.text)")
        #expect(
            try owner.query(
                "SELECT count(*) FROM line_items WHERE school_id = $1 AND lesson_id = $2 AND is_default",
                [String(ids.school), closed]
            ).first == "0")
    }

    @Test func futureLessonTakesNoMark() throws {
        let ahead = try #require(
            try server.owner().query(
                "SELECT id FROM lessons WHERE school_id = $1 AND section_id = $2 AND state = 'planned' AND date > $3::date ORDER BY date LIMIT 1",
                [String(ids.school), ids.section, TestServer.today]
            ).first)
        let answer = try teacher.patch(
            path,
            json: """
                {"marks": [{"lesson_id": "\(ahead)", "student_id": "\(ids.child)", "value": {"kind": "number", "number": 5}, "version": 0}]}
                """)
        #expect(answer.code == "lesson_in_future", "\(answer.text)")
    }

    @Test func idempotencyKeyReplaysTheFirstAnswer() throws {
        let before = try page()
        let body = body(before, shift: 1)
        let key = [("Idempotency-Key", "key-1")]
        let first = try teacher.patch(path, json: body, headers: key)
        #expect(first.status == 200, "\(first.text)")
        let versions = try page().marks.mapValues { $0.version }
        let again = try teacher.patch(path, json: body, headers: key)
        #expect(again.status == 200)
        #expect(again.body == first.body)
        #expect(again["Idempotency-Replayed"] == "true")
        #expect(try page().marks.mapValues { $0.version } == versions)
        let other = try teacher.patch(path, json: self.body(before, shift: 2), headers: key)
        #expect(other.status == 422)
        #expect(other.code == "idempotency_key_reused")
        // The key belongs to its caller.
        let colleague = try server.session(of: try idOf("teacher"), roles: ["teacher"])
        #expect(try colleague.patch(path, json: body, headers: key).body == first.body)
    }

    @Test func refusalIsReplayedToo() throws {
        let body = """
            {"marks": [{"lesson_id": "\(ids.lesson)", "student_id": "\(ids.firstGrader)", "value": {"kind": "number", "number": 5}, "version": 0}]}
            """
        let first = try teacher.patch(path, json: body, headers: [("Idempotency-Key", "refused-1")])
        let again = try teacher.patch(path, json: body, headers: [("Idempotency-Key", "refused-1")])
        #expect(first.status == 409)
        #expect(again.status == 409)
        #expect(again.body == first.body)
    }

    private func idOf(_ login: String) throws -> String {
        try server.owner().query(
            "SELECT id FROM users WHERE school_id = $1 AND login = $2", [String(ids.school), login]
        ).first!
    }

    /// Two hundred edits of one cell by four writers, each with the version that the writer has seen: one writer wins
    /// each time, and no edit is lost.
    @Test func M5_concurrentEditsOfOneCellLoseNone() async throws {
        let student = ids.others[0]
        let page = try page()
        let start = page.marks[student]?.version ?? 0
        let wins = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask { @Sendable [teacher, path, ids] in
                    var seen = start
                    for edit in 0..<50 {
                        let answer = try teacher.patch(
                            path,
                            json: """
                                {"marks": [{"lesson_id": "\(ids.lesson)", "student_id": "\(student)", "version": \(seen),
                                  "value": {"kind": "number", "number": \(2 + (writer + edit) % 4)}, "comment": "\(writer)-\(edit)"}]}
                                """)
                        if answer.status == 200 {
                            wins.add()
                            seen = answer.json["marks"]![0]!["version"]!.int!
                        } else {
                            #expect(answer.code == "stale_version", "\(answer.text)")
                            seen = answer.json["errors"]![0]!["current"]!["version"]!.int!
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let final = try self.page().marks[student]!.version
        #expect(final == start + wins.value)
        #expect(wins.value >= 50)
    }

    @Test func endedSessionWritesNothing() throws {
        let client = try server.session(of: try idOf("teacher"), roles: ["teacher"])
        try server.owner().query(
            "UPDATE sessions SET ended_at = now() WHERE school_id = $1 AND app = 'test'", [String(ids.school)])
        let answer = try client.patch(path, json: body(try page(), shift: 1))
        #expect(answer.status == 401)
        #expect(answer.code == "invalid_token")
        #expect(answer["WWW-Authenticate"] == "Bearer error=\"invalid_token\"")
    }

    @Test func familiesReadTheWrittenMark() throws {
        let page = try page()
        let version = page.marks[ids.child]?.version ?? 0
        let number = page.marks[ids.child]?.number == 5 ? 4 : 5
        let answer = try teacher.patch(
            path,
            json: """
                {"marks": [{"lesson_id": "\(ids.lesson)", "student_id": "\(ids.child)", "value": {"kind": "number", "number": \(number)}, "comment": "Молодец", "version": \(version)}]}
                """)
        #expect(answer.status == 200, "\(answer.text)")
        let date = page.lesson["date"]!.string!
        let diary = try server.client("parent").get("/v1/students/\(ids.child)/diary?from=\(date)&to=\(date)").json
        let lesson = try #require(diary["lessons"]?.array.first { $0["id"]?.string == ids.lesson })
        #expect(
            lesson["marks"]!.array.contains {
                $0["value"]?["number"]?.int == number && $0["comment"]?.string == "Молодец"
            })
    }
}

private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    func add() { count.add(1, ordering: .relaxed) }
}
