import HTTP1
import Testing

@Suite struct ResponseTests {
    private static let date = Array("Sun, 06 Nov 1994 08:49:37 GMT".utf8)

    private func text(_ head: ResponseHead) throws -> String {
        var output: [UInt8] = []
        try head.append(to: &output, date: ResponseTests.date)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func writesHead() throws {
        let head = ResponseHead(
            status: .ok, contentType: "application/json", length: .fixed(1203),
            fields: [("ETag", "\"v7\""), ("X-Empty", "")])
        #expect(
            try text(head)
                == "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/json\r\n"
                + "Content-Length: 1203\r\nETag: \"v7\"\r\nX-Empty: \r\n\r\n")
    }

    @Test(
        arguments: [
            (Status.ok, ResponseHead.Length.fixed(0), "Content-Length: 0"), (.ok, .fixed(9), "Content-Length: 9"),
            (.ok, .fixed(10), "Content-Length: 10"), (.ok, .fixed(.max), "Content-Length: 9223372036854775807"),
            (.ok, .chunked, "Transfer-Encoding: chunked"), (.ok, .none, nil), (.noContent, .fixed(0), nil),
            (.noContent, .chunked, nil), (.continue, .fixed(0), nil), (.notModified, .none, nil),
            (.notModified, .fixed(5), "Content-Length: 5"), (.notModified, .chunked, nil),
        ] as [(Status, ResponseHead.Length, String?)])
    func framing(_ status: Status, _ length: ResponseHead.Length, _ line: String?) throws {
        let lines = try text(ResponseHead(status: status, length: length)).split(separator: "\r\n").dropFirst(2)
        #expect(lines.map(String.init) == (line.map { [$0] } ?? []))
    }

    @Test(
        arguments: [
            (ResponseHead.Connection.implicit, nil), (.close, "Connection: close"),
            (.keepAlive, "Connection: keep-alive"),
        ] as [(ResponseHead.Connection, String?)])
    func connection(_ connection: ResponseHead.Connection, _ line: String?) throws {
        let head = ResponseHead(status: .ok, length: .none, connection: connection)
        #expect(try text(head).split(separator: "\r\n").dropFirst(2).map(String.init) == (line.map { [$0] } ?? []))
    }

    @Test(arguments: [
        ("X", "a\r\nSet-Cookie: b", FieldError.badValue(name: "X")), ("X", "a\nb", .badValue(name: "X")),
        ("X", "a\rb", .badValue(name: "X")), ("X", "a\0b", .badValue(name: "X")),
        ("X", "long enough for words\r", .badValue(name: "X")), ("X", " a", .badValue(name: "X")),
        ("X", "a\u{7F}", .badValue(name: "X")), ("X\r\nY", "a", .badName("X\r\nY")), ("X:", "a", .badName("X:")),
        ("", "a", .badName("")), ("X Y", "a", .badName("X Y")),
        ("content-LENGTH", "5", .reservedName("content-LENGTH")),
        ("Transfer-Encoding", "chunked", .reservedName("Transfer-Encoding")), ("Date", "now", .reservedName("Date")),
        ("connection", "close", .reservedName("connection")), ("Content-type", "a/b", .reservedName("Content-type")),
    ])
    func refusesInjection(_ name: String, _ value: String, _ error: FieldError) {
        var output: [UInt8] = [1, 2, 3]
        let head = ResponseHead(status: .ok, fields: [("A", "b"), (name, value)])
        #expect(throws: error) { try head.append(to: &output, date: ResponseTests.date) }
        #expect(output == [1, 2, 3])
        #expect(throws: error) { try ChunkedBody.appendEnd(trailers: [(name, value)], to: &output) }
        #expect(output == [1, 2, 3])
    }

    @Test func refusesInjectionByContentType() {
        var output: [UInt8] = []
        let head = ResponseHead(status: .ok, contentType: "text/html\r\nX: y")
        #expect(throws: FieldError.badValue(name: "Content-Type")) {
            try head.append(to: &output, date: ResponseTests.date)
        }
        #expect(output.isEmpty)
    }

    @Test func valuesMayBeUnicode() throws {
        #expect(try text(ResponseHead(status: .ok, fields: [("X", "имя")])).contains("X: имя\r\n"))
    }

    @Test(arguments: [
        (1, "1"), (9, "9"), (10, "a"), (15, "f"), (16, "10"), (255, "ff"), (256, "100"), (4096, "1000"),
        (65_535, "ffff"), (.max, "7fffffffffffffff"),
    ])
    func chunkHeader(_ count: Int, _ digits: String) {
        var output: [UInt8] = []
        ChunkedBody.appendHeader(count: count, to: &output)
        #expect(String(decoding: output, as: UTF8.self) == digits + "\r\n")
    }

    /// The parser reads back what was written in chunks.
    @Test func chunksRoundTrip() throws {
        var output = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        let content = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
        ChunkedBody.append(content, to: &output)
        ChunkedBody.append([], to: &output)
        ChunkedBody.append(content.span, to: &output)
        try ChunkedBody.appendEnd(trailers: [("Lyceum-Rows", "2")], to: &output)
        let outcome = parse([output])
        #expect(outcome.requests.first?.body == content + content)
        #expect(outcome.requests.first?.isComplete == true)
        #expect(outcome.error == nil && outcome.isIdle)
        var end: [UInt8] = []
        ChunkedBody.appendEnd(to: &end)
        #expect(String(decoding: end, as: UTF8.self) == "0\r\n\r\n")
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"), (-62_167_219_200, "Sat, 01 Jan 0000 00:00:00 GMT"),
    ])
    func dates(_ seconds: Int, _ text: String) {
        #expect(String(decoding: HTTPDate.format(secondsSinceEpoch: seconds), as: UTF8.self) == text)
    }

    @Test(arguments: [(200, "OK"), (201, "Created"), (409, "Conflict"), (429, "Too Many Requests"), (299, "")])
    func phraseOfACode(_ code: Int, _ phrase: String) {
        #expect(Status(code: code).reason == phrase)
    }
}
