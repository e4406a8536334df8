import JSON

/// The requested part of a list: `limit`, `cursor`, `include=total`.
///
/// A cursor is the sort key of the last row shown (keyset paging: rows added meanwhile neither repeat nor hide others),
/// in hexadecimal, which is opaque to clients and safe in any URL.
package struct Page {
    package let limit: Int
    /// The last row's sort key; nil on the first page.
    package let after: [String]?
    package let wantsTotal: Bool

    /// The type of a part of a sort key. A cursor with any other value there is refused.
    package enum Key: Sendable {
        case text
        case integer
        case largeInteger
        case date
        case identifier

        func accepts(_ text: String) -> Bool {
            switch self {
            case .text: true
            case .integer: Int32(text).map { String($0) == text } ?? false
            case .largeInteger: Int64(text).map { String($0) == text } ?? false
            case .date: CalendarDate.isValid(text)
            case .identifier: FieldParsing.canonicalUUID(text) == text
            }
        }
    }

    private static let separator: Character = "\u{1F}"

    /// - Parameter keys: the types of the parts of the list's sort key.
    package init(_ query: inout QueryReader, keys: [Key]) {
        limit = query.integer("limit", in: 1...200) ?? 50
        wantsTotal = query.option("include", of: ["total"]) != nil
        if let cursor = query.text("cursor") {
            after = Self.decode(cursor, keys)
            if after == nil {
                query.add(
                    "cursor", "invalid_cursor",
                    Text(ru: "Это не курсор этого списка.", en: "This is not a cursor of this list."))
            }
        } else {
            after = nil
        }
    }

    package func cursor(_ key: [String]) -> String {
        key.joined(separator: String(Self.separator)).utf8.map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }.joined()
    }

    private static func decode(_ cursor: String, _ keys: [Key]) -> [String]? {
        let digits = Array(cursor.utf8)
        guard digits.count.isMultiple(of: 2), digits.count <= 2048 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16), byte != 0
            else { return nil }
            bytes.append(byte)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let parts = text.split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
        return parts.count == keys.count && zip(keys, parts).allSatisfy { $0.accepts($1) } ? parts : nil
    }
}
