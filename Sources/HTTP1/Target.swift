/// The positions of the parts of a request target in the head's bytes (RFC 9112 section 3.2).
struct Target: Sendable {
    enum Path: Sendable {
        case range(Range<UInt32>)
        /// Absolute-form without a path.
        case root
        /// Asterisk-form, or an absolute-form OPTIONS without a path (RFC 9112 section 3.2.4).
        case server
    }

    var path: Path
    var query: Range<UInt32>?
    /// Of an absolute-form target; otherwise set later from the Host field.
    var host: Range<UInt32>?

    init(_ bytes: Span<UInt8>, _ range: Range<Int>, method: Method) throws(ParseError) {
        guard !range.isEmpty else { throw .badTarget }
        for index in range where !Bytes.isTarget(bytes[index]) { throw .badTarget }
        if bytes[range.lowerBound] == Bytes.slash {
            (path, query) = Target.split(bytes, range)
        } else if range.count == 1, bytes[range.lowerBound] == 0x2A {
            guard method == .options else { throw .badTarget }
            path = .server
        } else {
            let authority = try Target.authority(bytes, range)
            (path, query) = Target.split(bytes, authority.upperBound..<range.upperBound)
            if case .range(let found) = path, found.isEmpty {
                path = method == .options && query == nil ? .server : .root
            }
            guard Host.isValid(bytes, authority) else { throw .badTarget }
            host = Range(authority)
        }
    }

    private static func split(_ bytes: Span<UInt8>, _ range: Range<Int>) -> (Path, Range<UInt32>?) {
        if let index = Bytes.firstIndex(of: Bytes.question, in: bytes, from: range.lowerBound),
            index < range.upperBound
        {
            return (.range(Range(range.lowerBound..<index)), Range(index + 1..<range.upperBound))
        }
        return (.range(Range(range)), nil)
    }

    /// The authority of an absolute-form target; authority-form and other schemes are refused.
    private static func authority(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(ParseError) -> Range<Int> {
        for scheme in ["http://", "https://"] {
            let start = range.lowerBound + scheme.utf8.count
            guard start <= range.upperBound, Bytes.equal(bytes, range.lowerBound..<start, ignoringCase: scheme)
            else { continue }
            var end = start
            while end < range.upperBound, bytes[end] != Bytes.slash, bytes[end] != Bytes.question { end += 1 }
            return start..<end
        }
        throw .badTarget
    }
}

extension Range<UInt32> {
    /// Cannot trap: the size of a head is limited far below 4 GiB.
    init(_ range: Range<Int>) {
        self = UInt32(range.lowerBound)..<UInt32(range.upperBound)
    }
}
