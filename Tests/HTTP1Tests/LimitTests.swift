import HTTP1
import Testing

/// Each limit in any split: reaching it exactly is accepted, exceeding it by one is refused.
@Suite struct LimitTests {
    private func error(_ text: String, _ limits: Limits, maximumBody: Int? = nil) -> ParseError? {
        sameInEachSplit(Array(text.utf8), limits: limits, maximumBody: maximumBody).error
    }

    @Test func head() {
        let text = "GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789\r\n\r\n"
        #expect(error(text, Limits(head: text.utf8.count)) == nil)
        #expect(error(text, Limits(head: text.utf8.count - 1)) == .headTooLarge)
        #expect(error(text, Limits(head: 20)) == .headTooLarge)
    }

    @Test func requestLineWithoutEnd() {
        #expect(error("GET /" + String(repeating: "a", count: 60), Limits(head: 50)) == .targetTooLong)
        #expect(error(String(repeating: "A", count: 60), Limits(head: 50)) == .methodTooLong)
        #expect(
            error(String(repeating: "A", count: 32) + " /aaaaaaaaaaaaaaaaaaaaaaaa", Limits(head: 50)) == .targetTooLong)
        #expect(
            error(String(repeating: "A", count: 33) + " /aaaaaaaaaaaaaaaaaaaaaaaa", Limits(head: 50)) == .methodTooLong)
    }

    @Test func target() {
        let text = "GET /234567890 HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(error(text, Limits(target: 10)) == nil)
        #expect(error(text, Limits(target: 9)) == .targetTooLong)
    }

    @Test func defaults() {
        let target = "/" + String(repeating: "a", count: 8191)
        #expect(parse("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").error == nil)
        #expect(parse("GET \(target)a HTTP/1.1\r\nHost: a\r\n\r\n").error == .targetTooLong)
        let fields = String(repeating: "A: b\r\n", count: 99)
        #expect(parse("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n").error == nil)
        #expect(parse("GET / HTTP/1.1\r\nHost: a\r\n\(fields)A: b\r\n\r\n").error == .tooManyFields)
        let value = String(repeating: "a", count: 16 * 1024)
        #expect(parse("GET / HTTP/1.1\r\nHost: a\r\nA: \(value)\r\n\r\n").error == .headTooLarge)
    }

    @Test func fixedBody() {
        let text = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
        #expect(error(text, Limits(body: 5)) == nil)
        #expect(error(text, Limits(body: 4)) == .contentTooLarge)
        #expect(error(text, Limits(body: 4), maximumBody: 5) == nil)
        #expect(error(text, Limits(body: 5), maximumBody: 4) == .contentTooLarge)
        #expect(error(text, Limits(), maximumBody: 0) == .contentTooLarge)
    }

    @Test func chunkedBody() {
        let head = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let text = head + "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
        #expect(error(text, Limits(body: 5)) == nil)
        #expect(error(text, Limits(body: 4)) == .contentTooLarge)
        #expect(error(text, Limits(body: 2)) == .contentTooLarge)
        #expect(error(head + "0\r\n\r\n", Limits(body: 0)) == nil)
    }

    @Test func maximumBodyGoesBackAfterEachRequest() throws {
        let request = Array("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n".utf8)
        var parser = RequestParser(limits: Limits(body: 2))
        _ = try parser.next(request.span)
        parser.maximumBody = 3
        let body: [UInt8] = [1, 2, 3]
        _ = try parser.next(body.span)
        let nothing: [UInt8] = []
        guard case .end = try parser.next(nothing.span).event else {
            Issue.record("no end")
            return
        }
        #expect(parser.maximumBody == 2)
        _ = try parser.next(request.span)
        #expect(throws: ParseError.contentTooLarge) { try parser.next(body.span) }
    }

    @Test func trailersAndExtensions() {
        let head = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let trailers = head + "0\r\nA: b\r\nC: d\r\n\r\n"
        #expect(error(trailers, Limits(trailers: 14)) == nil)
        #expect(error(trailers, Limits(trailers: 13)) == .headTooLarge)
        #expect(error(trailers, Limits(fields: 2)) == nil)
        let extensions = head + "1;ab\r\nx\r\n1;cd\r\ny\r\n0\r\n\r\n"
        // The name and the CR after it count, in each of the two chunks.
        #expect(error(extensions, Limits(chunkExtensions: 6)) == nil)
        #expect(error(extensions, Limits(chunkExtensions: 5)) == .chunkExtensionsTooLong)
        let many = head + "0\r\n" + String(repeating: "A: b\r\n", count: 3) + "\r\n"
        #expect(error(many, Limits(fields: 2)) == .tooManyFields)
    }
}
