import HTTP1
import Testing

/// A request that is answered once before the connection closes, and the reason. Each is also fed in every split.
struct Refused: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let error: ParseError
    var testDescription: String { name }

    init(_ name: String, _ text: String, _ error: ParseError) {
        self.name = name
        self.text = text
        self.error = error
    }

    /// Fields after a valid request line and Host.
    init(_ name: String, fields: String, _ error: ParseError) {
        self.init(name, "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n", error)
    }

    /// The part after the head of a chunked request.
    init(_ name: String, chunks: String, _ error: ParseError) {
        self.init(name, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)", error)
    }

    static let requestLines: [Refused] = [
        .init("bare LF after the line", "GET / HTTP/1.1\nHost: a\r\n\r\n", .bareLineFeed),
        .init("bare LF first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .bareLineFeed),
        .init("one byte and LF", "G\n", .bareLineFeed),
        .init("bare CR first", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", .bareCarriageReturn),
        .init("bare CR inside", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", .bareCarriageReturn),
        .init("two CRs", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", .bareCarriageReturn),
        .init("two empty lines", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        .init("space first", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
        .init("no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        .init("method alone", "GET\r\nHost: a\r\n\r\n", .badMethod),
        .init("two spaces before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .badVersion),
        .init("two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .badVersion),
        .init("space behind", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .badVersion),
        .init("tab as separator", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
        .init("method with a bracket", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
        .init("long method", String(repeating: "A", count: 33) + " / HTTP/1.1\r\nHost: a\r\n\r\n", .methodTooLong),
        .init("0.9 form", "GET /\r\n\r\n", .badRequestLine),
        .init("lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", .badVersion),
        .init("two digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", .badVersion),
        .init("no minor", "GET / HTTP/1\r\nHost: a\r\n\r\n", .badVersion),
        .init("letter for a digit", "GET / HTTP/1.x\r\nHost: a\r\n\r\n", .badVersion),
        .init("version 2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .unsupportedVersion),
        .init("version 0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", .unsupportedVersion),
        .init("relative target", "GET index HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("asterisk for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("authority-form", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("other scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("user information", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("absolute-form without host", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("fragment", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("raw UTF-8", "GET /я HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("DEL in the target", "GET /\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
    ]

    static let fields: [Refused] = [
        .init("no Host", "GET / HTTP/1.1\r\n\r\n", .missingHost),
        .init("no Host under 1.2", "GET / HTTP/1.2\r\n\r\n", .missingHost),
        .init("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", .repeatedHost),
        .init("two Hosts under 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", .repeatedHost),
        .init("empty Host", "GET / HTTP/1.1\r\nHost: \r\n\r\n", .badHost),
        .init("Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .badHost),
        .init("Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .badHost),
        .init("Host with a comma", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", .badHost),
        .init("Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", .badHost),
        .init("Host with a bad port", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", .badHost),
        .init("Host with only a port", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", .badHost),
        .init("Host with an open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .badHost),
        .init("bare LF", fields: "A: b\nC: d", .bareLineFeed),
        .init("bare LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLineFeed),
        .init("bare CR", fields: "A: b\rC: d", .bareCarriageReturn),
        .init("CR instead of the last line", "GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n", .bareCarriageReturn),
        .init("folded", fields: "A: b\r\n c", .foldedField),
        .init("folded by a tab", fields: "A: b\r\n\tc", .foldedField),
        .init("space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", .foldedField),
        .init("space before the colon", fields: "A : b", .badFieldName),
        .init("tab before the colon", fields: "A\t: b", .badFieldName),
        .init("no colon", fields: "A", .badFieldName),
        .init("no name", fields: ": b", .badFieldName),
        .init("name with a bracket", fields: "A(: b", .badFieldName),
        .init("name beyond ASCII", fields: "Ä: b", .badFieldName),
        .init("NUL in a name", fields: "A\0: b", .badFieldName),
        .init("NUL in a value", fields: "A: b\0c", .badFieldValue),
        .init("NUL in a long value", fields: "A: 0123456789012345678\0c", .badFieldValue),
        .init("DEL in a long value", fields: "A: 0123456789012345678\u{7F}c", .badFieldValue),
        .init("ESC in a value", fields: "A: \u{1B}[0m", .badFieldValue),
        .init("vertical tab round chunked", fields: "Transfer-Encoding: \u{0B}chunked", .badFieldValue),
    ]

    static let framing: [Refused] = [
        .init("length and coding", fields: "Content-Length: 5\r\nTransfer-Encoding: chunked", .lengthAndTransferCoding),
        .init("coding and length", fields: "Transfer-Encoding: chunked\r\nContent-Length: 0", .lengthAndTransferCoding),
        .init("two lengths", fields: "Content-Length: 5\r\nContent-Length: 6", .repeatedContentLength),
        .init("the same length twice", fields: "Content-Length: 5\r\nContent-Length: 5", .repeatedContentLength),
        .init("list of lengths", fields: "Content-Length: 5, 5", .badContentLength),
        .init("empty length", fields: "Content-Length: ", .badContentLength),
        .init("plus", fields: "Content-Length: +5", .badContentLength),
        .init("minus", fields: "Content-Length: -5", .badContentLength),
        .init("hexadecimal length", fields: "Content-Length: 0x5", .badContentLength),
        .init("fraction", fields: "Content-Length: 5.0", .badContentLength),
        .init("space inside", fields: "Content-Length: 5 5", .badContentLength),
        .init("length beyond Int", fields: "Content-Length: 9223372036854775808", .contentTooLarge),
        .init("length that wraps", fields: "Content-Length: 18446744073709551621", .contentTooLarge),
        .init("length beyond the limit", fields: "Content-Length: 1048577", .contentTooLarge),
        .init("space before the colon of a length", fields: "Content-Length : 5", .badFieldName),
        .init("coding under 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .badTransferCoding),
        .init("empty coding", fields: "Transfer-Encoding: ", .badTransferCoding),
        .init("chunked twice", fields: "Transfer-Encoding: chunked, chunked", .badTransferCoding),
        .init(
            "chunked in two fields", fields: "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            .badTransferCoding),
        .init("chunked not last", fields: "Transfer-Encoding: chunked, gzip", .badTransferCoding),
        .init(
            "chunked not last, two fields", fields: "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            .badTransferCoding),
        .init("unknown expectation", fields: "Expect: x", .unknownExpectation),
        .init("unknown expectation of several", fields: "Expect: 100-continue, x", .unknownExpectation),
        .init(
            "unknown expectation in a second field", fields: "Expect: 100-continue\r\nExpect: x", .unknownExpectation),
        .init("expectation with a value", fields: "Expect: 100-continue=1", .unknownExpectation),
        .init("expectation with a parameter", fields: "Expect: 100-continue;q=1", .unknownExpectation),
        .init("comma in a quoted string", fields: "Expect: x=\",100-continue,\"", .unknownExpectation),
        .init("unknown coding", fields: "Transfer-Encoding: gzip", .unknownTransferCoding),
        .init("unknown before chunked", fields: "Transfer-Encoding: gzip, chunked", .unknownTransferCoding),
        .init("identity", fields: "Transfer-Encoding: identity", .unknownTransferCoding),
        .init("nearly chunked", fields: "Transfer-Encoding: xchunked", .unknownTransferCoding),
        .init("quoted chunked", fields: "Transfer-Encoding: \"chunked\"", .unknownTransferCoding),
        .init("chunked with a parameter", fields: "Transfer-Encoding: chunked;q=1", .badTransferCoding),
        .init("chunked with a spaced parameter", fields: "Transfer-Encoding: chunked ; q=1", .badTransferCoding),
        .init("chunked with a byte behind", fields: "Transfer-Encoding: chunked\u{A0}", .badTransferCoding),
        .init("unknown with a parameter", fields: "Transfer-Encoding: gzip;q=1", .unknownTransferCoding),
    ]

    static let chunks: [Refused] = [
        .init("no size", chunks: "\r\n", .badChunk),
        .init("letter", chunks: "g\r\n", .badChunk),
        .init("prefix", chunks: "0x5\r\nhello\r\n", .badChunk),
        .init("plus", chunks: "+5\r\nhello\r\n", .badChunk),
        .init("minus", chunks: "-5\r\nhello\r\n", .badChunk),
        .init("underscore", chunks: "1_0\r\n", .badChunk),
        .init("space before", chunks: " 5\r\nhello\r\n", .badChunk),
        .init("space behind", chunks: "5 \r\nhello\r\n", .badChunk),
        .init("bare LF", chunks: "5\nhello\r\n0\r\n\r\n", .badChunk),
        .init("bare CR", chunks: "5\rhello\r\n0\r\n\r\n", .badChunk),
        .init("17 digits", chunks: "00000000000000005\r\nhello\r\n", .badChunk),
        .init("wraps 64 bits", chunks: "FFFFFFFFFFFFFFFF\r\n", .contentTooLarge),
        .init("sign bit", chunks: "8000000000000000\r\n", .contentTooLarge),
        .init("beyond the limit", chunks: "100001\r\n", .contentTooLarge),
        .init("chunk longer than said", chunks: "4\r\nhello\r\n0\r\n\r\n", .badChunk),
        .init("LF after the data", chunks: "5\r\nhello\n0\r\n\r\n", .badChunk),
        .init("CR alone after the data", chunks: "5\r\nhello\r0\r\n\r\n", .badChunk),
        .init("extension without a name", chunks: "5;\r\nhello\r\n", .badChunk),
        .init("extension with an empty value", chunks: "5;a=\r\nhello\r\n", .badChunk),
        .init("bare LF in an extension", chunks: "5;a\nhello\r\n0\r\n\r\n", .badChunk),
        .init("CRLF in a quoted extension", chunks: "5;a=\"b\r\n\"\r\nhello\r\n", .badChunk),
        .init("open quotes", chunks: "5;a=\"b\r\nhello\r\n", .badChunk),
        .init("space at an extension's end", chunks: "5;a \r\nhello\r\n", .badChunk),
        .init("NUL in an extension", chunks: "5;a\0\r\nhello\r\n", .badChunk),
        .init(
            "long extension", chunks: "5;a=\(String(repeating: "b", count: 1024))\r\nhello\r\n",
            .chunkExtensionsTooLong),
        .init("trailer with a space", chunks: "0\r\nA : b\r\n\r\n", .badFieldName),
        .init("folded trailer", chunks: "0\r\nA: b\r\n c\r\n\r\n", .foldedField),
        .init("bare LF in a trailer", chunks: "0\r\nA: b\n\r\n", .bareLineFeed),
        .init("bare CR in a trailer", chunks: "0\r\nA: b\rc\r\n\r\n", .bareCarriageReturn),
        .init("bare LF for the end", chunks: "0\r\n\n", .bareLineFeed),
        .init("NUL in a trailer", chunks: "0\r\nA: \0\r\n\r\n", .badFieldValue),
    ]
}

@Suite struct RefusedRequestTests {
    @Test(arguments: Refused.requestLines + Refused.fields + Refused.framing + Refused.chunks)
    func refuses(_ refused: Refused) {
        let bytes = Array(refused.text.utf8)
        #expect(sameInEachSplit(bytes).error == refused.error)
    }

    /// Between two valid requests; the one before has content in either framing.
    @Test(arguments: Refused.requestLines + Refused.fields + Refused.framing + Refused.chunks)
    func refusesBehindAnother(_ refused: Refused) {
        let good = [
            "PUT /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
            "PUT /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n",
        ]
        for first in good {
            let outcome = parse(first + refused.text + "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
            // Without a line end there is no error yet; the next request then belongs to the line.
            #expect(outcome.error == refused.error)
            #expect(outcome.requests.first?.text == "abc")
            #expect(outcome.requests.first?.isComplete == true)
            #expect(!outcome.requests.contains { $0.path == "/3" })
        }
    }

    @Test func methodIsKnownOnceItsLineIs() {
        var parser = RequestParser()
        let start = Array("HEAD / HTTP/1.1\r".utf8)
        let rest = Array("\nHost : a\r\n\r\n".utf8)
        _ = try? parser.next(start.span)
        #expect(parser.method == nil)
        #expect(throws: ParseError.badFieldName) { try parser.next(rest.span) }
        #expect(parser.method == .head)
    }

    @Test func errorIsFinal() {
        var parser = RequestParser()
        let bad = Array("GET / HTTP/1.1\n".utf8)
        let good = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(throws: ParseError.bareLineFeed) { try parser.next(bad.span) }
        #expect(throws: ParseError.bareLineFeed) { try parser.next(good.span) }
    }

    @Test(arguments: ParseError.allCases)
    func hasAnErrorStatus(_ error: ParseError) {
        #expect([400, 413, 414, 417, 431, 501, 505].contains(error.status.code))
        #expect(!error.code.isEmpty && error.text.hasSuffix("."))
    }

    @Test(arguments: [
        (ParseError.badChunk, 400), (.contentTooLarge, 413), (.targetTooLong, 414), (.unknownExpectation, 417),
        (.headTooLarge, 431),
        (.tooManyFields, 431), (.unknownTransferCoding, 501), (.methodTooLong, 501), (.unsupportedVersion, 505),
    ])
    func status(_ error: ParseError, _ code: Int) {
        #expect(error.status.code == code)
    }

    /// Every control byte at every place of a head is refused, and none crashes.
    @Test func refusesControlBytesAnywhere() {
        let good = Array("GET /a?b HTTP/1.1\r\nHost: a\r\nX-Long-Name: some value of more than eight\r\n\r\n".utf8)
        for position in 1..<good.count {
            for byte in Array<UInt8>(0...0x1F) + [0x7F] where byte != 0x09 && byte != good[position] {
                var bytes = good
                bytes[position] = byte
                if parse([bytes]).error == nil {
                    // Only a head without its end may be left.
                    #expect(parse([bytes]).requests.isEmpty && position >= good.count - 2, "\(byte) at \(position)")
                }
            }
        }
    }
}
