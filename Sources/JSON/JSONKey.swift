/// A member name, escaped and quoted once: `"name":`.
package struct JSONKey: Sendable, Hashable {
    /// The name with its quotes and the colon, a comma in front of it.
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
