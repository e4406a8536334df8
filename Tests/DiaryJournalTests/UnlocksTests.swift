import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Unlocks and debts (M4) over the API: granted by a deputy head, seen in the journal at once, named in the history.
@Suite(.serialized) struct UnlocksTests {
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

    private var path: String { "/v1/sections/\(ids.section)/unlocks" }
    private var journal: String { "/v1/sections/\(ids.section)/journal" }

    private func body(
        from: String = "2025-10-06", to: String = "2025-10-17", until: String = "2025-12-01",
        reason: String = "Болел, приказ 17"
    ) -> String {
        #"{"starts_on": "\#(from)", "ends_on": "\#(to)", "expires_on": "\#(until)", "reason": "\#(reason)"}"#
    }

    /// A lesson of the first quarter with its column and two of its students: its window is over.
    private struct Closed {
        let lesson: String
        let column: String
        let students: [String]
    }

    private func closed() throws -> Closed {
        let row = try #require(
            try server.owner().query(
                """
                SELECT l.id, i.id FROM lessons l
                JOIN line_items i ON i.school_id = l.school_id AND i.lesson_id = l.id
                WHERE l.school_id = $1 AND l.section_id = $2 AND l.date BETWEEN '2025-10-06' AND '2025-10-17'
                    AND l.state = 'held' ORDER BY l.date DESC LIMIT 1
                """, [String(ids.school), ids.section]
            ).rows.first)
        let students = try server.owner().query(
            """
            SELECT m.student_id FROM sections s
            JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id
            WHERE s.school_id = $1 AND s.id = $2 AND m.starts_on < '2025-10-01' AND m.ends_on IS NULL
                AND NOT EXISTS (SELECT FROM marks k WHERE k.student_id = m.student_id AND k.line_item_id = $3)
            ORDER BY m.student_id LIMIT 3
            """, [String(ids.school), ids.section, row[1]]
        ).rows.map { $0[0]! }
        return Closed(lesson: row[0]!, column: row[1]!, students: students)
    }

    private func write(
        _ cell: Closed, _ student: Int, version: Int = 0, _ value: String = #"{"kind": "number", "number": 4}"#
    )
        -> String
    {
        """
        {"marks": [{"line_item_id": "\(cell.column)", "student_id": "\(cell.students[student])", "version": \(version),
            "value": \(value)}]}
        """
    }

    private func editableUntil(_ lesson: String) throws -> String? {
        let page = try teacher.get("\(journal)?from=2025-10-06&to=2025-10-17").json
        return try #require(page["lessons"]?.array.first { $0["id"]?.string == lesson })["editable_until"]?.string
    }

    private func error(_ answer: TestClient.Answer) -> String {
        "\(answer.status) \(answer.json["errors"]?[0]?["pointer"]?.string ?? "") \(answer.json["errors"]?[0]?["code"]?.string ?? "")"
    }

    @Test func m4UnlockOpensTheJournalAtOnceAndRevokingClosesIt() throws {
        let cell = try closed()
        // Twice, so that the page is a kept answer.
        let before = try editableUntil(cell.lesson)
        #expect(try editableUntil(cell.lesson) == before)
        #expect(try teacher.patch(journal, json: write(cell, 0)).code == "edit_window_closed")

        let made = try deputy.post(path, json: body())
        try #require(made.status == 201, "\(made.text)")
        let id = try #require(made.json["id"]?.string)
        #expect(made["Location"]?.hasSuffix("\(path)/\(id)") == true)
        let granter = try server.owner().query(
            "SELECT id FROM users WHERE school_id = $1 AND login = 'deputy'", [String(ids.school)]
        ).first
        #expect(made.json["granted_by"]?["id"]?.string == granter)
        #expect(made.json["revoked_at"]?.isNull == true)
        #expect(try editableUntil(cell.lesson) == "2025-12-01")
        let written = try teacher.patch(journal, json: write(cell, 0))
        try #require(written.status == 200, "\(written.text)")

        // The history of the mark names the unlock, for staff.
        let mark = try #require(written.json["marks"]?[0]?["id"]?.string)
        let unlock = try teacher.get("/v1/marks/\(mark)/history").json["items"]?.array.last?["unlock"]
        #expect(unlock?["id"]?.string == id)
        #expect(unlock?["reason"]?.string == "Болел, приказ 17")

        // Those who read the journal read its unlocks.
        for client in [teacher, deputy, try server.client("head")] {
            #expect(try client.get("\(path)/\(id)").json["reason"]?.string == "Болел, приказ 17")
            #expect(try client.get(path).json["items"]?[0]?["id"]?.string == id)
        }
        let tag = try #require(try teacher.get("\(path)/\(id)")["ETag"])
        #expect(try teacher.get("\(path)/\(id)", headers: [("If-None-Match", tag)]).status == 304)

        for _ in 1...2 { #expect(try deputy.delete("\(path)/\(id)").status == 204) }
        #expect(try editableUntil(cell.lesson) == before)
        let again = try teacher.patch(journal, json: write(cell, 1))
        #expect(again.status == 409 && again.code == "edit_window_closed", "\(again.text)")
        let revoked = try teacher.get("\(path)/\(id)").json
        #expect(revoked["revoked_at"]?.string != nil)
        #expect(revoked["revoked_by"]?["id"]?.string == made.json["granted_by"]?["id"]?.string)

        // A5: both are in the audit log.
        let records = try server.owner().query(
            "SELECT action FROM audit_log WHERE entity = 'unlocks' AND entity_id = $1 AND changed_by = $2 ORDER BY id",
            [id, made.json["granted_by"]?["id"]?.string]
        ).rows.map { $0[0] }
        #expect(records == ["insert", "update"])
    }

    @Test func m4FeedTellsOfUnlocks() throws {
        let feeds = try [teacher, deputy].map { try FeedReader($0, "/v1/changes", "&include=data") }
        let other = try FeedReader(try server.session(of: stranger(), roles: ["teacher"]))
        let id = try #require(try deputy.post(path, json: body()).json["id"]?.string)
        for feed in feeds {
            let item = try #require(try feed.read().first { $0.entity == "unlocks" })
            #expect(item.id == id && item.operation == "made")
            #expect(item.data?["expires_on"]?.string == "2025-12-01")
        }
        #expect(try deputy.delete("\(path)/\(id)").status == 204)
        for feed in feeds {
            let item = try #require(try feed.read().first { $0.entity == "unlocks" })
            #expect(item.operation == "changed" && item.data?["revoked_at"]?.string != nil)
        }
        #expect(try other.read().allSatisfy { $0.entity != "unlocks" })
    }

    /// A teacher who does not read the section.
    private func stranger() throws -> String {
        try #require(
            try server.owner().query(
                """
                SELECT t.teacher_id FROM section_teachers t
                WHERE t.school_id = $1 AND NOT lyceum.reads_section($1, t.teacher_id, $2)
                    AND NOT EXISTS (SELECT FROM class_teachers c WHERE c.teacher_id = t.teacher_id)
                ORDER BY t.teacher_id LIMIT 1
                """, [String(ids.school), ids.section]
            ).first)
    }

    @Test func m4UnlockNeedsItsFieldsAndARightOfItsOwn() throws {
        let cases = [
            ("{}", "422 /starts_on required"),
            (body(reason: " "), "422 /reason too_short"),
            (body(from: "2025-10-18"), "422 /ends_on before_start"),
            (body(until: "2025-11-18"), "422 /expires_on in_the_past"),
            (body(from: "2025-08-01"), "422 /starts_on outside_year"),
            (body(from: "x"), "422 /starts_on not_a_date"),
        ]
        for (body, wanted) in cases { #expect(try error(deputy.post(path, json: body)) == wanted) }
        let missing = try deputy.post(
            path, json: #"{"starts_on": "2025-10-06", "ends_on": "2025-10-06", "expires_on": "2025-12-01"}"#)
        #expect(error(missing) == "422 /reason required")
        #expect(try teacher.post(path, json: body()).status == 403)
        #expect(try deputy.post("/v1/sections/\(DemoSchoolIDs.nothing)/unlocks", json: body()).status == 404)
        #expect(try deputy.delete("\(path)/\(DemoSchoolIDs.nothing)").status == 404)
        #expect(try server.session(of: stranger(), roles: ["teacher"]).get(path).status == 404)
    }

    @Test func m4RepeatedGrantIsOneUnlock() throws {
        let key = [("Idempotency-Key", "grant-1")]
        let first = try deputy.post(path, json: body(), headers: key)
        let second = try deputy.post(path, json: body(), headers: key)
        #expect(first.status == 201 && second.status == 201)
        #expect(first.json["id"] == second.json["id"])
    }

    // MARK: Debts

    /// Written when the lesson could be edited.
    private func owe(_ cell: Closed, _ student: Int, until day: String) throws {
        let owner = try server.owner()
        try owner.execute("SET lyceum.today = '2025-10-17'")
        _ = try owner.query(
            """
            INSERT INTO marks (school_id, id, line_item_id, student_id, kind, code, due_on)
            VALUES ($1, gen_random_uuid(), $2, $3, 'code', 'owed', $4)
            """, [String(ids.school), cell.column, cell.students[student], day])
    }

    private func close(on day: String) throws {
        _ = try server.owner().query(
            """
            UPDATE terms SET marks_close_on = $2
            WHERE school_id = $1 AND starts_on <= '2025-10-06' AND ends_on BETWEEN '2025-10-17' AND '2025-11-10'
            """, [String(ids.school), day])
    }

    @Test func m4DebtIsPaidAfterTheWindowButNotAfterTheClose() throws {
        let cell = try closed()
        try close(on: "2025-11-30")
        for student in 0...1 { try owe(cell, student, until: "2025-11-20") }
        // The window has closed, also for a mark that is not owed.
        #expect(try teacher.patch(journal, json: write(cell, 2)).code == "edit_window_closed")
        let prolonged = write(cell, 0, version: 1, #"{"kind": "code", "code": "owed", "due_on": "2025-11-29"}"#)
        #expect(try teacher.patch(journal, json: prolonged).code == "edit_window_closed")
        let paid = try teacher.patch(journal, json: write(cell, 0, version: 1))
        #expect(paid.status == 200, "\(paid.text)")

        try close(on: "2025-11-18")
        let late = try teacher.patch(journal, json: write(cell, 1, version: 1))
        #expect(late.status == 409 && late.code == "edit_window_closed", "\(late.text)")

        let unlock = try #require(try deputy.post(path, json: body()).json["id"]?.string)
        let unlocked = try teacher.patch(journal, json: write(cell, 1, version: 1))
        try #require(unlocked.status == 200, "\(unlocked.text)")
        let history = try teacher.get("/v1/marks/\(unlocked.json["marks"]![0]!["id"]!.string!)/history").json["items"]!
            .array
        #expect(history.map { $0["unlock"]?["id"]?.string } == [nil, unlock])
        #expect(try deputy.delete("\(path)/\(unlock)").status == 204)
    }

    /// A partial batch asks the rules of each item itself.
    @Test func m4PartialBatchPaysTheDebtAndRefusesTheRest() throws {
        let cell = try closed()
        try close(on: "2025-11-30")
        try owe(cell, 2, until: "2025-11-19")
        let items = [(0, 0), (2, 1)].map { student, version in
            """
            {"line_item_id": "\(cell.column)", "student_id": "\(cell.students[student])", "version": \(version),
                "value": {"kind": "number", "number": 3}}
            """
        }
        let answer = try teacher.patch(
            "\(journal)?partial=true", json: "{\"marks\": [\(items.joined(separator: ","))]}")
        #expect(answer.json["marks"]!.array.map { $0["status"]?.string } == ["refused", "applied"], "\(answer.text)")
    }

    @Test func m4DebtIsNotDueAfterTheClose() throws {
        let debt = """
            {"marks": [{"lesson_id": "\(ids.lesson)", "student_id": "\(ids.others[0])", "version": 0,
                "value": {"kind": "code", "code": "owed", "due_on": "2026-02-01"}}]}
            """
        for path in [journal, journal + "?partial=true"] {
            let answer = try teacher.patch(path, json: debt)
            let code = answer.status == 200 ? answer.json["marks"]?[0]?["problem"]?["code"]?.string : answer.code
            // The student may have a mark at the lesson.
            #expect(code == "due_after_close" || code == "stale_version", "\(answer.text)")
        }
    }
}
