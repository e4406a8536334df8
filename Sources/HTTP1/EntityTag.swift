/// An entity tag (RFC 9110 section 8.8.3).
package struct EntityTag: Sendable, Hashable {
    /// Without the quotes.
    package let opaque: String
    package let isWeak: Bool

    package init(_ opaque: String, isWeak: Bool = false) {
        self.opaque = opaque
        self.isWeak = isWeak
    }

    /// The tag of the gzip form of the same representation. Different bytes need a different strong tag (RFC 9110
    /// section 8.8.3.3); a weak tag covers both forms.
    package var gzip: EntityTag { isWeak ? self : EntityTag(opaque + Self.gzipSuffix) }

    /// The part of the tag that both codings of a representation share.
    fileprivate var stem: Substring {
        opaque.hasSuffix(Self.gzipSuffix) ? opaque.dropLast(Self.gzipSuffix.count) : opaque[...]
    }

    private static let gzipSuffix = "-gz"

    /// As a field value: `"v7"` or `W/"v7"`.
    package var text: String { (isWeak ? "W/\"" : "\"") + opaque + "\"" }
}

/// The value of If-Match or If-None-Match (RFC 9110 sections 13.1.1 and 13.1.2).
package enum EntityTagList: Sendable, Hashable {
    /// `*`: any current representation.
    case any
    case tags([EntityTag])

    /// Nil if the value is malformed.
    package init?(_ header: String) {
        let bytes = Array(header.utf8)
        let span = bytes.span
        let range = Bytes.trimmed(span, 0..<bytes.count)
        if range.count == 1, bytes[range.lowerBound] == 0x2A {
            self = .any
            return
        }
        var tags: [EntityTag] = []
        var index = range.lowerBound
        var mayStart = true
        while index < range.upperBound {
            switch bytes[index] {
            case Bytes.space, Bytes.tab:
                index += 1
            case Bytes.comma:
                mayStart = true
                index += 1
            default:
                guard mayStart, let (tag, end) = EntityTagList.tag(bytes[index..<range.upperBound]) else { return nil }
                tags.append(tag)
                index = end
                mayStart = false
            }
        }
        guard !tags.isEmpty else { return nil }
        self = .tags(tags)
    }

    /// Strong comparison, for If-Match: weak tags never match (RFC 9110 section 8.8.3.2). The tag of the gzip form
    /// matches too: a client that read a resource in gzip can still change it.
    package func matchesStrongly(_ tag: EntityTag) -> Bool {
        switch self {
        case .any: true
        case .tags(let tags): !tag.isWeak && tags.contains { !$0.isWeak && $0.stem == tag.stem }
        }
    }

    /// Weak comparison, for If-None-Match. A tag matches in either coding.
    package func matchesWeakly(_ tag: EntityTag) -> Bool {
        switch self {
        case .any: true
        case .tags(let tags): tags.contains { $0.stem == tag.stem }
        }
    }

    /// Reads the tag at the beginning of the bytes. `end` is the index after it.
    private static func tag(_ bytes: ArraySlice<UInt8>) -> (EntityTag, end: Int)? {
        var index = bytes.startIndex
        var isWeak = false
        if bytes[index] == 0x57 {
            guard index + 2 < bytes.endIndex, bytes[index + 1] == Bytes.slash else { return nil }
            isWeak = true
            index += 2
        }
        guard bytes[index] == Bytes.quote else { return nil }
        let start = index + 1
        index = start
        while index < bytes.endIndex, bytes[index] != Bytes.quote {
            // etagc: no spaces or controls; obs-text is allowed.
            guard bytes[index] > Bytes.space, bytes[index] != Bytes.delete else { return nil }
            index += 1
        }
        guard index < bytes.endIndex else { return nil }
        return (EntityTag(String(decoding: bytes[start..<index], as: UTF8.self), isWeak: isWeak), index + 1)
    }
}
