import HTTP1
import Testing

@Suite struct RequestParserTests {
    @Test func readsHead() throws {
        let outcome = parse(
            "GET /v1/lessons?from=1 HTTP/1.1\r\nHost: a.example:8080\r\nAccept:\t*/* \r\nEmpty:\r\nX: é\r\n\r\n")
        #expect(outcome.error == nil)
        #expect(outcome.isIdle)
        let request = try #require(outcome.requests.first)
        #expect(
            request
                == Outcome.Request(
                    method: .get, path: "/v1/lessons", query: "from=1", host: "a.example:8080", minorVersion: 1,
                    length: .none, keepAlive: true, expectsContinue: false,
                    fields: ["Host=a.example:8080", "Accept=*/*", "Empty=", "X=é"], isComplete: true))
    }

    @Test func endsARequestWithoutContentAtOnce() throws {
        var parser = RequestParser()
        let without = Array("GET /a HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let with = Array("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n".utf8)
        for _ in 0..<2 {
            guard case .head(let head) = try parser.next(without.span).event else { throw Unexpected() }
            #expect(head.path == "/a" && !parser.isIdle)
            parser.endWithoutContent()
            #expect(parser.isIdle)
        }
        // Content must still be read, and between requests there is nothing to end.
        parser.endWithoutContent()
        guard case .head = try parser.next(with.span).event else { throw Unexpected() }
        parser.endWithoutContent()
        #expect(!parser.isIdle)
        guard case .body(0..<2) = try parser.next(Array("ok".utf8).span).event else { throw Unexpected() }
        #expect(!parser.isIdle)
        parser.endWithoutContent()
        guard case .end = try parser.next([UInt8]().span).event else { throw Unexpected() }
        #expect(parser.isIdle)
    }

    private struct Unexpected: Error {}

    /// Requests that must be accepted, in every split.
    static let accepted: [String] = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked,\r\n\r\nA\r\n0123456789\r\n1\r\nx\r\n000\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "3 ;a;b = c ;d=\"e;\\\"f\"\r\na\r\n\r\n0;last\r\nX-Sum: 1\r\nContent-Length: 7\r\n\r\n"
            + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n\r\n"
            + "DELETE /3 HTTP/1.1\r\nHost: a\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\nGET http://h/p?q HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\nHEAD / HTTP/1.2\r\nHOST:a\r\nX: \u{80}é\t \r\n\r\n",
        "POST /1 HTTP/1.0\r\nContent-Length: 00\r\nConnection: keep-alive\r\n\r\nPOST /2 HTTP/1.0\r\nContent-Length:2\r\n\r\nab",
        "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0000000000000001;a\r\n\r\r\n0\r\n"
            + "A:\r\nB: c\r\n\r\n",
        "GET /unfinished HTTP/1.1\r\nHost: a\r\nAccept: te",
    ]

    @Test(arguments: accepted)
    func splitsDoNotMatter(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(sameInEachSplit(bytes).error == nil)
    }

    /// A prefix never gives more than its complete requests: the first ones of the whole text.
    @Test(arguments: accepted)
    func prefixesGiveTheFirstRequests(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = parse([bytes]).requests
        for end in bytes.indices {
            let outcome = parse([Array(bytes[..<end])])
            #expect(outcome.error == nil)
            #expect(outcome.requests.count <= whole.count)
            for (request, complete) in zip(outcome.requests, whole) {
                #expect(request.isComplete ? request == complete : complete.body.starts(with: request.body))
                #expect(request.fields == complete.fields && request.path == complete.path)
            }
        }
    }

    @Test func pipelines() {
        let outcome = parse(
            "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
                + "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ncd\r\n1\r\ne\r\n0\r\n\r\n"
                + "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(outcome.requests.map(\.path) == ["/1", "/2", "/3"])
        #expect(outcome.requests.map(\.text) == ["ab", "cde", ""])
        #expect(outcome.requests.map(\.length) == [.fixed(2), .chunked, .none])
        #expect(outcome.requests.map(\.isComplete) == [true, true, true])
    }

    @Test func unfinishedIsNotIdle() {
        #expect(parse("").isIdle)
        #expect(!parse("G").isIdle)
        #expect(!parse("\r\n").isIdle)
        #expect(!parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell").isIdle)
        #expect(parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello").isIdle)
    }

    @Test(arguments: [
        ("GET", Method.get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("PATCH", .patch),
        ("DELETE", .delete), ("OPTIONS", .options), ("get", .other("get")), ("GETS", .other("GETS")),
        ("PROPPATCHING", .other("PROPPATCHING")), ("M-SEARCH", .other("M-SEARCH")),
    ])
    func methods(_ token: String, _ method: Method) {
        #expect(parse("\(token) / HTTP/1.1\r\nHost: a\r\n\r\n").requests.first?.method == method)
        #expect(method.rawValue == token)
        #expect(Method(token) == method)
    }

    @Test(arguments: [
        ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
        ("HTTP/1.1", "Connection: foo, CLOSE\r\n", false), ("HTTP/1.1", "Connection: closed\r\n", true),
        ("HTTP/1.2", "", true), ("HTTP/1.0", "", false), ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
        ("HTTP/1.0", "Connection: keep-alive\r\nConnection: close\r\n", false),
    ])
    func keepsAlive(_ version: String, _ fields: String, _ keepAlive: Bool) {
        #expect(parse("GET / \(version)\r\nHost: a\r\n\(fields)\r\n").requests.first?.keepAlive == keepAlive)
    }

    @Test(arguments: [
        ("HTTP/1.1", "100-continue", true), ("HTTP/1.1", "100-Continue", true), ("HTTP/1.1", ", 100-continue,", true),
        ("HTTP/1.1", "100-continue, 100-continue", true), ("HTTP/1.1", "", false), ("HTTP/1.1", ", ,", false),
        ("HTTP/1.0", "100-continue", false), ("HTTP/1.0", "100-continue, x", false), ("HTTP/1.0", "x", false),
    ])
    func expects(_ version: String, _ value: String, _ expects: Bool) {
        let outcome = parse("PUT / \(version)\r\nHost: a\r\nExpect: \(value)\r\nContent-Length: 1\r\n\r\n")
        #expect(outcome.requests.first?.expectsContinue == expects)
    }

    @Test(
        arguments: [
            ("GET", "/", "/", nil, "a"), ("GET", "/?", "/", "", "a"), ("GET", "/a%2Fb?c=/?d", "/a%2Fb", "c=/?d", "a"),
            ("GET", "//x", "//x", nil, "a"), ("GET", "HTTP://h.example:81/p", "/p", nil, "h.example:81"),
            ("GET", "https://h", "/", nil, "h"), ("GET", "http://h?q", "/", "q", "h"), ("OPTIONS", "*", "*", nil, "a"),
            ("OPTIONS", "http://h", "*", nil, "h"), ("OPTIONS", "http://h/", "/", nil, "h"),
            ("GET", "http://[::1]:8080/", "/", nil, "[::1]:8080"),
        ] as [(String, String, String, String?, String)])
    func targets(_ method: String, _ target: String, _ path: String, _ query: String?, _ host: String) {
        let request = parse("\(method) \(target) HTTP/1.1\r\nHost: a\r\n\r\n").requests.first
        #expect(request?.path == path)
        #expect(request?.query == query)
        #expect(request?.host == host)
    }

    @Test(arguments: ["a", "a.example", "127.0.0.1:80", "[::1]", "[2001:db8::1.2.3.4]:8443", "a%20b", "a:", "a_b-c~"])
    func hosts(_ host: String) {
        #expect(parse("GET / HTTP/1.1\r\nHost:  \(host)\t\r\n\r\n").requests.first?.host == host)
    }

    @Test func accessesFields() throws {
        var parser = RequestParser()
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\nX-AB: 3\r\n\r\n".utf8)
        guard case .head(let head) = try parser.next(bytes.span).event else {
            Issue.record("no head")
            return
        }
        #expect(head["x-A"] == "1, 2")
        #expect(head.values(of: "X-A") == ["1", "2"])
        #expect(head.bytes(of: "X-AB").map { Array($0) } == [0x33])
        #expect(head["X-ABC"] == nil)
        #expect(head.values(of: "").isEmpty)
        #expect(Array(head.pathBytes) == [0x2F])
    }

    @Test func tokenBytesAreThoseOfTheRFC() {
        let allowed = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min...UInt8.max {
            let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX".utf8) + [byte] + Array(": b\r\n\r\n".utf8)
            // A colon ends the name; the bytes after it are then a value.
            #expect((parse([bytes]).error == nil) == (allowed.contains(byte) || byte == 0x3A), "\(byte)")
        }
    }
}
