import JSON
import Testing

@Suite struct ObjectReaderTests {
    /// Reads one member of a body. Returns its value and the recorded problems.
    private func read<Value>(
        _ json: String, _ body: (inout ObjectReader) -> Field<Value>
    ) throws -> (Field<Value>, [String]) {
        let problems = FieldProblems()
        var reader = ObjectReader(try JSONValue(parsing: Array(json.utf8)), problems: problems)
        let field = body(&reader)
        reader.finish()
        return (field, problems.all.map { "\($0.pointer) \($0.code)" })
    }

    @Test(
        arguments: [
            ("{}", Presence.required, Field<String>.absent, ["/a required"]), ("{}", .optional, .absent, []),
            ("{}", .nullable, .absent, []), ("{}", .requiredNullable, .absent, ["/a required"]),
            (#"{"a":null}"#, .required, .absent, ["/a null_not_allowed"]),
            (#"{"a":null}"#, .optional, .absent, ["/a null_not_allowed"]), (#"{"a":null}"#, .nullable, .null, []),
            (#"{"a":null}"#, .requiredNullable, .null, []), (#"{"a":"x"}"#, .required, .value("x"), []),
            (#"{"a":"x"}"#, .nullable, .value("x"), []), (#"{"a":1}"#, .optional, .absent, ["/a wrong_type"]),
            (#"{"b":1}"#, .optional, .absent, ["/b unknown_field"]),
            (#"{"b":1,"c~/":2}"#, .required, .absent, ["/a required", "/b unknown_field", "/c~0~1 unknown_field"]),
            ("[]", .required, .absent, [" wrong_type"]),
            // Canonically equivalent to K, but another letter.
            ("{\"\u{212A}\":\"x\"}", .optional, .absent, ["/\u{212A} unknown_field"]),
        ] as [(String, Presence, Field<String>, [String])])
    func presence(_ json: String, _ presence: Presence, _ field: Field<String>, _ problems: [String]) throws {
        let name = json.unicodeScalars.contains("\u{212A}") ? "K" : "a"
        let (found, recorded) = try read(json) { $0.string(name, presence) }
        #expect(found == field)
        #expect(recorded == problems)
    }

    @Test(
        arguments: [
            ("\"\"", 0, 3, nil), ("\"abc\"", 0, 3, nil), ("\"abcd\"", 0, 3, "too_long"), ("\"\"", 1, 3, "too_short"),
            ("\"яёж\"", 3, 3, nil), ("\"e\u{301}xx\"", 0, 3, "too_long"), ("\"👨‍👩‍👧\"", 5, 5, nil),
            ("true", 0, 3, "wrong_type"),
        ] as [(String, Int, Int, String?)])
    func strings(_ json: String, _ minimum: Int, _ maximum: Int, _ code: String?) throws {
        let (field, problems) = try read("{\"a\":\(json)}") {
            $0.string("a", minimumLength: minimum, maximumLength: maximum)
        }
        #expect(problems == (code.map { ["/a \($0)"] } ?? []))
        #expect((field.value != nil) == (code == nil))
    }

    @Test(
        arguments: [
            ("5", 5, nil), ("-5", -5, nil), ("10", 10, nil), ("11", nil, "out_of_range"), ("-6", nil, "out_of_range"),
            ("5.0", 5, nil), ("5.00", 5, nil), ("5.1", nil, "wrong_type"), ("5e0", nil, "wrong_type"), ("-0", 0, nil),
            ("99999999999999999999", nil, "out_of_range"), ("\"5\"", nil, "wrong_type"), ("true", nil, "wrong_type"),
        ] as [(String, Int?, String?)])
    func integers(_ json: String, _ value: Int?, _ code: String?) throws {
        let (field, problems) = try read("{\"a\":\(json)}") { $0.integer("a", in: -5...10) }
        #expect(field.value == value)
        #expect(problems == (code.map { ["/a \($0)"] } ?? []))
    }

    @Test(
        arguments: [
            ("1.5", nil), ("-999.99", nil), ("0", nil), ("1000", "out_of_range"), ("1.555", "out_of_range"),
            ("1e1", "wrong_type"), ("\"1\"", "wrong_type"),
        ] as [(String, String?)])
    func decimals(_ json: String, _ code: String?) throws {
        let (field, problems) = try read("{\"a\":\(json)}") { $0.decimal("a", wholeDigits: 3, fractionDigits: 2) }
        #expect(field.value == (code == nil ? json : nil))
        #expect(problems == (code.map { ["/a \($0)"] } ?? []))
    }

    @Test(arguments: [
        ("2026-09-01", true), ("2024-02-29", true), ("2000-02-29", true), ("2023-02-29", false), ("1900-02-29", false),
        ("2026-04-31", false), ("2026-12-31", true), ("2026-13-01", false), ("2026-00-01", false),
        ("2026-01-00", false),
        ("2026-01-32", false), ("0000-01-01", false), ("0001-01-01", true), ("9999-12-31", true), ("2026-9-1", false),
        ("2026-09-01T00:00:00Z", false), ("20260901", false), ("+026-09-01", false), ("", false), ("２０26-09", false),
        ("2026/09/01", false), (" 2026-09-01", false), ("infinity", false),
    ])
    func dates(_ text: String, _ isValid: Bool) throws {
        let (field, problems) = try read("{\"a\":\"\(text)\"}") { $0.date("a") }
        #expect(field.value == (isValid ? text : nil))
        #expect(problems == (isValid ? [] : ["/a not_a_date"]))
    }

    @Test(arguments: [
        ("0197c2f0-1111-7abc-8def-0123456789ab", true), ("0197C2F0-1111-7ABC-8DEF-0123456789AB", true),
        ("0197c2f011117abc8def0123456789ab", false), ("{0197c2f0-1111-7abc-8def-0123456789a}", false),
        ("0197c2f0-1111-7abc-8def-0123456789ag", false), ("0197c2f01-111-7abc-8def-0123456789ab", false),
        ("0197c2f0-1111-7abc-8def-0123456789a", false), ("0197c2f0-1111-7abc-8def-0123456789abc", false), ("", false),
        ("------------------------------------", false),
    ])
    func uuids(_ text: String, _ isValid: Bool) throws {
        let (field, problems) = try read("{\"a\":\"\(text)\"}") { $0.uuid("a") }
        #expect(field.value == (isValid ? "0197c2f0-1111-7abc-8def-0123456789ab" : nil))
        #expect(problems == (isValid ? [] : ["/a not_a_uuid"]))
    }

    private enum Code: String, CaseIterable {
        case present
        case absentSick = "absent_sick"
    }

    @Test func enumerations() throws {
        #expect(try read(#"{"a":"x"}"#) { $0.enumeration("a", of: ["x", "y"]) } == (.value("x"), []))
        #expect(try read(#"{"a":"z"}"#) { $0.enumeration("a", of: ["x", "y"]) } == (.absent, ["/a not_one_of"]))
        #expect(try read("{\"a\":\"\u{212A}\"}") { $0.enumeration("a", of: ["K"]) } == (.absent, ["/a not_one_of"]))
        #expect(try read(#"{"a":"absent_sick"}"#) { $0.enumeration("a", Code.self) } == (.value(.absentSick), []))
        #expect(try read(#"{"a":"absentSick"}"#) { $0.enumeration("a", Code.self) } == (.absent, ["/a not_one_of"]))
        #expect(try read(#"{"a":null}"#) { $0.enumeration("a", Code.self, .nullable) } == (.null, []))
    }

    @Test func booleans() throws {
        #expect(try read(#"{"a":false}"#) { $0.boolean("a") } == (.value(false), []))
        #expect(try read(#"{"a":0}"#) { $0.boolean("a") } == (.absent, ["/a wrong_type"]))
    }

    @Test func arrays() throws {
        let (items, problems) = try read(#"{"a":[1,null]}"#) { $0.array("a", maximumCount: 2) }
        #expect(items.value?.map(\.pointer.text) == ["/a/0", "/a/1"])
        #expect(items.value?.map(\.value) == [.number("1"), .null])
        #expect(problems.isEmpty)
        #expect(try read(#"{"a":[1,2]}"#) { $0.array("a", maximumCount: 1).map(\.count) }.1 == ["/a too_many_items"])
        #expect(try read(#"{"a":[]}"#) { $0.array("a", minimumCount: 1).map(\.count) }.1 == ["/a too_short"])
        #expect(try read(#"{"a":{}}"#) { $0.array("a").map(\.count) }.1 == ["/a wrong_type"])
        #expect(try read(#"{"a":["x",1]}"#) { $0.uuids("a") }.1 == ["/a/0 not_a_uuid", "/a/1 wrong_type"])
    }

    /// One pass over a nested body reports every problem with its place.
    @Test func collectsAllProblems() throws {
        let json = #"""
            {"marks":[{"value":"5","student_id":7},{"value":null,"x":1},3],"date":"2026-02-30","extra":{"deep":1},
             "section":{"id":"no"}}
            """#
        let problems = FieldProblems()
        var reader = ObjectReader(try JSONValue(parsing: Array(json.utf8)), problems: problems)
        for var mark in reader.objects("marks").value ?? [] {
            _ = mark.string("value")
            _ = mark.uuid("student_id")
            mark.finish()
        }
        _ = reader.date("date")
        if var section = reader.object("section").value {
            _ = section.uuid("id")
            section.finish()
        }
        _ = reader.object("term")
        reader.finish()
        #expect(
            problems.all.map { "\($0.pointer) \($0.code)" } == [
                "/marks/2 wrong_type", "/marks/0/student_id wrong_type", "/marks/1/value null_not_allowed",
                "/marks/1/student_id required", "/marks/1/x unknown_field", "/date not_a_date",
                "/section/id not_a_uuid", "/term required", "/extra unknown_field",
            ])
    }

    @Test func parametersNameTheLimit() throws {
        let problems = FieldProblems()
        var reader = ObjectReader(.object([("a", .string("abc"))]), problems: problems)
        _ = reader.string("a", maximumLength: 2)
        #expect(problems.all == [FieldProblem(JSONPointer("a"), .tooLong, ["maximum": "2"])])
    }

    /// Values that did not come from the parser are checked too.
    @Test func refusesNullCharacter() {
        let problems = FieldProblems()
        var reader = ObjectReader(.object([("a", .string("x\0"))]), problems: problems)
        #expect(reader.string("a").isAbsent)
        #expect(problems.all == [FieldProblem(JSONPointer("a"), .nullCharacter)])
    }

    @Test func manyProblemsAreCounted() {
        let problems = FieldProblems()
        for index in 0..<150 { problems.add(JSONPointer().appending(index), .required) }
        #expect(problems.all.count == 100)
        #expect(problems.omittedCount == 50)
        #expect(!problems.isEmpty)
    }

    @Test func fieldConveniences() {
        #expect(Field<Int>.absent.applied(to: 1) == 1)
        #expect(Field<Int>.null.applied(to: 1) == nil)
        #expect(Field.value(2).applied(to: 1) == 2)
        #expect(Field<Int>.null.isNull && !Field<Int>.absent.isNull && Field<Int>.absent.isAbsent)
    }

    @Test func pointers() {
        #expect(JSONPointer().text == "")
        #expect(JSONPointer().appending("a~/b").appending(3).text == "/a~0~1b/3")
        #expect(JSONPointer("a").appending(JSONPointer("b")).text == "/a/b")
        #expect(JSONPointer("").text == "/")
    }
}

/// Tuples are not Equatable.
private func == <Value: Equatable>(left: (Field<Value>, [String]), right: (Field<Value>, [String])) -> Bool {
    left.0 == right.0 && left.1 == right.1
}
