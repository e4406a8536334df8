import HTTP1
import JSON
import Testing

@testable import Web

private final class NoBody: BodySource {
    func readContent(whole: Bool, atMost limit: Int?) async throws -> [UInt8]? { nil }
}

/// A request as it would arrive, without a connection.
func request(_ target: String, _ fields: String...) throws -> Request {
    var parser = RequestParser()
    let text = "GET \(target) HTTP/1.1\r\nHost: a\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    guard case .head(let head) = try parser.next(Array(text.utf8).span).event else { throw ParseError.badRequestLine }
    return Request(head: head, id: "request", from: Requester(address: "127.0.0.1", scheme: "http"), body: NoBody())
}

@Suite struct QueryReaderTests {
    /// The problems that a handler would report: the kind's code, then pointer and code of each item.
    private func problems(_ query: String, _ read: (inout QueryReader) -> Void) throws -> [String] {
        do {
            var reader = try QueryReader(request("/list?\(query)"))
            read(&reader)
            try reader.finish()
            return []
        } catch let problem as Problem {
            return [problem.kind.code] + problem.items.map { "\($0.pointer) \($0.code)" }
        }
    }

    @Test func readsParameters() throws {
        var reader = try QueryReader(
            request(
                "/list?date=2026-09-01&n=5&on=true&kind=b&q=%D0%90+%2B&id=018F0000-0000-7000-8000-00000000000A&empty="))
        #expect(reader.date("date") == "2026-09-01")
        #expect(reader.integer("n", in: 1...9) == 5)
        #expect(reader.flag("on") == true)
        #expect(reader.option("kind", of: ["a", "b"]) == "b")
        #expect(reader.text("q") == "А +")
        #expect(reader.identifier("id") == "018f0000-0000-7000-8000-00000000000a")
        #expect(reader.text("empty") == "")
        #expect(reader.text("absent") == nil)
        #expect(reader.flag("off") == false)
        try reader.finish()
    }

    @Test func withoutAQuery() throws {
        var reader = try QueryReader(request("/list"))
        #expect(reader.text("q") == nil)
        try reader.finish()
    }

    @Test(arguments: [
        ("n=0", ["invalid_parameter", "/query/n out_of_range"]),
        ("n=10", ["invalid_parameter", "/query/n out_of_range"]),
        ("n=05", ["invalid_parameter", "/query/n out_of_range"]),
        ("n=%2B5", ["invalid_parameter", "/query/n out_of_range"]),
        ("n=", ["invalid_parameter", "/query/n out_of_range"]),
        ("n=99999999999999999999", ["invalid_parameter", "/query/n out_of_range"]),
        ("date=2026-02-29", ["invalid_parameter", "/query/date not_a_date"]),
        ("on=1", ["invalid_parameter", "/query/on not_one_of"]), ("on", ["invalid_parameter", "/query/on not_one_of"]),
        ("kind=c", ["invalid_parameter", "/query/kind not_one_of"]),
        ("id=7", ["invalid_parameter", "/query/id not_a_uuid"]),
        ("n=5&n=6", ["invalid_parameter", "/query/n repeated"]),
        ("n=5&n=5", ["invalid_parameter", "/query/n repeated"]),
        ("n=0&on=1", ["invalid_parameter", "/query/n out_of_range", "/query/on not_one_of"]),
        ("x=1", ["unknown_parameter", "/query/x unknown_parameter"]),
        ("N=5", ["unknown_parameter", "/query/N unknown_parameter"]),
        ("a%2Fb=1&c~d=2", ["unknown_parameter", "/query/a~1b unknown_parameter", "/query/c~0d unknown_parameter"]),
        ("n=0&x=1", ["invalid_parameter", "/query/n out_of_range"]), ("q=%zz", ["malformed_request"]),
        ("q=%", ["malformed_request"]), ("q=%D1%91%D0%B6%D1%83", []),
        ("q=four", ["invalid_parameter", "/query/q too_long"]), ("q=%FF", ["malformed_request"]),
        ("q=%00", ["malformed_request"]),
        (String(repeating: "x=1&", count: 101), ["malformed_request"]), ("&&n=5&", []),
    ]) func collectsEveryProblem(query: String, expected: [String]) throws {
        let found = try problems(query) { reader in
            _ = reader.integer("n", in: 1...9)
            _ = reader.date("date")
            _ = reader.flag("on")
            _ = reader.option("kind", of: ["a", "b"])
            _ = reader.identifier("id")
            _ = reader.text("q", maximum: 3)
        }
        #expect(found == expected)
    }
}

@Suite struct PageTests {
    private static let keys: [Page.Key] = [.text, .date, .integer, .identifier]
    private static let row = ["Ё-моё \u{1F600}", "2026-09-01", "-7", "018f0000-0000-7000-8000-00000000000a"]

    private func page(_ query: String, keys: [Page.Key] = keys) throws -> Page {
        var reader = try QueryReader(request("/list?\(query)"))
        let page = Page(&reader, keys: keys)
        try reader.finish()
        return page
    }

    @Test func hasItsDefaults() throws {
        let page = try page("")
        #expect(page.limit == 50)
        #expect(page.after == nil)
        #expect(!page.wantsTotal)
    }

    @Test func takesLimitAndTotal() throws {
        let page = try page("limit=200&include=total")
        #expect(page.limit == 200)
        #expect(page.wantsTotal)
    }

    @Test(arguments: ["limit=0", "limit=201", "limit=x", "include=all", "cursor="]) func refuses(query: String) throws {
        #expect(throws: Problem.self) { try page(query) }
    }

    @Test func cursorComesBack() throws {
        let cursor = try page("").cursor(Self.row)
        #expect(cursor.allSatisfy { $0.isHexDigit })
        #expect(try page("cursor=\(cursor)").after == Self.row)
        let empty = try page("").cursor([""])
        #expect(empty == "")
    }

    @Test(arguments: [
        ["only one"], ["a", "2026-09-01", "7"],
        ["a", "2026-09-01", "7", "018f0000-0000-7000-8000-00000000000a", "more"],
        ["a", "2026-02-30", "7", "018f0000-0000-7000-8000-00000000000a"],
        ["a", "2026-09-01", "7.5", "018f0000-0000-7000-8000-00000000000a"],
        ["a", "2026-09-01", "7", "018F0000-0000-7000-8000-00000000000A"], ["a", "2026-09-01", "7", "' OR 1=1"],
        ["a\0b", "2026-09-01", "7", "018f0000-0000-7000-8000-00000000000a"],
    ]) func cursorOfAnotherListIsRefused(parts: [String]) throws {
        let cursor = try page("").cursor(parts)
        let problem = #expect(throws: Problem.self) { try page("cursor=\(cursor)") }
        #expect(problem?.kind.code == "invalid_parameter")
        #expect(problem?.items.map { $0.code } == ["invalid_cursor"])
    }

    @Test(arguments: ["zz", "abc", "ff", "+1+1", "-1", "c3", String(repeating: "61", count: 1025)])
    func forgedCursorIsRefused(cursor: String) throws {
        let problem = #expect(throws: Problem.self) { try page("cursor=\(cursor)", keys: [.text]) }
        #expect(problem?.items.map { $0.code } == ["invalid_cursor"])
    }
}

@Suite struct NegotiationTests {
    @Test(arguments: [
        (nil, "text/csv") as (String?, String?), ("", "text/csv"), ("*/*", "text/csv"),
        ("application/json", "application/json"),
        ("text/*;q=0.5, application/json", "application/json"), ("text/csv;q=0, */*", "application/json"),
        ("image/png", nil), ("application/json;q=0", nil), ("APPLICATION/JSON", "application/json"),
        ("application/json; q=0.4, text/csv; q=0.3", "application/json"),
    ]) func takesTheBestOffer(accept: String?, expected: String?) {
        #expect(MediaRange.best(of: ["text/csv", "application/json"], for: accept) == expected)
    }

    @Test(arguments: [
        (nil, "ru") as (String?, String), ("en", "en"), ("de", "ru"), ("en;q=0, ru", "ru"), ("EN-us", "en"),
    ])
    func speaksTheBestLanguage(accept: String?, expected: String) {
        #expect(Language(acceptLanguage: accept).rawValue == expected)
    }
}
