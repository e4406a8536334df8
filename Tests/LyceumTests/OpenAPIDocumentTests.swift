import FoundationEssentials
import TestSupport
import Testing

@testable import lyceum

@Suite struct OpenAPIDocumentTests {
    @Test(arguments: [
        ("b: 1\na: {z: 1, y: 2}", #"{"b":1,"a":{"z":1,"y":2}}"#),
        ("a: [yes, no, on, off, y]", #"{"a":["yes","no","on","off","y"]}"#),
        ("a: [true, False, null, ~, ]", #"{"a":[true,false,null,null]}"#),
        ("a:\nb: ''", #"{"a":null,"b":""}"#),
        (
            "a: 2024-09-01\nb: 2024-09-01T10:00:00Z\nc: 08:30",
            #"{"a":"2024-09-01","b":"2024-09-01T10:00:00Z","c":"08:30"}"#
        ),
        ("a: ['1', \"2\", 3, !!str 4]", #"{"a":["1","2",3,"4"]}"#),
        ("a: [0, -1, 1.50, 1e3, 0x1F, 0o17, 007, +5, .5, 3.1.0]", #"{"a":[0,-1,1.50,1e3,31,15,7,5,0.5,"3.1.0"]}"#),
        ("'200': {}\n201: []", #"{"200":{},"201":[]}"#),
        ("a: |\n  one\n  two\nb: >-\n  one\n  two", #"{"a":"one\ntwo\n","b":"one two"}"#),
        (#"a: "\"\\\t\u0001 Ё 😀 /""#, #"{"a":"\"\\\t\u0001 Ё 😀 /"}"#),
        ("a: &x {k: v}\nb: *x", #"{"a":{"k":"v"},"b":{"k":"v"}}"#),
    ])
    func becomesJSON(_ yaml: String, _ json: String) throws {
        #expect(try openAPIJSON(yaml: yaml) == json + "\n")
    }

    @Test(arguments: [
        "", "- a", "text", "a: 1\na: 2", "a: {b: 1, b: 2}", "a: [", "a: .nan", "a: *nowhere", "a: &x {}\nb: {<<: *x}",
        "? [a]\n: 1", "a: +99999999999999999999",
    ])
    func wrongDocumentsAreRefused(_ yaml: String) {
        #expect(throws: OpenAPIError.self) { try openAPIJSON(yaml: yaml) }
    }

    @Test func contractBecomesJSON() throws {
        let data = try #require(FileManager.default.contents(atPath: TestDatabase.repository + "/openapi.yaml"))
        let json = try openAPIJSON(yaml: String(decoding: data, as: UTF8.self))
        #expect(json.hasPrefix(#"{"openapi":"3.1"#))
    }
}
