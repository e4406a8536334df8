/// The decoded pairs of a query or an `application/x-www-form-urlencoded` body, in the order sent. A name without `=`
/// has an empty value; empty pairs are skipped.
package struct QueryItems: Sendable {
    package let items: [(name: String, value: String)]

    package init(_ query: ArraySlice<UInt8>, maximumCount: Int = 100) throws(TargetError) {
        var items: [(name: String, value: String)] = []
        var start = query.startIndex
        while start < query.endIndex {
            var end = start
            var equals: Int?
            while end < query.endIndex, query[end] != 0x26 {
                if equals == nil, query[end] == Bytes.equals { equals = end }
                end += 1
            }
            if end > start {
                guard items.count < maximumCount else { throw .tooManyItems }
                let name = try PercentDecoding.decode(query[start..<(equals ?? end)], plusIsSpace: true)
                let value = try equals.map { (position) throws(TargetError) in
                    try PercentDecoding.decode(query[(position + 1)..<end], plusIsSpace: true)
                }
                items.append((name, value ?? ""))
            }
            start = end + 1
        }
        self.items = items
    }

    package init(_ query: String?, maximumCount: Int = 100) throws(TargetError) {
        try self.init(Array((query ?? "").utf8)[...], maximumCount: maximumCount)
    }

    /// The first value with this name.
    package subscript(_ name: String) -> String? {
        items.first { $0.name == name }?.value
    }

    package func values(of name: String) -> [String] {
        items.filter { $0.name == name }.map(\.value)
    }
}
