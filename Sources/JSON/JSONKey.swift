/// A member name that is escaped and quoted only once.
package struct JSONKey: Sendable, Hashable {
    /// A comma, the quoted name and a colon: `,"name":`.
    package let bytes: [UInt8]

    package init(_ name: String) {
        var writer = JSONWriter(reservingCapacity: name.utf8.count + 4)
        writer.string(name)
        bytes = [0x2C] + writer.bytes + [0x3A]
    }
}

extension JSONKey: ExpressibleByStringLiteral {
    package init(stringLiteral name: String) { self.init(name) }
}
