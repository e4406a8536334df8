import Crypto
import Diary
import DiaryExchange
import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// What a program needs to keep a copy: broken streams that continue, and increments that lose nothing.
@Suite(.serialized) struct ExportIncrementTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let deputy: ExportReader

    init() async throws {
        server = try await TestServer.of(Self.self) {
            let server = try await TestServer()
            // M4: all marks of the year may be changed.
            try server.owner().execute(
                """
                UPDATE school_settings SET edit_window_days = 90;
                UPDATE terms SET marks_close_on = greatest(marks_close_on, '2025-12-31')
                """)
            return server
        }
        ids = try DemoSchoolIDs(server)
        deputy = ExportReader(client: try server.client("deputy"))
    }

    private func owner() throws -> BlockingConnection {
        let owner = try server.owner()
        try owner.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
        return owner
    }

    // MARK: Broken streams

    /// The part up to the last complete line, and the id in it.
    private static func complete(_ content: [UInt8], _ idAt: Int) -> (content: ArraySlice<UInt8>, id: String) {
        let end = content.lastIndex(of: 10)! + 1
        let start = content[..<(end - 1)].lastIndex(of: 10)! + 1
        return (content[..<end], String(decoding: content[(start + idAt)...].prefix(36), as: UTF8.self))
    }

    /// Nothing has changed: the two parts are the bytes of one whole answer.
    @Test(arguments: [
        ("marks?format=csv", 0), ("marks?format=ndjson", 7), ("marks?format=csv&pseudonymous=true", 0),
        ("attendance?from=2025-10-01&to=2025-11-19&bom=true", 0),
    ])
    func aBrokenStreamContinues(_ path: String, _ idAt: Int) throws {
        let whole = try deputy.answer(path)
        try #require(whole.body.count > 1_000_000)
        for size in [20_000, 400_000] {
            let broken = try deputy.broken(path, after: size)
            let (part, id) = Self.complete(broken.content, idAt)
            #expect(part.count < whole.body.count)
            let rest = try deputy.answer("\(path)&after=\(id)&watermark=\(broken.watermark)")
            let isSame = part + rest.body == whole.body
            #expect(isSame, "\(part.count) + \(rest.body.count) bytes, \(whole.body.count) in one")
            #expect(rest["Lyceum-Watermark"] == broken.watermark, "the first watermark stands")
            #expect(rest["Lyceum-Continuation"] == "unchanged")
            if path.contains("csv") { #expect(rest["Content-Type"]?.hasSuffix("header=absent") == true) }
        }
        let end = try #require(try deputy.table(path.replacing("ndjson", with: "csv")).rows.last?[0])
        let nothing = try deputy.answer("\(path)&after=\(end)&watermark=\(whole["Lyceum-Watermark"]!)")
        #expect(nothing.body.isEmpty && nothing.trailers.map { $0.value } == ["0"])
    }

    /// An increment is a stream like the others.
    @Test func aBrokenIncrementContinues() throws {
        let owner = try owner()
        let before = try deputy.table("marks").watermark
        try owner.query(
            """
            UPDATE marks SET comment = 'Проверено' WHERE id IN (
                SELECT id FROM marks WHERE school_id = $1 AND kind IS NOT NULL ORDER BY id LIMIT 4000
            )
            """, [String(ids.school)])
        let path = "marks?updated_since=\(before)"
        let whole = try deputy.answer(path).body
        let broken = try deputy.broken(path, after: 300_000)
        let (part, id) = Self.complete(broken.content, 0)
        let rest = try deputy.answer("\(path)&after=\(id)&watermark=\(broken.watermark)")
        let isSame = part + rest.body == whole
        #expect(isSame)
    }

    /// Rows change before and behind the break: the continued stream says so, and the next increment brings them.
    @Test func aBrokenStreamLosesNothingWhenRowsChange() throws {
        let owner = try owner()
        let broken = try deputy.broken("marks", after: 200_000)
        let (part, id) = Self.complete(broken.content, 0)
        let sides = ["<", ">"].map {
            "SELECT id FROM marks WHERE school_id = \(ids.school) AND kind IS NOT NULL AND id \($0) '\(id)' ORDER BY id"
        }
        for side in sides {
            try owner.execute("UPDATE marks SET comment = 'Потом' WHERE id IN (\(side) LIMIT 3)")
            try owner.execute(
                "UPDATE marks SET kind = NULL, number = NULL, code = NULL, due_on = NULL WHERE id IN (\(side) OFFSET 3 LIMIT 2)"
            )
            try owner.execute("UPDATE marks SET published_at = NULL WHERE id IN (\(side) OFFSET 5 LIMIT 2)")
        }
        // A new row with an id before the break.
        try owner.execute(
            """
            INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number)
            SELECT i.school_id, '00000000-0000-7000-8000-000000000001', i.id, m.student_id, 'number', 4
            FROM line_items i JOIN sections s ON s.id = i.section_id JOIN group_members m ON m.group_id = s.group_id
            WHERE i.lesson_id = '\(ids.lesson)' AND i.deleted_at IS NULL AND lyceum.holds(m.starts_on, m.ends_on, lyceum.today())
                AND NOT EXISTS (SELECT FROM marks k WHERE k.line_item_id = i.id AND k.student_id = m.student_id)
            LIMIT 1
            """)
        let rest = try deputy.answer("marks?after=\(id)&watermark=\(broken.watermark)")
        #expect(rest["Lyceum-Continuation"] == "changed")
        #expect(rest["Lyceum-Watermark"] == broken.watermark)
        let records = try ExportReader.records(Array(part) + rest.body)
        var copy = ExportReader.Copy()
        copy.apply(.init(watermark: broken.watermark, columns: records[0], rows: Array(records.dropFirst())))
        let isStale = try copy != deputy.copy("marks")
        #expect(isStale)
        let delta = try deputy.table("marks?updated_since=\(broken.watermark)")
        #expect(delta.rows.count < 100, "\(delta.rows.count)")
        copy.apply(delta)
        let isCurrent = try copy == deputy.copy("marks")
        #expect(isCurrent)
    }

    /// The log does not reach back that far; or the database has another history.
    @Test func anExpiredWatermarkIsRefused() throws {
        let epoch = try #require(try owner().query("SELECT lyceum.change_epoch()").first)
        for text in ["1.\(epoch).5:0:", "1.\(epoch).4611686018427387905:0:", "1.00000000.5:0:"] {
            let watermark = Base64.url.encode(Array(text.utf8))
            for path in ["marks?updated_since=\(watermark)", "marks?after=\(ids.mark)&watermark=\(watermark)"] {
                let answer = try deputy.client.get("/v1/exports/\(path)")
                #expect(answer.status == 410 && answer.code == "cursor_expired", "\(answer.text)")
            }
        }
    }

    // MARK: Increments

    /// Each change that a row shows, in its own table or in another one, as SQL of the owner; `$1` is the row.
    @Test(arguments: [
        ("terms", "UPDATE terms SET name = name || '!' WHERE id = $1"),
        ("subjects", "UPDATE subjects SET name = name || '!' WHERE id = $1"),
        ("classes", "UPDATE classes SET profile = 'Иной' WHERE id = $1"),
        ("classes", "UPDATE class_teachers SET starts_on = starts_on - 1 WHERE class_id = $1"),
        ("groups", "UPDATE groups SET name = name || '!' WHERE id = $1"),
        ("groups", "UPDATE group_members SET ends_on = '2026-01-31' WHERE group_id = $1"),
        (
            "groups",
            "DELETE FROM group_members WHERE group_id = $1 AND student_id = (SELECT min(student_id::text)::uuid FROM group_members WHERE group_id = $1)"
        ),
        ("sections", "UPDATE sections SET name = name || '!' WHERE id = $1"),
        ("sections", "UPDATE section_teachers SET starts_on = starts_on - 1 WHERE section_id = $1"),
        ("sections", "DELETE FROM section_teachers WHERE section_id = $1"),
        ("staff", "UPDATE staff SET phone = '+7 1' WHERE id = $1"),
        ("staff", "UPDATE users SET last_name = last_name || 'а' WHERE id = $1"),
        ("staff", "DELETE FROM user_roles WHERE user_id = $1"),
        ("students", "UPDATE students SET address = 'Иной' WHERE id = $1"),
        ("students", "UPDATE users SET external_id = 'X' || id WHERE id = $1"),
        ("students", "UPDATE enrollments SET reason = 'Приказ' WHERE student_id = $1"),
        ("guardians", "UPDATE guardians SET workplace = 'Завод' WHERE id = $1"),
        ("guardians", "UPDATE guardianships SET access = 'none', basis = 'Решение суда' WHERE guardian_id = $1"),
        ("guardians", "DELETE FROM guardianships WHERE guardian_id = $1"),
        ("enrollments", "UPDATE enrollments SET reason = 'Приказ' WHERE id = $1"),
        ("lessons", "UPDATE lessons SET topic = topic || '!' WHERE id = $1"),
        ("lessons", "UPDATE schools SET name = name || '!' WHERE id = (SELECT school_id FROM lessons WHERE id = $1)"),
        ("homework", "UPDATE homework SET text = text || '!' WHERE id = $1"),
        (
            "homework",
            "UPDATE lessons SET topic = topic || '!' WHERE id = (SELECT lesson_id FROM homework WHERE id = $1)"
        ),
        ("marks", "UPDATE marks SET comment = 'Иной' WHERE id = $1"),
        ("marks", "UPDATE line_items SET title = 'Иной' WHERE id = (SELECT line_item_id FROM marks WHERE id = $1)"),
        (
            "marks",
            "UPDATE lessons SET topic = topic || '!' WHERE id = (SELECT i.lesson_id FROM line_items i JOIN marks m ON m.line_item_id = i.id WHERE m.id = $1)"
        ),
        ("attendance", "UPDATE attendance SET comment = 'Иной' WHERE id = $1"),
        (
            "attendance",
            "UPDATE lessons SET topic = topic || '!' WHERE id = (SELECT lesson_id FROM attendance WHERE id = $1)"
        ),
        ("finals", "UPDATE final_marks SET published_at = published_at - interval '1 second' WHERE id = $1"),
    ])
    func whatARowShowsIsNotMissed(_ noun: String, _ change: String) throws {
        let id = try #require(try row(noun))
        let before = try deputy.table("terms").watermark
        #expect(try deputy.table("\(noun)?updated_since=\(before)").rows.isEmpty)
        let owner = try owner()
        #expect(try !owner.query("\(change) RETURNING 1", [id]).rows.isEmpty, "the change finds a row")
        let delta = try deputy.table("\(noun)?updated_since=\(before)")
        #expect(delta.column("id").contains(id))
        let fresh = try deputy.table(Self.recent(noun))
        #expect(fresh.column("id").contains(id))
        let current = Set(fresh.rows.map { $0.joined(separator: "|") })
        let told = delta.rows.filter { $0[0] == id }.map { $0.joined(separator: "|") }
        #expect(told.count == 1 && current.contains(told[0]), "the row is that of now: \(told)")
    }

    /// The days of the last weeks, so that the answers are short.
    private static func recent(_ noun: String) -> String {
        ["lessons", "homework", "marks", "attendance"].contains(noun)
            ? "\(noun)?from=2025-11-10&to=2025-11-19" : "\(noun)?format=csv"
    }

    /// A group with two members and without records.
    private func makeGroup() throws {
        var identifiers = UUIDv7()
        let group = identifiers.next()
        try owner().execute(
            """
            INSERT INTO groups (school_id, id, academic_year_id, kind, name)
            SELECT school_id, '\(group)', academic_year_id, 'cross', 'Хор \(group)' FROM sections WHERE id = '\(ids.section)';
            INSERT INTO group_members (school_id, id, group_id, student_id, starts_on)
            SELECT \(ids.school), gen_random_uuid(), '\(group)', s, '2025-11-01'
            FROM unnest('{\(ids.others[0]),\(ids.others[1])}'::uuid[]) s
            """)
    }

    /// A row of the noun that has what the changes need.
    private func row(_ noun: String) throws -> String? {
        if noun == "groups" { try makeGroup() }
        let table = noun == "finals" ? "final_marks" : noun
        let condition =
            switch noun {
            case "classes": "AND EXISTS (SELECT FROM class_teachers t WHERE t.class_id = x.id)"
            case "groups": "AND name LIKE 'Хор %'"
            case "sections": "AND EXISTS (SELECT FROM section_teachers t WHERE t.section_id = x.id)"
            case "staff":
                "AND (SELECT login FROM users u WHERE u.id = x.id) IS NULL AND EXISTS (SELECT FROM user_roles r WHERE r.user_id = x.id)"
            case "guardians": "AND EXISTS (SELECT FROM guardianships g WHERE g.guardian_id = x.id)"
            case "lessons": "AND date = '2025-11-18' AND state = 'held'"
            case "homework":
                "AND deleted_at IS NULL AND (SELECT date FROM lessons l WHERE l.id = x.lesson_id) = '2025-11-18'"
            case "attendance":
                "AND meaning IS NOT NULL AND (SELECT date FROM lessons l WHERE l.id = x.lesson_id) = '2025-11-18'"
            case "marks":
                """
                AND kind IS NOT NULL AND published_at <= now() AND '2025-11-18' = (
                    SELECT l.date FROM lessons l JOIN line_items i ON i.lesson_id = l.id WHERE i.id = x.line_item_id
                )
                """
            case "finals": "AND value_kind IS NOT NULL AND published_at <= now()"
            default: ""
            }
        return try server.owner().query(
            "SELECT id FROM \(table) x WHERE school_id = $1 \(condition) ORDER BY id DESC LIMIT 1", [String(ids.school)]
        ).first
    }

    /// Rows that are gone, each in the way of its table.
    @Test func deletionsCome() throws {
        let owner = try owner()
        func gone(_ noun: String, _ sql: String, _ wanted: (ExportReader.Table, Int) -> Bool = { _, _ in true }) throws
        {
            let before = try deputy.table(Self.recent(noun))
            let row = try #require(before.rows.indices.last { wanted(before, $0) }, "\(noun)")
            let id = before.rows[row][0]
            try owner.query(sql, [id])
            let delta = try deputy.table("\(noun)?updated_since=\(before.watermark)")
            let deleted = delta.rows.filter { $0[0] == id }
            #expect(deleted.count == 1 && deleted[0].last == "true", "\(noun): \(delta.rows.prefix(3))")
            #expect(deleted[0].dropFirst().dropLast().allSatisfy { $0.isEmpty })
            #expect(try !deputy.table(Self.recent(noun)).column("id").contains(id))
            let line = try deputy.lines("\(noun)?updated_since=\(before.watermark)").first { $0["id"]?.string == id }
            #expect(line?["deleted"]?.bool == true && line?["version"]?.isNull == true)
        }
        try owner.query(
            "INSERT INTO subjects (school_id, id, name) VALUES ($1, gen_random_uuid(), 'Латынь')", [String(ids.school)])
        try gone("subjects", "DELETE FROM subjects WHERE id = $1") { $0[$1, "name"] == "Латынь" }
        try gone(
            "marks",
            "UPDATE marks SET kind = NULL, number = NULL, code = NULL, due_on = NULL, comment = NULL WHERE id = $1")
        try gone(
            "attendance",
            "UPDATE attendance SET meaning = NULL, minutes = NULL, code_id = NULL, comment = NULL WHERE id = $1"
        ) { $0[$1, "decided_meaning"].isEmpty }
        try gone("homework", "UPDATE homework SET deleted_at = now() WHERE id = $1")
        try gone("finals", "UPDATE final_marks SET published_at = now() + interval '1 day' WHERE id = $1")
    }

    /// A column that is deleted takes its marks with it.
    @Test func theMarksOfADeletedColumnAreGone() throws {
        let owner = try owner()
        let item = try #require(
            try owner.query(
                """
                SELECT i.id FROM line_items i JOIN lessons l ON l.id = i.lesson_id
                WHERE i.school_id = $1 AND i.deleted_at IS NULL AND l.date BETWEEN '2025-11-12' AND '2025-11-18'
                    AND EXISTS (SELECT FROM marks m WHERE m.line_item_id = i.id AND m.kind IS NOT NULL)
                ORDER BY i.id LIMIT 1
                """, [String(ids.school)]
            ).first)
        let before = try deputy.table(Self.recent("marks"))
        let marks = Set(before.rows.filter { $0[before.columns.firstIndex(of: "line_item_id")!] == item }.map { $0[0] })
        try owner.query("UPDATE line_items SET deleted_at = now() WHERE id = $1", [item])
        let delta = try deputy.table("marks?updated_since=\(before.watermark)")
        #expect(!marks.isEmpty && Set(delta.rows.filter { $0.last == "true" }.map { $0[0] }) == marks)
    }

    /// A transaction that began before the pull and commits after it is in the next increment, whatever commits meanwhile.
    @Test func whatCommitsLateIsNotLost() throws {
        let early = try owner()
        let late = try owner()
        let marks = try deputy.table(Self.recent("marks")).column("id").prefix(2).map { $0 }
        try early.execute("BEGIN")
        try early.query("UPDATE marks SET comment = 'Рано' WHERE id = $1", [marks[0]])
        try late.query("UPDATE marks SET comment = 'Поздно' WHERE id = $1", [marks[1]])
        let table = try deputy.table(Self.recent("marks"))
        #expect(!table.column("comment").contains("Рано") && table.column("comment").contains("Поздно"))
        #expect(try deputy.table("marks?updated_since=\(table.watermark)").rows.isEmpty)
        try early.execute("COMMIT")
        let delta = try deputy.table("marks?updated_since=\(table.watermark)")
        #expect(delta.column("id") == [marks[0]] && delta.column("comment") == ["Рано"])
    }

    /// Writers commit while the pulls run; a copy that is pulled and then kept by increments ends like a fresh one.
    @Test func concurrentCommitsAreNotLost() throws {
        let school = String(ids.school)
        let url = server.database.ownerURL
        let today = TestServer.today
        let marks = try owner().query(
            "SELECT id FROM marks WHERE school_id = $1 AND kind IS NOT NULL AND published_at <= now() ORDER BY id LIMIT 400",
            [school]
        ).rows.map { $0[0]! }
        let writers = (0..<3).map { writer in
            WorkThread { () -> String? in
                do {
                    let connection = try BlockingConnection(url: url)
                    try connection.query(
                        "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
                        [today, school])
                    for round in 0..<40 {
                        let own = stride(from: writer, to: marks.count, by: 3).map { marks[$0] }
                        try connection.execute("BEGIN")
                        for step in 0..<3 {
                            let mark = own[(round * 3 + step) % own.count]
                            if (round + step) % 4 == 0 {
                                try connection.query("UPDATE marks SET published_at = NULL WHERE id = $1", [mark])
                            } else {
                                try connection.query(
                                    "UPDATE marks SET published_at = now(), comment = $2 WHERE id = $1",
                                    [mark, "\(writer) \(round)"])
                            }
                        }
                        try connection.execute(round % 5 == 4 ? "ROLLBACK" : "COMMIT")
                    }
                    return nil
                } catch {
                    return "\(error)"
                }
            }
        }
        let first = try deputy.table("marks")
        var copy = ExportReader.Copy()
        copy.apply(first)
        var watermark = first.watermark
        for _ in 0..<10 {
            let delta = try deputy.table("marks?updated_since=\(watermark)")
            copy.apply(delta)
            watermark = delta.watermark
        }
        for writer in writers { #expect(writer.join() == nil) }
        copy.apply(try deputy.table("marks?updated_since=\(watermark)"))
        let isCurrent = try copy == deputy.copy("marks")
        #expect(isCurrent)
    }
}
