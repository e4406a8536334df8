import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Columns, one at a time and in a batch, and the plan of control works (M9) over the API.
@Suite(.serialized) struct LineItemsTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let teacher: TestClient
    let deputy: TestClient

    init() async throws {
        server = try await TestServer()
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
        deputy = try server.client("deputy")
    }

    private func category(control: Bool) throws -> String {
        try #require(
            try server.owner().query(
                "SELECT id FROM categories WHERE school_id = $1 AND is_control = $2 ORDER BY position LIMIT 1",
                [String(ids.school), control ? "t" : "f"]
            ).first)
    }

    private func person(_ login: String) throws -> String? {
        try server.owner().query(
            "SELECT id FROM users WHERE school_id = $1 AND login = $2", [String(ids.school), login]
        ).first
    }

    private func errors(_ answer: TestClient.Answer) -> [String] {
        (answer.json["errors"]?.array ?? []).map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" }
    }

    private func patch(_ path: String, _ json: String, _ tag: String = "*") throws -> TestClient.Answer {
        try teacher.patch(path, json: json, headers: [("If-Match", tag)])
    }

    private func delete(_ path: String, _ tag: String = "*") throws -> TestClient.Answer {
        try teacher.send("DELETE", path, headers: [("If-Match", tag)])
    }

    // MARK: Columns

    @Test func columnIsMadeChangedAndDeletedWithItsMarks() throws {
        let columns = "/v1/lessons/\(ids.lesson)/line-items"
        let made = try teacher.post(
            columns, json: #"{"category_id": "\#(try category(control: false))", "title": "Дроби"}"#)
        try #require(made.status == 201, "\(made.text)")
        let id = try #require(made.json["id"]?.string)
        let path = "/v1/line-items/\(id)"
        #expect(made["Location"]?.hasSuffix(path) == true && made["ETag"] == "\"v1\"")
        #expect(made.json["section_id"]?.string == ids.section)
        #expect(try teacher.get(path).text == made.text)
        #expect(
            try teacher.get("\(columns)?limit=200").json["items"]?.array.contains { $0["id"]?.string == id } == true)
        #expect(
            try teacher.get("\(columns)?include=total").json["total"]?.int
                == (try teacher.get(columns).json["items"]?.array.count))

        #expect(try teacher.patch(path, json: "{}").status == 428)
        #expect(try patch(path, #"{"weight": 2}"#, "\"v7\"").status == 412)
        let changed = try patch(path, #"{"weight": 1.5, "title": null}"#, "\"v1\"")
        #expect(changed.status == 200 && changed.json["version"]?.int == 2, "\(changed.text)")
        #expect(changed.json["title"]?.isNull == true)
        #expect(
            errors(try patch(path, #"{"weight": 0, "colour": 1}"#)) == [
                "/weight out_of_range", "/colour unknown_field",
            ])
        #expect(
            errors(try patch(path, #"{"category_id": "\#(DemoSchoolIDs.nothing)"}"#)) == [
                "/category_id unknown_reference"
            ])

        let journal = "/v1/sections/\(ids.section)/journal"
        let cell = #""line_item_id": "\#(id)", "student_id": "\#(ids.child)""#
        let mark = try teacher.patch(
            journal, json: #"{"marks": [{\#(cell), "version": 0, "value": {"kind": "number", "number": 3}}]}"#)
        try #require(mark.status == 200, "\(mark.text)")
        let feed = try FeedReader(try server.client("parent"), "/v1/students/\(ids.child)/changes")
        #expect(try delete(path, "\"v1\"").status == 412)
        #expect(try teacher.delete(path).status == 428)
        #expect(try delete(path, "\"v2\"").status == 204)
        #expect(try teacher.get(path).status == 404)
        #expect(try delete(path).status == 404)
        // M5: the mark is a tombstone with the next version, in its history and in the family's feed.
        let history = try teacher.get("/v1/marks/\(mark.json["marks"]![0]!["id"]!.string!)/history").json
        #expect(history["mark"]?["value"]?.isNull == true && history["mark"]?["version"]?.int == 2)
        #expect(try feed.read().contains { $0.entity == "marks" && $0.operation == "deleted" })
        let again = try teacher.patch(
            journal, json: #"{"marks": [{\#(cell), "version": 2, "value": {"kind": "number", "number": 3}}]}"#)
        #expect(again.status == 409, "\(again.text)")
    }

    @Test func batchDeletesAColumn() throws {
        let journal = "/v1/sections/\(ids.section)/journal"
        let columns = "/v1/lessons/\(ids.lesson)/line-items"
        let body = #"{"category_id": "\#(try category(control: false))"}"#
        let id = try #require(try teacher.post(columns, json: body).json["id"]?.string)
        let item = #""id": "\#(id)", "lesson_id": "\#(ids.lesson)", "deleted": true"#
        let stale = try teacher.patch(journal, json: #"{"line_items": [{\#(item), "version": 7}]}"#)
        #expect(stale.status == 409 && stale.code == "stale_version", "\(stale.text)")
        for status in ["applied", "unchanged"] {
            let answer = try teacher.patch(journal, json: #"{"line_items": [{\#(item), "version": 1}]}"#)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["line_items"]?[0]?["status"]?.string == status)
            #expect(answer.json["line_items"]?[0]?["version"]?.int == 2)
        }
        // A column that does not exist is not deleted, and a new one needs its category.
        let other = #"{"id": "\#(DemoSchoolIDs.nothing)", "lesson_id": "\#(ids.lesson)", "version": 0"#
        #expect(
            try teacher.patch(journal, json: #"{"line_items": [\#(other), "deleted": true}]}"#).code == "not_in_section"
        )
        #expect(
            errors(try teacher.patch(journal, json: #"{"line_items": [\#(other)}]}"#)) == [
                "/line_items/0/category_id required"
            ])
    }

    /// M4: the marks of the column may no longer be changed. The batch says which item it was.
    @Test(arguments: ["", "?partial=true"]) func m4OldColumnIsNotDeleted(_ query: String) throws {
        let old = try #require(
            try server.owner().query(
                """
                SELECT i.id, i.lesson_id, i.version FROM lessons l
                JOIN line_items i ON i.school_id = l.school_id AND i.lesson_id = l.id AND i.deleted_at IS NULL
                WHERE l.section_id = $1 AND l.date BETWEEN '2025-11-03' AND '2025-11-04'
                    AND EXISTS (SELECT FROM marks k WHERE k.line_item_id = i.id AND k.kind IS NOT NULL) LIMIT 1
                """, [ids.section]
            ).rows.first)
        let direct = try delete("/v1/line-items/\(old[0]!)")
        #expect(direct.status == 409 && direct.code == "edit_window_closed", "\(direct.text)")
        let item = #"{"id": "\#(old[0]!)", "lesson_id": "\#(old[1]!)", "version": \#(old[2]!), "deleted": true}"#
        let answer = try teacher.patch(
            "/v1/sections/\(ids.section)/journal\(query)", json: #"{"line_items": [\#(item)]}"#)
        if query.isEmpty {
            #expect(answer.code == "edit_window_closed" && errors(answer) == ["/line_items/0 edit_window_closed"])
        } else {
            #expect(
                answer.json["line_items"]?[0]?["problem"]?["code"]?.string == "edit_window_closed", "\(answer.text)")
        }
    }

    // MARK: Control works

    /// Lessons of the section to come where the rule allows a control work.
    private func allowed() throws -> [String] {
        try server.owner().query(
            """
            SELECT l.id FROM lessons l
            WHERE l.school_id = $1 AND l.section_id = $2 AND l.date > $3 AND l.state = 'planned'
                AND lyceum.control_work_reasons($1, l.id) IS NULL
            ORDER BY l.date
            """, [String(ids.school), ids.section, TestServer.today]
        ).rows.map { $0[0]! }
    }

    private func work(_ more: String = "") throws -> String {
        #"{"category_id": "\#(try category(control: true))"\#(more)}"#
    }

    /// Four control works on four days: the first is planned, the others are refused with their reason.
    @Test func m9FourControlWorksOnFourDays() throws {
        // The plan of the demo school leaves little room for other works.
        let owner = try server.owner()
        try owner.execute("SET lyceum.today = '\(TestServer.today)'")
        _ = try owner.query(
            """
            UPDATE line_items i SET deleted_at = now() FROM lessons l, categories c
            WHERE l.id = i.lesson_id AND i.school_id = $1 AND l.date > $2 AND c.id = i.category_id AND c.is_control
            """, [String(ids.school), TestServer.today])
        let lessons = try allowed().prefix(4)
        try #require(lessons.count == 4)
        let answers = try lessons.map { try teacher.post("/v1/lessons/\($0)/line-items", json: work()) }
        try #require(answers[0].status == 201, "\(answers[0].text)")
        #expect(answers[0].json["planned"]?.bool == true)
        for answer in answers[1...] {
            #expect(answer.status == 409 && answer.code == "control_work_not_allowed", "\(answer.text)")
            #expect(errors(answer).contains("/category_id within_17_days"))
            #expect(answer.json["errors"]?[0]?["lesson_id"]?.string == lessons[0])
            #expect(answer.json["errors"]?[0]?["date"]?.string != nil)
        }

        // The same in a batch, which says where.
        let journal = "/v1/sections/\(ids.section)/journal"
        let item = """
            {"line_items": [{"id": "\(DemoSchoolIDs.nothing)", "lesson_id": "\(lessons[1])", "version": 0,
                "category_id": "\(try category(control: true))"}]}
            """
        let batch = try teacher.patch(journal, json: item)
        #expect(batch.status == 409 && batch.code == "control_work_not_allowed", "\(batch.text)")
        #expect(errors(batch) == ["/line_items/0 within_17_days"])
        let partial = try teacher.patch("\(journal)?partial=true", json: item).json["line_items"]?[0]
        #expect(partial?["problem"]?["code"]?.string == "control_work_not_allowed")
        #expect(partial?["problem"]?["detail"]?.string?.contains("17 дней") == true)

        // A deputy head plans control works, and may allow one against the rule.
        let path = "/v1/lessons/\(lessons[1])/line-items"
        #expect(try deputy.post(path, json: work()).code == "control_work_not_allowed")
        #expect(try teacher.post(path, json: work(#", "override_reason": "Надо""#)).status == 403)
        #expect(
            errors(try deputy.post(path, json: work(#", "override_reason": " ""#))) == ["/override_reason too_short"])
        let reason = #", "override_reason": "Дату назначило министерство""#
        let overridden = try deputy.post(path, json: work(reason))
        try #require(overridden.status == 201, "\(overridden.text)")
        #expect(overridden.json["overridden_by"]?.string == (try person("deputy")))
        let record = try server.owner().query(
            "SELECT after ->> 'override_reason' FROM audit_log WHERE entity = 'line_items' AND entity_id = $1",
            [overridden.json["id"]?.string])
        #expect(record.first == "Дату назначило министерство")

        // The plan is public. It names no student.
        let plan = "/v1/control-works?from=2025-11-20&to=2026-05-31&class_id=\(ids.class7A)&limit=200"
        for client in try [teacher, deputy, server.client("parent"), server.client("student"), server.client("admin")] {
            let items = try #require(try client.get(plan).json["items"]?.array)
            let works = items.filter { lessons.contains($0["lesson_id"]?.string ?? "") }
            #expect(works.map { $0["overridden"]?.bool } == [false, true])
            #expect(works[0]["group"]?["name"]?.string == "7А")
        }
        let page = try teacher.get("/v1/control-works?limit=1&include=total")
        #expect(page.json["next_cursor"]?.string != nil && (page.json["total"]?.int ?? 0) > 10)
        #expect(try teacher.get("/v1/control-works?from=2025-11-20").status == 400)
        #expect(try teacher.get("/v1/control-works?class_id=\(DemoSchoolIDs.nothing)").json["items"]?.array.count == 0)
    }

    /// A4: heads and deputy heads write no marks, and change nothing that marks count for.
    @Test func a4DeputyHeadsOnlyPlanControlWorks() throws {
        let columns = "/v1/lessons/\(ids.lesson)/line-items"
        let answer = #"{"category_id": "\#(try category(control: false))"}"#
        #expect(try deputy.post(columns, json: answer).code == "not_your_lesson")
        let id = try #require(try teacher.post(columns, json: answer).json["id"]?.string)
        let version = [("If-Match", "*")]
        for body in [#"{"weight": 5}"#, #"{"title": "Дроби"}"#, #"{"override_reason": "Надо"}"#, try work()] {
            let refused = try deputy.patch("/v1/line-items/\(id)", json: body, headers: version)
            #expect(refused.status == 409 && refused.code == "not_your_lesson", "\(refused.text)")
        }
        #expect(try deputy.send("DELETE", "/v1/line-items/\(id)", headers: version).status == 403)
        #expect(try teacher.get("/v1/line-items/\(id)").json["version"]?.int == 1)
        // Of another teacher's section
        let other = try server.owner().query(
            "SELECT i.id FROM line_items i WHERE i.section_id = $1 LIMIT 1", [ids.otherSection])
        #expect(try teacher.get("/v1/line-items/\(other.first!)").status == 404)
        #expect(try delete("/v1/line-items/\(other.first!)").status == 404)
    }

    /// A deputy head allows an existing control work: then its lesson may be moved.
    @Test func m9DeputyHeadAllowsAnExistingWork() throws {
        let work = try #require(
            try server.owner().query(
                """
                SELECT i.id FROM line_items i JOIN categories c ON c.id = i.category_id AND c.is_control
                JOIN lessons l ON l.id = i.lesson_id
                WHERE l.section_id = $1 AND i.deleted_at IS NULL ORDER BY l.date LIMIT 1
                """, [ids.section]
            ).first)
        let path = "/v1/line-items/\(work)"
        let allowed = try deputy.patch(
            path, json: #"{"override_reason": "Приказ 17"}"#, headers: [("If-Match", "*")])
        #expect(allowed.status == 200 && allowed.json["override_reason"]?.string == "Приказ 17", "\(allowed.text)")
        let withdrawn = try deputy.patch(path, json: #"{"override_reason": null}"#, headers: [("If-Match", "*")])
        #expect(withdrawn.json["override_reason"]?.isNull == true && withdrawn.json["overridden_by"]?.isNull == true)
    }

    // MARK: M1, M2

    private func section(_ condition: String) throws -> (id: String, teacher: TestClient) {
        let row = try #require(
            try server.owner().query(
                """
                SELECT s.id, t.teacher_id FROM sections s
                JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
                JOIN section_teachers t ON t.school_id = s.school_id AND t.section_id = s.id AND t.ends_on IS NULL
                WHERE s.school_id = $1 AND \(condition) ORDER BY s.id LIMIT 1
                """, [String(ids.school)]
            ).rows.first)
        return (row[0]!, try server.session(of: row[1]!, roles: ["teacher"]))
    }

    @Test(arguments: [
        ("s.grading = 'pass_fail'", ["pass", "fail"]), ("s.grading = 'none'", []), ("g.grade_level = 1", []),
        ("s.grading = 'marks' AND g.grade_level = 7", ["pass", "fail", "exempt", "owed", "not_assessed"]),
    ])
    func m2PageOffersTheCodesOfItsSection(_ condition: String, _ codes: [String]) throws {
        let (id, reader) = try section(condition)
        let items = try #require(try reader.get("/v1/sections/\(id)/journal").json["section"]?["codes"]?.array)
        #expect(items.map { $0["code"]?.string } == codes)
        #expect(
            items.filter { $0["finals_only"]?.bool == true }.map { $0["code"]?.string }
                == codes.filter { $0 == "not_assessed" })
        if codes.count == 2 { #expect(items.map { $0["label"]?.string } == ["зач", "незач"]) }
    }

    /// Grade 2 has codes from the second half year on.
    @Test(arguments: [("2025-10-01&to=2025-10-31", true), ("2026-02-01&to=2026-02-28", false)])
    func m1PageOfGrade2OffersCodesInTheSecondHalf(_ range: String, _ isEmpty: Bool) throws {
        let (id, reader) = try section("g.grade_level = 2 AND s.grading = 'marks' AND g.kind = 'class'")
        let page = try reader.get("/v1/sections/\(id)/journal?from=\(range)").json
        #expect(page["section"]?["codes"]?.array.isEmpty == isEmpty, "\(page)")
    }

    @Test func m1FeedbackInGrade1IsWords() throws {
        let (id, reader) = try section("g.grade_level = 1 AND g.kind = 'class'")
        let student = try #require(
            try reader.get("/v1/sections/\(id)/journal").json["students"]?.array.first { $0["to"]?.isNull == true })
        func write(_ text: String, _ version: Int = 0) throws -> TestClient.Answer {
            try reader.patch(
                "/v1/sections/\(id)/journal",
                json: """
                    {"feedback": [{"id": "\(DemoSchoolIDs.nothing)", "student_id": "\(student["id"]!.string!)",
                        "text": "\(text)", "version": \(version)}]}
                    """)
        }
        for text in ["5", "★★★", "Отлично!", "н/а"] {
            let answer = try write(text)
            #expect(answer.status == 409 && answer.code == "feedback_is_a_mark", "\(answer.text)")
            #expect(errors(answer) == ["/feedback/0 feedback_is_a_mark"])
        }
        #expect(try write("Читает целыми словами.").status == 200)
    }
}
