import Diary
import DiaryExchange
import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// `GET /v1/exports/{noun}`: the rows, the forms and the readers.
@Suite(.serialized) struct ExportsTests {
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

    /// A week for nouns with days, so that the answers are short.
    private static func path(_ noun: String) -> String {
        ["lessons", "homework", "marks", "attendance"].contains(noun)
            ? "\(noun)?from=2025-11-10&to=2025-11-12&" : "\(noun)?"
    }

    // MARK: Forms

    /// All forms have the same rows with the same columns, which are declared once.
    @Test(arguments: Exports.all.map { $0.name }) func allFormsHaveTheSameRows(_ noun: String) throws {
        let export = try #require(Exports.all.first { $0.name == noun })
        let path = Self.path(noun)
        for pseudonymous in [false, true] {
            let parameter = pseudonymous ? "pseudonymous=true&" : ""
            let table = try deputy.table(path + parameter + "format=csv")
            let lines = try deputy.lines(path + parameter)
            let document = try deputy.answer(path + parameter + "format=json")
            #expect(table.columns == export.columns(pseudonymous: pseudonymous).map { $0.name } + ["deleted"])
            #expect(table.rows.count == lines.count && lines.count > 0, "\(lines.count) lines")
            // A long document has more values than the parser accepts, so its lines are compared.
            let inLines = try deputy.answer(path + parameter + "format=ndjson")
            let items = ExportReader.lines(document.body).dropFirst().dropLast().map {
                $0.first == 44 ? $0.dropFirst() : $0
            }
            let isSame = items.elementsEqual(ExportReader.lines(inLines.body)) { $0.elementsEqual($1) }
            #expect(isSame)
            #expect(document.text.hasPrefix("{\"watermark\":\"") && document.text.hasSuffix("\n]}\n"))
            if lines.count < 1000 { #expect(document.json["items"]?.array == lines) }
            for (row, line) in lines.enumerated() {
                try #require(line.keys == table.columns)
                for (cell, name) in zip(table.rows[row], table.columns) {
                    let isEqual = Self.isEqual(cell, line[name]!)
                    #expect(isEqual, "\(name): \(cell) is not \(line[name]!)")
                }
            }
            #expect(table.column("id") == table.column("id").sorted())
            #expect(Set(table.column("deleted")) == ["false"])
        }
    }

    private static func isEqual(_ cell: String, _ value: JSONValue) -> Bool {
        switch value {
        case .null: cell.isEmpty
        case .bool(let value): cell == (value ? "true" : "false")
        case .number(let literal): cell == literal
        case .string(let text): cell == text || cell == "'" + text
        default: (try? JSONValue(parsing: Array(cell.utf8))) == value
        }
    }

    /// Each noun has the rows that hand-written SQL counts.
    @Test(arguments: [
        ("terms", "FROM terms WHERE school_id = $1"), ("subjects", "FROM subjects WHERE school_id = $1"),
        ("classes", "FROM classes WHERE school_id = $1"), ("groups", "FROM groups WHERE school_id = $1"),
        ("sections", "FROM sections WHERE school_id = $1"), ("staff", "FROM staff WHERE school_id = $1"),
        ("students", "FROM students WHERE school_id = $1"), ("guardians", "FROM guardians WHERE school_id = $1"),
        ("enrollments", "FROM enrollments WHERE school_id = $1"), ("lessons", "FROM lessons WHERE school_id = $1"),
        ("homework", "FROM homework WHERE school_id = $1 AND deleted_at IS NULL"),
        ("marks", "FROM marks WHERE school_id = $1 AND kind IS NOT NULL AND published_at <= now()"),
        (
            "attendance",
            "FROM attendance WHERE school_id = $1 AND (meaning IS NOT NULL OR decided_meaning IS NOT NULL)"
        ),
        ("finals", "FROM final_marks WHERE school_id = $1 AND value_kind IS NOT NULL AND published_at <= now()"),
    ])
    func theRowsAreThoseOfTheSchool(_ noun: String, _ rows: String) throws {
        let answer = try deputy.answer("\(noun)?format=ndjson")
        let found = ExportReader.lines(answer.body).map { String(decoding: $0.dropFirst(7).prefix(36), as: UTF8.self) }
        let wanted = try server.owner().query("SELECT id \(rows) ORDER BY id", [String(ids.school)]).rows.map { $0[0]! }
        let isSame = found == wanted
        #expect(isSame && !wanted.isEmpty, "\(found.count) rows, \(wanted.count) wanted")
        #expect(answer.trailers.map { $0.value } == [String(wanted.count)])
        #expect(answer.trailers.map { $0.name } == ["Lyceum-Rows"])
    }

    /// A row whose bytes are known.
    @Test func aKnownMarkHasKnownBytes() throws {
        let item = "0198d491-0000-7000-8000-000000000001"
        let mark = "0198d491-0000-7000-8000-000000000002"
        let owner = try BlockingConnection(url: server.database.superuserURL)
        try owner.execute(
            """
            BEGIN; SET LOCAL session_replication_role = replica;
            INSERT INTO line_items (school_id, id, lesson_id, section_id, title, weight)
            SELECT school_id, '\(item)', id, section_id, '=1+1', 1.50 FROM lessons WHERE id = '\(ids.lesson)';
            INSERT INTO marks (
                school_id, id, line_item_id, student_id, kind, number, comment, first_recorded_at, published_at, changed_at, version
            )
            VALUES (
                \(ids.school), '\(mark)', '\(item)', '\(ids.child)', 'number', 5, E'Отлично, «ёж»\\nи "кот"',
                '2025-11-18 09:00:00.5+05', '2025-11-18 09:00:00+05', '2025-11-18 10:00:00+05', 3
            );
            COMMIT
            """)
        defer {
            try? owner.execute("DELETE FROM marks WHERE id = '\(mark)'; DELETE FROM line_items WHERE id = '\(item)'")
        }
        let place = try owner.query(
            """
            SELECT l.section_id, s.subject_id, l.date FROM lessons l JOIN sections s ON s.id = l.section_id WHERE l.id = $1
            """, [ids.lesson]
        ).rows[0].map { $0! }
        let day = "from=\(place[2])&to=\(place[2])"
        let csv = try deputy.answer("marks?\(day)").text
        #expect(
            csv.contains(
                "\r\n\(mark),\(ids.child),\(place[0]),\(place[1]),\(ids.lesson),\(place[2]),\(item),,'=1+1,1.5,number,5,,,"
                    + "\"Отлично, «ёж»\n и \"\"кот\"\"\"".replacing("\n ", with: "\n")
                    + ",2025-11-18T04:00:00.5Z,2025-11-18T05:00:00Z,3,false\r\n"), "\(csv.suffix(600))")
        #expect(
            csv.hasPrefix(
                "id,student_id,section_id,subject_id,lesson_id,date,line_item_id,category_id,title,weight,value_kind,"
                    + "number,code,due_on,comment,first_recorded_at,changed_at,version,deleted\r\n"))
        let line = try #require(try deputy.lines("marks?\(day)").first { $0["id"]?.string == mark })
        #expect(line["title"]?.string == "=1+1", "only cells are neutralised")
        #expect(line["comment"]?.string == "Отлично, «ёж»\nи \"кот\"")
        let pseudonymous = try deputy.answer("marks?\(day)&pseudonymous=true").text
        #expect(!pseudonymous.contains("=1+1") && !pseudonymous.contains("ёж"))
    }

    @Test func theFormIsNegotiated() throws {
        func type(_ path: String, _ accept: String?) throws -> String? {
            try deputy.answer(path, headers: accept.map { [("Accept", $0)] } ?? [])["Content-Type"]
        }
        let csv = "text/csv; charset=utf-8; header=present"
        #expect(try type("terms", nil) == csv)
        #expect(try type("terms", "*/*") == csv)
        #expect(try type("terms", "application/json") == "application/json")
        #expect(try type("terms", "application/x-ndjson, text/csv;q=0.5") == "application/x-ndjson")
        #expect(try type("terms?format=ndjson", "text/csv") == "application/x-ndjson")
        let refused = try deputy.client.get("/v1/exports/terms", headers: [("Accept", "application/pdf")])
        #expect(refused.status == 406 && refused.text.contains("text/csv, application/x-ndjson"))
        #expect(try deputy.client.get("/v1/exports/terms?format=pdf").status == 400)
        let answer = try deputy.answer("terms?bom=true")
        #expect(answer.body.starts(with: [0xEF, 0xBB, 0xBF]))
        #expect(answer["Content-Disposition"] == "attachment; filename=\"terms.csv\"")
        #expect(answer["Vary"]?.contains("Accept") == true && answer["Cache-Control"] == "private, no-store")
    }

    @Test func gzipHasTheSameBytes() throws {
        let plain = try deputy.answer("students")
        let compressed = try deputy.answer("students", headers: [("Accept-Encoding", "gzip")])
        #expect(compressed["Content-Encoding"] == "gzip" && compressed.body.count < plain.body.count / 2)
        // RFC 1952: the checksum and the length of the content.
        var wanted: [UInt8] = []
        for number in [Self.checksum(plain.body), UInt32(plain.body.count)] {
            for shift in stride(from: 0, to: 32, by: 8) { wanted.append(UInt8(truncatingIfNeeded: number >> shift)) }
        }
        #expect(Array(compressed.body.suffix(8)) == wanted)
        #expect(compressed.trailers.map { $0.value } == plain.trailers.map { $0.value })
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var value = UInt32.max
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0xEDB8_8320 : value >> 1 }
        }
        return ~value
    }

    @Test func headReadsNoRows() throws {
        for _ in 0..<3 {
            let head = try deputy.client.send("HEAD", "/v1/exports/marks")
            #expect(head.status == 200 && head["Lyceum-Watermark"] != nil && head.body.isEmpty)
        }
        #expect(try deputy.client.get("/v1/exports/terms").status == 200)
    }

    // MARK: Parameters

    @Test func parametersSelect() throws {
        let owner = try owner()
        func count(_ sql: String, _ parameters: [String?]) throws -> Int {
            Int(try owner.query(sql, parameters).first!)!
        }
        let subject = try #require(
            try owner.query("SELECT subject_id FROM sections WHERE id = $1", [ids.section]).first)
        let marks = try deputy.table(
            "marks?from=2025-11-01&to=2025-11-19&class_id=\(ids.class7A)&subject_id=\(subject)")
        #expect(
            try count(
                """
                SELECT count(*) FROM marks m JOIN line_items i ON i.id = m.line_item_id JOIN lessons l ON l.id = i.lesson_id
                JOIN sections s ON s.id = l.section_id
                JOIN enrollments e ON e.student_id = m.student_id AND e.class_id = $1
                    AND l.date BETWEEN e.starts_on AND coalesce(e.ends_on, 'infinity')
                WHERE m.kind IS NOT NULL AND l.date BETWEEN '2025-11-01' AND '2025-11-19' AND s.subject_id = $2
                """, [ids.class7A, subject]) == marks.rows.count)
        #expect(marks.rows.count > 10 && Set(marks.column("subject_id")) == [subject])
        #expect(marks.column("date").allSatisfy { $0 >= "2025-11-01" && $0 <= "2025-11-19" })
        let students = try deputy.table("students?class_id=\(ids.class7A)")
        #expect(Set(students.column("id")) == Set(ids.others + [ids.child]).union(try extra(students, owner)))
        #expect(students.rows.count >= 20 && Set(students.column("class_id")) == [ids.class7A])
        let guardians = try deputy.lines("guardians?class_id=\(ids.class7A)")
        let inClass = Set(students.column("id"))
        #expect(
            guardians.count > 20
                && guardians.allSatisfy { line in
                    line["guardianships"]!.array.contains { inClass.contains($0["student_id"]!.string!) }
                })
        for path in [
            "marks?class_id=\(ids.strangeRows["{class_id}"] ?? ids.stranger)", "sections?subject_id=\(ids.stranger)",
        ] {
            #expect(try deputy.client.get("/v1/exports/\(path)").status == 404, "\(path)")
        }
    }

    /// The pupil with an account of the demo school, whom `others` leaves out.
    private func extra(_ table: ExportReader.Table, _ owner: BlockingConnection) throws -> Set<String> {
        Set(
            try owner.query(
                """
                SELECT e.student_id FROM enrollments e JOIN users u ON u.id = e.student_id
                WHERE e.class_id = $1 AND lyceum.holds(e.starts_on, e.ends_on, $2)
                    AND (u.login = 'student' OR NOT e.in_class_group)
                """, [ids.class7A, TestServer.today]
            ).rows.compactMap { $0[0] })
    }

    @Test(arguments: [
        ("marks?from=2025-13-01", "/query/from", "not_a_date"),
        ("marks?from=2025-11-02&to=2025-11-01", "/query/to", "before_from"),
        ("marks?after=0198d491-0000-7000-8000-000000000001", "/query/watermark", "required"),
        ("marks?watermark=MS4zYTVmMGM5Mi44MTM6Njo", "/query/watermark", "not_without_after"),
        ("marks?updated_since=yesterday", "/query/updated_since", "invalid_cursor"),
        ("marks?updated_since=2025-11-01T00:00:00Z", "/query/updated_since", "invalid_cursor"),
        ("marks?class_id=7A", "/query/class_id", "not_a_uuid"),
        ("marks?format=json&bom=true", "/query/bom", "not_with_this_form"),
        ("marks?pseudonymous=yes", "/query/pseudonymous", "not_one_of"),
        ("terms?from=2025-11-01", "/query/from", "unknown_parameter"),
        ("finals?from=2025-11-01", "/query/from", "unknown_parameter"),
    ])
    func aWrongParameterIsNamed(_ path: String, _ pointer: String, _ code: String) throws {
        let answer = try deputy.client.get("/v1/exports/\(path)")
        #expect(answer.status == 400)
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer, "\(answer.text)")
        #expect(answer.json["errors"]?[0]?["code"]?.string == code, "\(answer.text)")
    }

    @Test func whatExcludesEachOtherIsRefused() throws {
        let watermark = try deputy.table("terms").watermark
        for (path, code) in [
            ("marks?updated_since=\(watermark)&from=2025-11-01", "not_with_updated_since"),
            ("marks?updated_since=\(watermark)&class_id=\(ids.class7A)", "not_with_updated_since"),
            ("marks?format=json&watermark=\(watermark)&after=\(ids.mark)", "not_with_this_form"),
        ] {
            let answer = try deputy.client.get("/v1/exports/\(path)")
            #expect(answer.status == 400 && answer.json["errors"]?[0]?["code"]?.string == code, "\(answer.text)")
        }
    }

    // MARK: Readers

    /// A foreign school exports its own rows only.
    @Test(arguments: Exports.all.map { $0.name }) func anotherSchoolHasItsOwnRows(_ noun: String) throws {
        let code = try #require(
            try server.owner().query("SELECT code FROM schools WHERE id = $1", [String(ids.otherSchool)]).first)
        let other = ExportReader(client: try server.client("deputy", school: code))
        let path = Self.path(noun)
        let own = Set(try deputy.table(path).column("id"))
        let foreign = Set(try other.table(path).column("id"))
        #expect(!own.isEmpty && !foreign.isEmpty && own.isDisjoint(with: foreign))
    }
}
