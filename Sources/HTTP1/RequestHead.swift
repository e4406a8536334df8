/// Request line and header fields of one request (RFC 9112 sections 3 and 5).
///
/// All bytes are kept in one array; Strings are made on demand. In a String, bytes that are not UTF-8 become U+FFFD;
/// the original bytes stay available.
package struct RequestHead: Sendable {
    /// How the content is framed (RFC 9112 section 6.3).
    package enum BodyLength: Sendable, Hashable {
        case none
        case fixed(Int)
        case chunked
    }

    struct Field: Sendable {
        var name: Range<UInt32>
        var value: Range<UInt32>
    }

    let bytes: [UInt8]
    let fields: [Field]
    let target: Target

    package let method: Method
    /// 0 or 1. A higher minor version is treated as 1 (RFC 9110 section 2.5).
    package let minorVersion: Int
    package let bodyLength: BodyLength
    /// Whether the connection may carry another request (RFC 9112 section 9.3).
    package let keepAlive: Bool
    /// `Expect: 100-continue` on a 1.1 request (RFC 9110 section 10.1.1).
    package let expectsContinue: Bool

    /// Percent-encoded as sent and beginning with `/`. An absolute-form target is reduced to its path; `*` means the
    /// server itself.
    package var path: String { String(decoding: pathBytes, as: UTF8.self) }

    /// The bytes of `path`, without a copy.
    package var pathBytes: ArraySlice<UInt8> {
        switch target.path {
        case .range(let range): bytes[Int(range.lowerBound)..<Int(range.upperBound)]
        case .root: [Bytes.slash]
        case .server: [0x2A]
        }
    }

    /// The part after `?`, percent-encoded; nil without `?`.
    package var query: String? { queryBytes.map { String(decoding: $0, as: UTF8.self) } }

    /// The bytes of `query`, without a copy.
    package var queryBytes: ArraySlice<UInt8>? {
        target.query.map { bytes[Int($0.lowerBound)..<Int($0.upperBound)] }
    }

    /// Host and port, from an absolute-form target or else from the Host field (RFC 9112 section 3.2.2). Nil only for
    /// 1.0 requests.
    package var host: String? {
        target.host.map { String(decoding: bytes[Int($0.lowerBound)..<Int($0.upperBound)], as: UTF8.self) }
    }

    /// The value of a field; several values are joined by `, ` (RFC 9110 section 5.3). Names are case-insensitive.
    package subscript(_ name: String) -> String? {
        var result: String?
        for field in fields where matches(field, name) {
            let value = text(field.value)
            result = result.map { $0 + ", " + value } ?? value
        }
        return result
    }

    /// Each value of a field, in the order sent.
    package func values(of name: String) -> [String] {
        fields.filter { matches($0, name) }.map { text($0.value) }
    }

    /// The bytes of the first value of a field, without a copy.
    package func bytes(of name: String) -> ArraySlice<UInt8>? {
        for field in fields where matches(field, name) {
            return bytes[Int(field.value.lowerBound)..<Int(field.value.upperBound)]
        }
        return nil
    }

    private func matches(_ field: Field, _ name: String) -> Bool {
        field.name.count == name.utf8.count
            && Bytes.equal(bytes.span, Int(field.name.lowerBound)..<Int(field.name.upperBound), ignoringCase: name)
    }

    fileprivate func text(_ range: Range<UInt32>) -> String {
        String(decoding: bytes[Int(range.lowerBound)..<Int(range.upperBound)], as: UTF8.self)
    }
}

extension RequestHead: Sequence {
    /// Iterates over the fields in the order sent, with names in the case sent.
    package struct Iterator: IteratorProtocol {
        let head: RequestHead
        var index = 0

        package mutating func next() -> (name: String, value: String)? {
            guard index < head.fields.count else { return nil }
            let field = head.fields[index]
            index += 1
            return (head.text(field.name), head.text(field.value))
        }
    }

    package func makeIterator() -> Iterator { Iterator(head: self) }
}
