import HTTP1
import Testing

@Suite struct TargetTests {
    @Test(arguments: [
        ("/", [""]), ("/v1/lessons", ["v1", "lessons"]), ("/v1/", ["v1", ""]), ("/a%2Fb/c", ["a/b", "c"]),
        ("/a+b", ["a+b"]), ("/%D0%AF", ["Я"]), ("//", ["", ""]), ("/../.", ["..", "."]), ("/%41%7e", ["A~"]),
        ("*", ["*"]),
    ])
    func segments(_ path: String, _ segments: [String]) throws {
        #expect(try PathSegments(path).segments == segments)
    }

    @Test(arguments: [
        ("/%", TargetError.badPercentEncoding), ("/%4", .badPercentEncoding), ("/%4g", .badPercentEncoding),
        ("/%/1", .badPercentEncoding), ("/%FF", .badUTF8), ("/%C0%AF", .badUTF8), ("/%ED%A0%80", .badUTF8),
        ("/%D0/%AF", .badUTF8), ("/a%00", .nullCharacter),
    ])
    func badSegments(_ path: String, _ error: TargetError) {
        #expect(throws: error) { try PathSegments(path) }
    }

    @Test(arguments: [
        ("", []), ("a=1", ["a", "1"]), ("a=1&b=2&a=3", ["a", "1", "b", "2", "a", "3"]), ("a", ["a", ""]),
        ("a=", ["a", ""]), ("=1", ["", "1"]), ("a=b=c", ["a", "b=c"]), ("&&a=1&", ["a", "1"]),
        ("a+b=c+d", ["a b", "c d"]), ("a=%2B%26%3D", ["a", "+&="]), ("q=%D0%AF", ["q", "Я"]), ("a[]=1", ["a[]", "1"]),
    ])
    func items(_ query: String, _ items: [String]) throws {
        #expect(try QueryItems(query).items.flatMap { [$0.name, $0.value] } == items)
    }

    @Test(arguments: [
        ("a=%", TargetError.badPercentEncoding), ("%zz=1", .badPercentEncoding), ("a=%4&b=1", .badPercentEncoding),
        ("a=%C3", .badUTF8), ("a=%00", .nullCharacter), (String(repeating: "a&", count: 101), .tooManyItems),
    ])
    func badItems(_ query: String, _ error: TargetError) {
        #expect(throws: error) { try QueryItems(query) }
    }

    @Test func looksUp() throws {
        let items = try QueryItems("a=1&b=2&a=3")
        #expect(items["a"] == "1")
        #expect(items["c"] == nil)
        #expect(items.values(of: "a") == ["1", "3"])
        #expect(try QueryItems(nil as String?).items.isEmpty)
        #expect(try QueryItems(String(repeating: "a&", count: 100)).items.count == 100)
    }
}
