/// Parses single values, both for members of objects and for items of arrays. Each function returns nil after recording
/// the problem.
package enum FieldParsing {
    package static func text(_ value: JSONValue, _ pointer: JSONPointer, _ problems: FieldProblems) -> String? {
        guard case .string(let text) = value else {
            problems.add(pointer, .wrongType, ["expected": "string"])
            return nil
        }
        // The parser refuses these already; this check is for values from elsewhere.
        guard !text.utf8.contains(0) else {
            problems.add(pointer, .nullCharacter)
            return nil
        }
        return text
    }

    /// Reads a number without a fraction. `1.0` is accepted; `1e2` is not, because nobody writes an integer like this.
    package static func integer(
        _ value: JSONValue, in range: ClosedRange<Int>, _ pointer: JSONPointer, _ problems: FieldProblems
    ) -> Int? {
        guard case .number(let literal) = value, let whole = whole(literal) else {
            problems.add(pointer, .wrongType, ["expected": "integer"])
            return nil
        }
        // `whole` has only digits, so nil means an overflow.
        guard let number = Int(whole), range.contains(number) else {
            problems.add(
                pointer, .outOfRange,
                ["minimum": String(range.lowerBound), "maximum": String(range.upperBound)])
            return nil
        }
        return number
    }

    package static func decimal(
        _ value: JSONValue, wholeDigits: Int, fractionDigits: Int, _ pointer: JSONPointer, _ problems: FieldProblems
    ) -> String? {
        guard case .number(let literal) = value, !literal.utf8.contains(where: { $0 | 0x20 == 0x65 }) else {
            problems.add(pointer, .wrongType, ["expected": "decimal"])
            return nil
        }
        let parts = literal.drop { $0 == "-" }.split(separator: ".")
        guard parts.first?.utf8.count ?? 0 <= wholeDigits, parts.dropFirst().first?.utf8.count ?? 0 <= fractionDigits
        else {
            problems.add(
                pointer, .outOfRange,
                ["whole_digits": String(wholeDigits), "fraction_digits": String(fractionDigits)])
            return nil
        }
        return literal
    }

    package static func uuid(_ value: JSONValue, _ pointer: JSONPointer, _ problems: FieldProblems) -> String? {
        guard let text = text(value, pointer, problems) else { return nil }
        if let uuid = canonicalUUID(text) { return uuid }
        problems.add(pointer, .notAUUID)
        return nil
    }

    /// The lower-case form of a UUID in 8-4-4-4-12 form, otherwise nil. Also used for ids in paths and queries.
    package static func canonicalUUID(_ text: String) -> String? {
        guard text.utf8.count == 36 else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(36)
        for (index, byte) in text.utf8.enumerated() {
            switch (index, byte) {
            case (8, 0x2D), (13, 0x2D), (18, 0x2D), (23, 0x2D): output.append(byte)
            case (8, _), (13, _), (18, _), (23, _): return nil
            case (_, 0x30...0x39), (_, 0x61...0x66): output.append(byte)
            case (_, 0x41...0x46): output.append(byte | 0x20)
            default: return nil
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func whole(_ literal: String) -> Substring? {
        guard let point = literal.firstIndex(of: ".") else {
            return literal.utf8.contains { $0 | 0x20 == 0x65 } ? nil : literal[...]
        }
        return literal[point...].dropFirst().allSatisfy { $0 == "0" } ? literal[..<point] : nil
    }
}
