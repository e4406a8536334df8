/// How content is sent: unchanged or compressed.
package enum ContentCoding: Sendable, Hashable {
    case identity
    case gzip
}

/// The preferences for gzip and identity in `Accept-Encoding` (RFC 9110 section 12.5.3).
package struct AcceptEncoding: Sendable, Hashable {
    /// Weights in thousandths; 0 refuses the coding. Nil means not named: gzip is then unacceptable, while identity is
    /// acceptable but less wanted than any named coding.
    private var gzip: Int?
    private var identity: Int?

    /// An absent field: only identity is wanted.
    package init() {}

    /// An empty field accepts only identity. Unreadable members are skipped; the first of several members with one name
    /// counts.
    package init(_ field: String) {
        self.init(Array(field.utf8)[...])
    }

    package init(_ field: ArraySlice<UInt8>) {
        var rest: Int?
        for member in field.split(separator: Bytes.comma) {
            let parts = member.split(separator: Bytes.semicolon, omittingEmptySubsequences: false)
                .map { Self.trimmed($0) }
            guard parts.count <= 2, let weight = parts.count == 1 ? 1000 : Weight.thousandths(parts[1]) else {
                continue
            }
            if Self.equal(parts[0], "gzip") || Self.equal(parts[0], "x-gzip") {
                gzip = gzip ?? weight
            } else if Self.equal(parts[0], "identity") {
                identity = identity ?? weight
            } else if Self.equal(parts[0], "*") {
                rest = rest ?? weight
            }
        }
        // `*` stands for every coding that is not named, including identity.
        gzip = gzip ?? rest
        identity = identity ?? rest
    }

    package var acceptsIdentity: Bool { identity != 0 }
    package var acceptsGzip: Bool { gzip ?? 0 > 0 }

    /// The preferred coding of content that exists in both; gzip if they are equal. Nil if both are refused.
    package var preferred: ContentCoding? {
        guard acceptsGzip else { return acceptsIdentity ? .identity : nil }
        return identity ?? 0 > gzip ?? 0 ? .identity : .gzip
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let first = bytes.first, first == Bytes.space || first == Bytes.tab { bytes.removeFirst() }
        while let last = bytes.last, last == Bytes.space || last == Bytes.tab { bytes.removeLast() }
        return bytes
    }

    private static func equal(_ bytes: ArraySlice<UInt8>, _ token: String) -> Bool {
        bytes.elementsEqual(token.utf8) { Bytes.lowercased($0) == $1 }
    }
}
