import Crypto
import Diary
import DiaryExchange
import DiaryTestSupport
import JSON
import Postgres
import Testing

/// What exports do not show, to whom they show people, and what they record (A1, K2, M12).
@Suite(.serialized) struct ExportPrivacyTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let deputy: ExportReader

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        deputy = ExportReader(client: try server.client("deputy"))
    }

    /// The owner, in the school and on the day of the tests.
    private func owner() throws -> BlockingConnection {
        let owner = try server.owner()
        try owner.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
        return owner
    }

    /// A few days for nouns with days, so that the answers are short.
    private static func path(_ noun: String) -> String {
        ["lessons", "homework", "marks", "attendance"].contains(noun)
            ? "\(noun)?from=2025-11-10&to=2025-11-12&" : "\(noun)?"
    }

    /// Exports of people need both scopes, unless they are pseudonymous.
    @Test func integrationsNeedTheirScopes() throws {
        let school = try AppSchool(server)
        let exports = try school.program("Exports", ["exports.read"])
        let both = try school.program("Both", ["exports.read", "people.read"])
        let people = try school.program("People", ["people.read", "journal.read", "school.read"])
        #expect(try exports.get("/v1/exports/finals").status == 200)
        for noun in ["students", "guardians", "staff"] {
            let refused = try exports.get("/v1/exports/\(noun)")
            #expect(refused.status == 403 && refused.code == "insufficient_scope")
            #expect(refused["WWW-Authenticate"]?.contains("people.read") == true)
            #expect(try exports.get("/v1/exports/\(noun)?pseudonymous=true").status == 200)
            #expect(try both.get("/v1/exports/\(noun)").status == 200)
            #expect(try people.get("/v1/exports/\(noun)").status == 403)
        }
    }

    /// M12: held back for everybody, also for those who see it in the journal, until its time comes.
    @Test func m12AMarkThatIsHeldBackIsAbsent() throws {
        let owner = try owner()
        let program = ExportReader(client: try AppSchool(server).program("M12", ["exports.read", "journal.read"]))
        let head = ExportReader(client: try server.client("head"))
        let day = try #require(try owner.query("SELECT date FROM lessons WHERE id = $1", [ids.lesson]).first)
        let path = "marks?from=\(day)&to=\(day)"
        let id = "0198d491-0000-7000-8000-000000000012"
        let before = try deputy.table(path).watermark
        try owner.query(
            """
            INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number, published_at)
            SELECT i.school_id, '\(id)', i.id, $2, 'number', 2, NULL
            FROM line_items i
            WHERE i.lesson_id = $1 AND i.deleted_at IS NULL
                AND NOT EXISTS (SELECT FROM marks m WHERE m.line_item_id = i.id AND m.student_id = $2)
            LIMIT 1
            """, [ids.lesson, try absentee(owner)])
        for reader in [deputy, head, program] {
            #expect(try !reader.answer(path).text.contains(id))
            // Not even its id: a deletion would tell that it exists.
            #expect(try !reader.answer("marks?updated_since=\(before)").text.contains(id))
            #expect(
                try !reader.answer("marks?format=ndjson&pseudonymous=true&updated_since=\(before)").text.contains(id))
        }
        try owner.query("UPDATE marks SET number = 3 WHERE id = $1", [id])
        try owner.query(
            "UPDATE line_items SET title = 'Новый' WHERE id = (SELECT line_item_id FROM marks WHERE id = $1)", [id])
        #expect(try !deputy.answer("marks?updated_since=\(before)").text.contains(id))
        // The time of publication comes, and the background work tells it.
        try owner.query("UPDATE marks SET published_at = clock_timestamp() + interval '30 ms' WHERE id = $1", [id])
        let held = try deputy.table(path)
        while try owner.query("SELECT published_at > clock_timestamp() FROM marks WHERE id = $1", [id]).first == "t" {}
        try owner.query("SELECT lyceum.publish('marks', $1)", [id])
        let delta = try deputy.table("marks?updated_since=\(held.watermark)")
        #expect(delta.rows.map { [$0[0], $0.last] } == [[id, "false"]])
        #expect(try deputy.answer(path).text.contains(id))
        // Held back again, it is deleted for those who had it.
        try owner.query("UPDATE marks SET published_at = NULL WHERE id = $1", [id])
        let again = try deputy.table("marks?updated_since=\(delta.watermark)")
        #expect(again.rows.map { [$0[0], $0[1], $0.last] } == [[id, "", "true"]])
        #expect(try !deputy.answer(path).text.contains(id))
        #expect(try !deputy.answer("marks?updated_since=\(again.watermark)").text.contains(id))
    }

    /// A student of the section without a mark in the last lesson.
    private func absentee(_ owner: BlockingConnection) throws -> String {
        try #require(
            try owner.query(
                """
                SELECT m.student_id FROM sections s JOIN group_members m ON m.group_id = s.group_id
                WHERE s.id = $1 AND lyceum.holds(m.starts_on, m.ends_on, $3)
                    AND NOT EXISTS (
                        SELECT FROM marks k JOIN line_items i ON i.id = k.line_item_id
                        WHERE i.lesson_id = $2 AND k.student_id = m.student_id
                    )
                ORDER BY m.student_id LIMIT 1
                """, [ids.section, ids.lesson, TestServer.today]
            ).first)
    }

    @Test func m12AFinalMarkThatIsHeldBackIsAbsent() throws {
        let owner = try owner()
        let table = try deputy.table("finals")
        let id = table.rows[0][0]
        try owner.query("UPDATE final_marks SET published_at = NULL WHERE id = $1", [id])
        let delta = try deputy.table("finals?updated_since=\(table.watermark)")
        #expect(delta.rows.map { [$0[0], $0[1], $0.last] } == [[id, "", "true"]])
        #expect(try !deputy.answer("finals").text.contains(id))
        try owner.query("UPDATE final_marks SET published_at = now() + interval '1 day' WHERE id = $1", [id])
        #expect(try !deputy.answer("finals?updated_since=\(delta.watermark)").text.contains(id))
    }

    /// K2: each profile in an export is a reading of its own; those of pseudonymous exports show none.
    @Test func K2_eachProfileIsRecorded() throws {
        func readings(_ request: String) throws -> Set<String> {
            Set(
                try server.owner().query(
                    "SELECT entity_id FROM audit_log WHERE school_id = $1 AND action = 'read' AND request_id = $2",
                    [String(ids.school), request]
                ).rows.compactMap { $0[0] })
        }
        let program = try AppSchool(server).program("K2", ["exports.read", "people.read"])
        for (name, client) in [("deputy", deputy.client), ("program", program), ("admin", try server.client("admin"))] {
            let answer = try client.get(
                "/v1/exports/students?class_id=\(ids.class7A)", headers: [("X-Request-Id", "export-\(name)")])
            let table = try ExportReader.records(answer.body).dropFirst().map { $0[0] }
            #expect(try readings("export-\(name)") == Set(table) && table.count > 20, "\(name)")
            _ = try client.get("/v1/exports/students?pseudonymous=true", headers: [("X-Request-Id", "pseudo-\(name)")])
            _ = try client.get("/v1/exports/enrollments", headers: [("X-Request-Id", "enrol-\(name)")])
            #expect(try readings("pseudo-\(name)").isEmpty && readings("enrol-\(name)").isEmpty)
        }
        // Only what an increment or a continued stream shows.
        let watermark = try deputy.table("students").watermark
        try owner().query("UPDATE students SET phone = '+7 1' WHERE id = $1", [ids.child])
        _ = try deputy.client.get(
            "/v1/exports/students?updated_since=\(watermark)", headers: [("X-Request-Id", "export-delta")])
        #expect(try readings("export-delta") == [ids.child])
        let all = try deputy.table("students").column("id")
        _ = try deputy.client.get(
            "/v1/exports/students?after=\(all[all.count - 3])&watermark=\(watermark)",
            headers: [("X-Request-Id", "export-rest")])
        #expect(try readings("export-rest") == Set(all.suffix(2)))
    }

    // MARK: Pseudonyms

    /// Moments to the microsecond stand in the other form, too, which has the real ids. Rights of guardians are a matter of
    /// the family.
    @Test func pseudonymousRowsHaveNothingToJoinBy() throws {
        for export in Exports.all {
            let columns = export.columns(pseudonymous: true)
            #expect(!columns.contains { $0.name == "external_id" }, "\(export.name)")
            guard columns[0].kind == .person else { continue }
            #expect(!columns.contains { $0.kind == .moment || $0.name == "version" }, "\(export.name)")
            #expect(export.columns(pseudonymous: false).contains { $0.kind == .moment })
        }
        let guardians = try deputy.answer("guardians?pseudonymous=true&format=ndjson").text
        #expect(guardians.contains("\"relation\"") && !guardians.contains("\"access\""))
        #expect(try deputy.answer("guardians?format=ndjson").text.contains("\"access\""))
    }

    @Test func pseudonymsAreStableAndTellNothing() throws {
        let owner = try owner()
        let secrets = try owner.query(
            """
            SELECT DISTINCT t FROM (
                SELECT u.last_name FROM users u JOIN students s ON s.id = u.id WHERE u.school_id = $1
                UNION ALL SELECT s.phone FROM students s WHERE s.school_id = $1
                UNION ALL SELECT s.birth_date::text FROM students s WHERE s.school_id = $1
                UNION ALL SELECT s.id::text FROM students s WHERE s.school_id = $1
                UNION ALL SELECT g.id::text FROM guardians g WHERE g.school_id = $1
                UNION ALL SELECT g.phone FROM guardians g WHERE g.school_id = $1
                UNION ALL SELECT g.id::text FROM staff g WHERE g.school_id = $1
                UNION ALL SELECT e.id::text FROM enrollments e WHERE e.school_id = $1
            ) x (t) WHERE t IS NOT NULL
            """, [String(ids.school)]
        ).rows.compactMap { $0[0] }
        var texts: [String: String] = [:]
        for export in Exports.all {
            texts[export.name] = try deputy.answer(Self.path(export.name) + "pseudonymous=true&format=ndjson").text
        }
        // One text with all words of all exports, compared as sets: quick enough for thousands of secrets.
        let words = Set(texts.values.flatMap { $0.split { " \"{}[]:,.\n".contains($0) } }.map { String($0) })
        let told = secrets.filter { words.contains($0) && !$0.contains("-") || words.contains($0) && $0.count == 36 }
        #expect(told.isEmpty, "\(told.prefix(5))")
        #expect(secrets.count > 3000)

        let again = try deputy.table("students?pseudonymous=true").column("id")
        let first = ExportReader.lines(Array(texts["students"]!.utf8)).map {
            String(decoding: $0.dropFirst(7).prefix(36), as: UTF8.self)
        }
        #expect(again == first && again == again.sorted())
        let marks = Set(try deputy.table("marks?from=2025-11-10&to=2025-11-12&pseudonymous=true").column("student_id"))
        #expect(!marks.isEmpty && marks.isSubset(of: Set(again)))

        // RFC 2104, as another implementation computes it.
        let key = try #require(
            try owner.query("SELECT encode(key, 'hex') FROM pseudonym_keys WHERE school_id = $1", [String(ids.school)])
                .first)
        let hmac = try HMACSHA256(key: Self.bytes(key))
        let real = try deputy.table("students").column("id")
        let expected = try real.map { try Self.pseudonym($0, hmac) }
        #expect(Set(expected) == Set(again) && Set(again).count == real.count)
        let code = try #require(
            try owner.query("SELECT code FROM schools WHERE id = $1", [String(ids.otherSchool)]).first)
        let other = ExportReader(client: try server.client("deputy", school: code))
        _ = try other.table("students?pseudonymous=true")
        #expect(try owner.query("SELECT count(DISTINCT key) FROM pseudonym_keys").first == "2")
    }

    private static func pseudonym(_ id: String, _ hmac: HMACSHA256) throws -> String {
        var digits = Array(Self.hex(try hmac.authenticate(bytes(id.replacing("-", with: ""))).prefix(16)))
        digits[12] = "8"
        digits[16] = "a"
        let text = String(digits)
        var parts: [Substring] = []
        var rest = text[...]
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...($0 + 1)]), radix: 16)! }
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
