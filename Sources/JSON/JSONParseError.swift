/// Where and why a JSON text was refused.
package struct JSONParseError: Error, Sendable, Hashable {
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        case unexpectedEnd = "unexpected_end"
        case unexpectedByte = "unexpected_byte"
        case badLiteral = "bad_literal"
        case badNumber = "bad_number"
        case badEscape = "bad_escape"
        case controlCharacter = "control_character"
        case badUTF8 = "bad_utf8"
        case loneSurrogate = "lone_surrogate"
        /// U+0000 in a text. This is well-formed JSON that PostgreSQL can't store, so it becomes a 422.
        case nullCharacter = "null_character"
        case duplicateKey = "duplicate_key"
        case trailingContent = "trailing_content"
        case byteOrderMark = "byte_order_mark"
        case tooDeep = "too_deep"
        case tooLarge = "too_large"
        case tooManyValues = "too_many_values"
    }

    /// In bytes from the start of the text.
    package let offset: Int
    package let reason: Reason
    /// A JSON pointer (RFC 6901) to the innermost value that had begun.
    package private(set) var pointer = JSONPointer()

    init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// The same error seen from the enclosing value. The path to a value is thus built only if there is an error.
    func inside(_ name: String) -> JSONParseError {
        var error = self
        error.pointer = JSONPointer(name).appending(pointer)
        return error
    }
}
