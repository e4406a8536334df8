/// The decoded segments of a path: `/v1/a%2Fb/` gives `v1`, `a/b` and an empty one. Dot segments are kept as they are.
package struct PathSegments: Sendable {
    package let segments: [String]

    package init(_ path: ArraySlice<UInt8>) throws(TargetError) {
        var segments: [String] = []
        var rest = path.first == Bytes.slash ? path.dropFirst() : path
        while let end = rest.firstIndex(of: Bytes.slash) {
            segments.append(try PathSegments.decode(rest[rest.startIndex..<end]))
            rest = rest[(end + 1)...]
        }
        segments.append(try PathSegments.decode(rest))
        self.segments = segments
    }

    package init(_ path: String) throws(TargetError) {
        try self.init(Array(path.utf8)[...])
    }

    /// Decodes one segment; `+` is kept.
    package static func decode(_ segment: ArraySlice<UInt8>) throws(TargetError) -> String {
        try PercentDecoding.decode(segment, plusIsSpace: false)
    }
}
