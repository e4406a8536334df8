import HTTP1
import Testing

@testable import Web

/// The requirements of RFC 9110 and RFC 9112 on an origin server, by section, over a real socket.
/// docs/http-conformance.md names these tests. Requirements that only concern the parser are tested in HTTP1Tests, in
/// every split.
@Suite struct ConformanceTests {
    let client: Client

    init() async throws {
        client = try await TestServer.shared.value.client()
    }

    /// A request and the status of its answer. A status of 400 and above ends the connection if `closes` is set.
    struct Exchange: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let status: Int
        let closes: Bool
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ status: Int, closes: Bool = true) {
            self.name = name
            self.text = text
            self.status = status
            self.closes = closes
        }

        static func fields(_ name: String, _ fields: String, _ status: Int) -> Exchange {
            Exchange(name, "POST /echo HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n", status)
        }

        static func chunks(_ name: String, _ chunks: String, _ status: Int, closes: Bool = true) -> Exchange {
            Exchange(
                name, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)", status,
                closes: closes)
        }
    }

    static let refused: [Exchange] = [
        .init("9112 2.2: a CR without LF", "GET /hello HTTP/1.1\r\nHost: a\r\nA: b\rc\r\n\r\n", 400),
        .init("9112 2.2: space before the first field", "GET /hello HTTP/1.1\r\n Host: a\r\n\r\n", 400),
        .init("9112 2.2: empty line with a space first", "GET /hello HTTP/1.1\r\n \r\nHost: a\r\n\r\n", 400),
        .init("9112 2.2: no HTTP at all", "\u{16}\u{3}\u{1}\r\n\r\n", 400),
        .init("9112 2.3: the name is case-sensitive", "GET /hello Http/1.1\r\nHost: a\r\n\r\n", 400),
        .init("9112 3: request line with an extra word", "GET /hello extra HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        .init("9112 3: target beyond what is parsed", "GET /\(String(repeating: "a", count: 8192)) HTTP/1.1\r\n", 414),
        .init("9112 3.2: no Host", "GET /hello HTTP/1.1\r\n\r\n", 400),
        .init("9112 3.2: no Host with absolute-form", "GET http://a/hello HTTP/1.1\r\n\r\n", 400),
        .init("9112 3.2: two Hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        .init("9112 3.2: a Host that is none", "GET /hello HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
        .init("9112 3.2.3: authority-form of another method", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        .init("9110 4.2.1: empty host", "GET http:///hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        .init("9110 4.2.4: user information", "GET http://admin@a/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        .fields("9112 5.1: space before the colon", "Content-Length : 0", 400),
        .fields("9112 5.2: folded field", "A: b\r\n c", 400),
        .fields("9110 5.1: a name that is no token", "A[]: b", 400),
        .fields("9110 5.5: NUL in a value", "A: b\0c", 400),
        .fields("9110 5.5: a control byte in a value", "A: b\u{7}c", 400),
        .fields("9112 6.1: length and coding", "Content-Length: 3\r\nTransfer-Encoding: chunked", 400),
        .fields("9112 6.1: a coding that is not known", "Transfer-Encoding: gzip, chunked", 501),
        .fields("9112 6.1: chunked twice", "Transfer-Encoding: chunked, chunked", 400),
        .fields("9112 6.3: chunked not last", "Transfer-Encoding: chunked, gzip", 400),
        .init("9112 6.1: a coding under 1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        .fields("9112 6.3: two lengths", "Content-Length: 3\r\nContent-Length: 4", 400),
        .fields("9112 6.3: a list of lengths", "Content-Length: 3, 4", 400),
        .fields("9110 8.6: a length that is no number", "Content-Length: 3x", 400),
        .fields("9110 8.6: a length beyond 64 bits", "Content-Length: 99999999999999999999", 413),
        .chunks("9112 7.1: a size beyond 64 bits", "fffffffffffffffff\r\n", 413),
        .chunks("9112 7.1: no size", "\r\n", 400),
        .chunks("9112 7.1: data longer than its size", "3\r\nabcd\r\n0\r\n\r\n", 400),
        .chunks("9112 7.1.1: extensions without end", "1;\(String(repeating: "a", count: 2000))\r\n", 400),
        .chunks("9112 7.1.2: a trailer that is no field", "0\r\nA b\r\n\r\n", 400),
        .fields("9112 7.1: chunked takes no parameters", "Transfer-Encoding: chunked;q=1", 400),
        .init("9110 15.6.6: another major version", "GET /hello HTTP/3.0\r\nHost: a\r\n\r\n", 505),
        .init(
            "9110 15.5.14: more content than is taken",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n", 413),
    ]

    static let understood: [Exchange] = [
        .init(
            "9110 10.1.1: 100-continue without content",
            "GET /hello HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", 200, closes: false),
        .init("9110 10.1.1: an empty list", "GET /hello HTTP/1.1\r\nHost: a\r\nExpect: ,\r\n\r\n", 200, closes: false),
        .init("9112 2.2: an empty line first", "\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200, closes: false),
        .init("9110 2.5: a higher minor version", "GET /hello HTTP/1.9\r\nHost: a\r\n\r\n", 200, closes: false),
        .init(
            "9112 3.2.2: absolute-form", "GET http://b.example/hello HTTP/1.1\r\nHost: a\r\n\r\n", 200, closes: false),
        .init(
            "9110 4.2.3: the scheme in capitals", "GET HTTP://b/hello HTTP/1.1\r\nHost: a\r\n\r\n", 200, closes: false),
        .init("9110 5.1: names in any case", "GET /hello HTTP/1.1\r\nhOST: a\r\n\r\n", 200, closes: false),
        .init("9110 5.1: unknown fields", "GET /hello HTTP/1.1\r\nHost: a\r\nX-~|!: \r\n\r\n", 200, closes: false),
        .init("9110 5.5: bytes beyond ASCII", "GET /hello HTTP/1.1\r\nHost: a\r\nX: школа\r\n\r\n", 200, closes: false),
        .chunks("9110 5.6.1: empty elements of a list", "0\r\n\r\n", 200, closes: false),
        .chunks("9112 7.1.1: unknown extensions", "3;a;b=c;d=\"e\\\"\"\r\nabc\r\n0\r\n\r\n", 200, closes: false),
        .chunks("9112 7.1: sizes in any case, with zeroes", "00A\r\n0123456789\r\n000\r\n\r\n", 200, closes: false),
        .chunks("9110 6.5.1: trailers are not header fields", "0\r\nContent-Length: 9\r\n\r\n", 200, closes: false),
        .init(
            "9110 7.8: an upgrade is not taken",
            "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", 200, closes: false),
        .init(
            "9110 14.2: Range is not taken", "GET /hello HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n", 200,
            closes: false),
        .init(
            "9110 13.1.3: a date without Last-Modified",
            "GET /hello HTTP/1.1\r\nHost: a\r\nIf-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT\r\n\r\n", 200,
            closes: false),
        .init("9110 9.1: a method that nobody knows", "BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n", 501, closes: false),
        .init("9110 9.1: methods are case-sensitive", "get /hello HTTP/1.1\r\nHost: a\r\n\r\n", 501, closes: false),
        .init("9110 9.3.8: TRACE", "TRACE /hello HTTP/1.1\r\nHost: a\r\n\r\n", 405, closes: false),
        .init("QUERY", "QUERY /hello HTTP/1.1\r\nHost: a\r\n\r\n", 405, closes: false),
        .init(
            "9110 15.5.6: a method that is not for this path", "PUT /hello HTTP/1.1\r\nHost: a\r\n\r\n", 405,
            closes: false),
        .init("9112 9.3: 1.0 without keep-alive", "GET /hello HTTP/1.0\r\n\r\n", 200),
        .init(
            "9112 9.6: close among other options", "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", 200
        ),
    ]

    @Test(arguments: refused + understood) func answers(_ exchange: Exchange) async throws {
        client.send(exchange.text)
        if exchange.closes { client.finish() }
        let answer = try await client.answer()
        #expect(answer.status == exchange.status)
        #expect(answer.closes == exchange.closes)
        // 9110 6.6.1: an origin server with a clock sends Date.
        #expect(answer["Date"]?.hasSuffix(" GMT") == true)
        #expect(answer["Transfer-Encoding"] == nil && answer["Content-Length"] == "\(answer.body.count)")
        if exchange.closes {
            #expect(try await client.remainder() == "")
        } else {
            #expect(try await client.get("/hello").status == 200)
        }
    }

    /// 9110 9.3.2 and 6.4.1: no content in any answer to HEAD, even if the head is refused.
    @Test(arguments: [
        "HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "HEAD /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "HEAD /hello HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n", "HEAD /hello HTTP/1.1\r\n\r\n",
        "HEAD /problem HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ])
    func headHasNoContent(request: String) async throws {
        client.send(request)
        client.finish()
        let answer = try await client.answer(hasBody: false)
        #expect(try #require(Int(answer["Content-Length"] ?? "")) > 0)
        #expect(try await client.remainder() == "")
    }

    /// 9110 9.3.2: HEAD has the fields of GET.
    @Test func headHasTheFieldsOfGet() async throws {
        let get = try await client.get("/tagged", "X-Request-Id: 1")
        client.send("HEAD /tagged HTTP/1.1\r\nHost: a\r\nX-Request-Id: 1\r\n\r\n")
        let head = try await client.answer(hasBody: false)
        #expect(head.status == get.status)
        #expect(
            head.fields.filter { $0.name != "Date" }.map { "\($0)" }
                == get.fields.filter { $0.name != "Date" }.map { "\($0)" })
    }

    /// 9112 9.3.2: answers in the order of the requests, and none after `close` (9112 9.6).
    @Test func nothingIsReadBehindClose() async throws {
        client.send(
            "GET /hello HTTP/1.1\r\nHost: a\r\nX-Name: 1\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\nX-Name: 2\r\nConnection: close\r\n\r\n"
                + "GET /hello HTTP/1.1\r\nHost: a\r\nX-Name: 3\r\n\r\n")
        #expect(try await client.answer().text == "hello 1")
        let last = try await client.answer()
        #expect(last.text == "hello 2")
        #expect(last.closes)
        client.finish()
        #expect(try await client.remainder() == "")
    }

    /// 9110 10.1.1: HTTP/1.0 has no 100, and Expect is ignored there.
    @Test func noInterimAnswerTo10() async throws {
        client.send("POST /echo HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue, x\r\n\r\nhi")
        let answer = try await client.answer()
        #expect(answer.status == 200)
        #expect(answer.text == "hi")
    }

    /// 9110 8.6 and 9112 6.1: neither length nor coding with 204.
    @Test func noContentHasNoFraming() async throws {
        let answer = try await client.get("/empty")
        #expect(answer.status == 204)
        #expect(answer["Content-Length"] == nil && answer["Transfer-Encoding"] == nil)
        #expect(try await client.get("/hello").status == 200)
    }

    /// 9110 13.1.1 and 13.2.2: If-Match is evaluated first, compares strongly, and prevents the method with a 412.
    @Test(arguments: [
        ("If-Match: TAG", 200), ("If-Match: *", 200), ("If-Match: \"other\", TAG", 200), ("If-Match: \"other\"", 412),
        ("If-Match: W/TAG", 412), ("If-Match: nonsense", 412), ("If-Match: TAG\r\nIf-None-Match: TAG", 304),
        ("If-Match: \"other\"\r\nIf-None-Match: TAG", 412), ("If-None-Match: W/TAG", 304), ("If-None-Match: *", 304),
    ])
    func preconditions(field: String, status: Int) async throws {
        let tag = try #require(try await client.get("/tagged")["ETag"])
        let answer = try await client.get(
            "/tagged", field.split(separator: "TAG", omittingEmptySubsequences: false).joined(separator: tag))
        #expect(answer.status == status)
        if status == 412 { #expect(answer.member("code") == "precondition_failed") }
        // 9110 15.4.5: the fields that a 304 must have.
        if status == 304 {
            #expect(answer["ETag"] == tag)
            #expect(answer["Cache-Control"] == "private, no-cache")
            #expect(answer["Vary"]?.contains("Authorization") == true)
        }
        // 9110 13.2.1: conditions are ignored if the answer would not be a 2xx.
        #expect(try await client.get("/nothing", "If-Match: \"other\"").status == 404)
    }

    /// 9112 8: a request with incomplete content is never taken for a complete one.
    @Test(arguments: [
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nshort",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n0\r\n",
    ])
    func incompleteContent(request: String) async throws {
        client.send(request)
        client.finish()
        let answer = try await client.answer()
        #expect(answer.status == 400)
        #expect(answer.closes)
        #expect(try await client.remainder() == "")
    }
}
