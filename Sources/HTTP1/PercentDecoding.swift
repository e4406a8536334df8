/// Why a path segment or a query can't be decoded.
package enum TargetError: String, Error, Sendable {
    /// `%` without two hexadecimal digits (RFC 3986 section 2.1).
    case badPercentEncoding = "bad_percent_encoding"
    case badUTF8 = "bad_utf8"
    /// `%00`: PostgreSQL cannot store it in text.
    case nullCharacter = "null_character"
    case tooManyItems = "too_many_items"
}

enum PercentDecoding {
    /// Decodes `%XX` and checks that the result is UTF-8. `plusIsSpace` is only for queries and forms.
    static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool) throws(TargetError) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case 0x25:
                guard index + 2 < bytes.endIndex, let high = Bytes.hexValue(bytes[index + 1]),
                    let low = Bytes.hexValue(bytes[index + 2])
                else { throw .badPercentEncoding }
                output.append(high << 4 | low)
                index += 3
            case 0x2B where plusIsSpace:
                output.append(Bytes.space)
                index += 1
            case let byte:
                output.append(byte)
                index += 1
            }
        }
        guard !output.contains(0) else { throw .nullCharacter }
        guard let text = String(validating: output, as: UTF8.self) else { throw .badUTF8 }
        return text
    }
}
