/// A JSON value as it was sent: numbers keep their literal, objects keep the order of their members.
package indirect enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// The literal, such as `1.50` or `1e400`. Nothing is rounded.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([(key: String, value: JSONValue)])

    /// Reads one JSON text (RFC 8259) strictly.
    package init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONParseError) {
        try self.init(parsing: bytes.span, limits: limits)
    }

    package init(parsing bytes: Span<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONParseError) {
        var parser = JSONParser(limits: limits)
        self = try parser.document(bytes)
    }

    /// The value of a member; nil if there is none or this is not an object.
    package subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { identical($0.key, name) }?.value
    }
}

extension JSONValue: Equatable {
    /// Values with members in another order, or with only canonically equivalent texts, are different.
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): identical(left, right)
        case (.string(let left), .string(let right)): identical(left, right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)):
            left.count == right.count
                && zip(left, right).allSatisfy { identical($0.key, $1.key) && $0.value == $1.value }
        default: false
        }
    }
}

/// Limits of one text.
package struct JSONLimits: Sendable {
    /// Nested arrays and objects.
    package var depth: Int
    /// Bytes of the text.
    package var size: Int
    /// Values of all kinds together. Each takes more memory than its two bytes of text.
    package var values: Int

    package init(depth: Int = 64, size: Int = 1024 * 1024, values: Int = 200_000) {
        self.depth = depth
        self.size = size
        self.values = values
    }
}

/// Compares texts by their bytes. `==` of String also accepts canonically equivalent ones, such as U+212A for `K`.
func identical(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
}
