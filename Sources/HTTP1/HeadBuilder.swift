/// Turns the complete lines of a head into a `RequestHead`. It sees each line once, in the parser's buffer.
struct HeadBuilder: Sendable {
    private(set) var method: Method?
    private var minorVersion = 1
    private var target: Target?
    private var fields: [RequestHead.Field] = []
    private var host: Range<UInt32>?
    private var contentLength: Int?
    private var hasTransferCoding = false
    private var isChunked = false
    private var saysClose = false
    private var saysKeepAlive = false
    private var expectsContinue = false
    private var expectsUnknown = false

    static let longestMethod = 32

    /// Whether the request line has been read.
    var isStarted: Bool { method != nil }

    /// Reads one line; `range` is without its CRLF.
    mutating func line(_ bytes: Span<UInt8>, _ range: Range<Int>, limits: Limits) throws(ParseError) {
        if isStarted {
            try field(bytes, range, limits: limits)
        } else {
            try requestLine(bytes, range, limits: limits)
        }
    }

    /// method SP request-target SP HTTP-version (RFC 9112 section 3), with single spaces only.
    private mutating func requestLine(
        _ bytes: Span<UInt8>, _ range: Range<Int>, limits: Limits
    ) throws(ParseError) {
        var index = range.lowerBound
        while index < range.upperBound, Bytes.isToken(bytes[index]) { index += 1 }
        let token = range.lowerBound..<index
        guard !token.isEmpty, index < range.upperBound, bytes[index] == Bytes.space else { throw .badMethod }
        guard token.count <= HeadBuilder.longestMethod else { throw .methodTooLong }

        let targetStart = index + 1
        let space = Bytes.firstIndex(of: Bytes.space, in: bytes, from: targetStart) ?? range.upperBound
        let targetRange = targetStart..<min(space, range.upperBound)
        guard targetRange.count <= limits.target else { throw .targetTooLong }
        guard space < range.upperBound else { throw .badRequestLine }

        minorVersion = try HeadBuilder.version(bytes, space + 1..<range.upperBound)
        let method = Method(bytes, token)
        target = try Target(bytes, targetRange, method: method)
        self.method = method
        fields.reserveCapacity(16)
    }

    /// `HTTP/` DIGIT `.` DIGIT, in capitals (RFC 9112 section 2.3).
    private static func version(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(ParseError) -> Int {
        let start = range.lowerBound
        guard range.count == 8, bytes[start] == 0x48, bytes[start + 1] == 0x54, bytes[start + 2] == 0x54,
            bytes[start + 3] == 0x50, bytes[start + 4] == Bytes.slash, Bytes.isDigit(bytes[start + 5]),
            bytes[start + 6] == 0x2E, Bytes.isDigit(bytes[start + 7])
        else { throw .badVersion }
        guard bytes[start + 5] == 0x31 else { throw .unsupportedVersion }
        return bytes[start + 7] == 0x30 ? 0 : 1
    }

    private mutating func field(_ bytes: Span<UInt8>, _ range: Range<Int>, limits: Limits) throws(ParseError) {
        let field = try HeadBuilder.split(bytes, range)
        guard fields.count < limits.fields else { throw .tooManyFields }
        fields.append(.init(name: Range(field.name), value: Range(field.value)))
        // Only names of these lengths affect the parsing; all other fields are just stored.
        switch field.name.count {
        case 4 where Bytes.equal(bytes, field.name, ignoringCase: "host"):
            guard host == nil else { throw .repeatedHost }
            guard Host.isValid(bytes, field.value) else { throw .badHost }
            host = Range(field.value)
        case 6 where Bytes.equal(bytes, field.name, ignoringCase: "expect"):
            // RFC 9110 section 10.1.1: a list. A comma inside a quoted string needs no care: what it stands in is not
            // known.
            try Bytes.elements(of: bytes, field.value) { element throws(ParseError) in
                if Bytes.equal(bytes, element, ignoringCase: "100-continue") {
                    expectsContinue = true
                } else {
                    expectsUnknown = true
                }
            }
        case 10 where Bytes.equal(bytes, field.name, ignoringCase: "connection"):
            try Bytes.elements(of: bytes, field.value) { element throws(ParseError) in
                if Bytes.equal(bytes, element, ignoringCase: "close") { saysClose = true }
                if Bytes.equal(bytes, element, ignoringCase: "keep-alive") { saysKeepAlive = true }
            }
        case 14 where Bytes.equal(bytes, field.name, ignoringCase: "content-length"):
            try length(bytes, field.value)
        case 17 where Bytes.equal(bytes, field.name, ignoringCase: "transfer-encoding"):
            try transferCoding(bytes, field.value)
        default: break
        }
    }

    /// field-name ":" OWS field-value OWS (RFC 9112 section 5.1). Also used for trailers.
    static func split(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(ParseError) -> (name: Range<Int>, value: Range<Int>) {
        var index = range.lowerBound
        guard bytes[index] != Bytes.space, bytes[index] != Bytes.tab else { throw .foldedField }
        while index < range.upperBound, Bytes.isToken(bytes[index]) { index &+= 1 }
        guard index > range.lowerBound, index < range.upperBound, bytes[index] == Bytes.colon else {
            throw .badFieldName
        }
        let value = Bytes.trimmed(bytes, index &+ 1..<range.upperBound)
        guard Bytes.isFieldValue(bytes, value) else { throw .badFieldValue }
        return (range.lowerBound..<index, value)
    }

    /// A second length is refused even if it is the same: no well-behaved client sends two.
    private mutating func length(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(ParseError) {
        guard contentLength == nil else { throw .repeatedContentLength }
        guard !range.isEmpty else { throw .badContentLength }
        for index in range where !Bytes.isDigit(bytes[index]) { throw .badContentLength }
        var length = 0
        for index in range {
            let (product, overflow) = length.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(bytes[index] - 0x30))
            guard !overflow, !carry else { throw .contentTooLarge }
            length = sum
        }
        contentLength = length
    }

    /// Only `chunked`, once and last (RFC 9112 section 6.1).
    private mutating func transferCoding(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(ParseError) {
        hasTransferCoding = true
        var isUnknown = false
        var isEmpty = true
        try Bytes.elements(of: bytes, range) { element throws(ParseError) in
            isEmpty = false
            // After `chunked`, another coding or a second `chunked` would leave the length of the message undefined.
            guard !isChunked else { throw .badTransferCoding }
            let name = element.lowerBound..<(element.first { !Bytes.isToken(bytes[$0]) } ?? element.upperBound)
            if Bytes.equal(bytes, name, ignoringCase: "chunked") {
                // `chunked` has no parameters (RFC 9112 section 7.1).
                guard name == element else { throw .badTransferCoding }
                isChunked = true
            } else {
                isUnknown = true
            }
        }
        guard !isEmpty else { throw .badTransferCoding }
        guard !isUnknown else { throw .unknownTransferCoding }
    }

    /// The path, once the request line has been read.
    func path(in bytes: [UInt8]) -> String? {
        target.map { String(decoding: $0.pathBytes(in: bytes), as: UTF8.self) }
    }

    /// Returns the finished head, after the checks that need all fields.
    consuming func finish(_ bytes: consuming [UInt8]) throws(ParseError) -> RequestHead {
        guard let method, var target else { throw .badRequestLine }
        guard !hasTransferCoding || contentLength == nil else { throw .lengthAndTransferCoding }
        // RFC 9112 section 6.1: a 1.0 message with Transfer-Encoding has faulty framing.
        guard !hasTransferCoding || minorVersion == 1 else { throw .badTransferCoding }
        guard host != nil || minorVersion == 0 else { throw .missingHost }
        // HTTP/1.0 knows no expectations: there the field is ignored.
        guard !expectsUnknown || minorVersion == 0 else { throw .unknownExpectation }
        if target.host == nil { target.host = host }
        let length: RequestHead.BodyLength =
            if isChunked {
                .chunked
            } else if let contentLength, contentLength > 0 {
                .fixed(contentLength)
            } else {
                .none
            }
        return RequestHead(
            bytes: bytes, fields: fields, target: target, method: method, minorVersion: minorVersion,
            bodyLength: length, keepAlive: !saysClose && (minorVersion == 1 || saysKeepAlive),
            expectsContinue: expectsContinue && minorVersion == 1)
    }
}
