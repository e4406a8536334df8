extension ObjectReader {
    /// Reads a text. Lengths count Unicode scalars, as PostgreSQL's `char_length` does.
    package mutating func string(
        _ name: String, _ presence: Presence = .required, minimumLength: Int = 0, maximumLength: Int = 10_000
    ) -> Field<String> {
        read(name, presence) { value, pointer, problems in
            guard let text = FieldParsing.text(value, pointer, problems) else { return nil }
            let length = text.unicodeScalars.count
            guard length <= maximumLength else {
                problems.add(pointer, .tooLong, ["maximum": String(maximumLength)])
                return nil
            }
            guard length >= minimumLength else {
                problems.add(pointer, .tooShort, ["minimum": String(minimumLength)])
                return nil
            }
            return text
        }
    }

    package mutating func integer(
        _ name: String, _ presence: Presence = .required, in range: ClosedRange<Int> = .min ... .max
    ) -> Field<Int> {
        read(name, presence) { FieldParsing.integer($0, in: range, $1, $2) }
    }

    package mutating func boolean(_ name: String, _ presence: Presence = .required) -> Field<Bool> {
        read(name, presence) { value, pointer, problems in
            if case .bool(let value) = value { return value }
            problems.add(pointer, .wrongType, ["expected": "boolean"])
            return nil
        }
    }

    /// Reads a number as its literal: no exponent, at most `wholeDigits` digits before and `fractionDigits` after the
    /// point.
    package mutating func decimal(
        _ name: String, _ presence: Presence = .required, wholeDigits: Int = 9, fractionDigits: Int = 3
    ) -> Field<String> {
        read(name, presence) {
            FieldParsing.decimal($0, wholeDigits: wholeDigits, fractionDigits: fractionDigits, $1, $2)
        }
    }

    /// Reads `YYYY-MM-DD`, an existing day in the years 0001 to 9999 (RFC 3339 section 5.6).
    package mutating func date(_ name: String, _ presence: Presence = .required) -> Field<String> {
        read(name, presence) { value, pointer, problems in
            guard let text = FieldParsing.text(value, pointer, problems) else { return nil }
            if CalendarDate.isValid(text) { return text }
            problems.add(pointer, .notADate)
            return nil
        }
    }

    /// Reads `HH:MM`, from 00:00 to 23:59.
    package mutating func time(_ name: String, _ presence: Presence = .required) -> Field<String> {
        read(name, presence) { value, pointer, problems in
            guard let text = FieldParsing.text(value, pointer, problems) else { return nil }
            let parts = text.utf8.split(separator: 0x3A, omittingEmptySubsequences: false)
            let isTime =
                parts.count == 2 && parts.allSatisfy { $0.count == 2 && $0.allSatisfy { (0x30...0x39).contains($0) } }
                && text < "24:00" && parts[1].first! < 0x36
            if isTime { return text }
            problems.add(pointer, .notATime)
            return nil
        }
    }

    /// Reads 8-4-4-4-12 hexadecimal digits (RFC 9562 section 4) and returns them in lower case.
    package mutating func uuid(_ name: String, _ presence: Presence = .required) -> Field<String> {
        read(name, presence) { FieldParsing.uuid($0, $1, $2) }
    }

    package mutating func enumeration(
        _ name: String, of values: [String], _ presence: Presence = .required
    ) -> Field<String> {
        read(name, presence) { value, pointer, problems in
            guard let text = FieldParsing.text(value, pointer, problems) else { return nil }
            if values.contains(where: { identical($0, text) }) { return text }
            problems.add(pointer, .notOneOf, ["values": values.joined(separator: ", ")])
            return nil
        }
    }

    package mutating func enumeration<Value: RawRepresentable & CaseIterable>(
        _ name: String, _ type: Value.Type, _ presence: Presence = .required
    ) -> Field<Value> where Value.RawValue == String {
        let text = enumeration(name, of: type.allCases.map(\.rawValue), presence)
        return text.map { type.init(rawValue: $0)! }
    }

    /// Returns the items of an array, each with its pointer.
    package mutating func array(
        _ name: String, _ presence: Presence = .required, minimumCount: Int = 0, maximumCount: Int = 1000
    ) -> Field<[(pointer: JSONPointer, value: JSONValue)]> {
        read(name, presence) { value, pointer, problems in
            guard case .array(let items) = value else {
                problems.add(pointer, .wrongType, ["expected": "array"])
                return nil
            }
            guard items.count <= maximumCount else {
                problems.add(pointer, .tooManyItems, ["maximum": String(maximumCount)])
                return nil
            }
            guard items.count >= minimumCount else {
                problems.add(pointer, .tooShort, ["minimum": String(minimumCount)])
                return nil
            }
            return items.enumerated().map { (pointer.appending($0.offset), $0.element) }
        }
    }

    /// Returns a reader for each object of an array. The caller has to finish each reader.
    package mutating func objects(
        _ name: String, _ presence: Presence = .required, minimumCount: Int = 0, maximumCount: Int = 1000
    ) -> Field<[ObjectReader]> {
        let problems = problems
        return array(name, presence, minimumCount: minimumCount, maximumCount: maximumCount).map {
            $0.map { ObjectReader($0.value, at: $0.pointer, problems: problems) }
        }
    }

    package mutating func uuids(
        _ name: String, _ presence: Presence = .required, minimumCount: Int = 0, maximumCount: Int = 1000
    ) -> Field<[String]> {
        let problems = problems
        return array(name, presence, minimumCount: minimumCount, maximumCount: maximumCount).map {
            $0.compactMap { FieldParsing.uuid($0.value, $0.pointer, problems) }
        }
    }

    /// Reads integers; a duplicate is a problem.
    package mutating func integers(
        _ name: String, _ presence: Presence = .required, minimumCount: Int = 0, maximumCount: Int = 1000,
        in range: ClosedRange<Int>
    ) -> Field<[Int]> {
        let problems = problems
        return array(name, presence, minimumCount: minimumCount, maximumCount: maximumCount).map { items in
            var seen: Set<Int> = []
            return items.compactMap { item in
                guard let number = FieldParsing.integer(item.value, in: range, item.pointer, problems) else {
                    return nil
                }
                if seen.insert(number).inserted { return number }
                problems.add(FieldProblem(item.pointer, "duplicate_item"))
                return nil
            }
        }
    }

    /// Reads texts; a duplicate is a problem. Lengths count Unicode scalars.
    package mutating func strings(
        _ name: String, _ presence: Presence = .required, maximumCount: Int, maximumLength: Int
    ) -> Field<[String]> {
        let problems = problems
        return array(name, presence, maximumCount: maximumCount).map { items in
            var seen: Set<String> = []
            return items.compactMap { item in
                guard let text = FieldParsing.text(item.value, item.pointer, problems) else { return nil }
                guard (1...maximumLength).contains(text.unicodeScalars.count) else {
                    let isLong = !text.isEmpty
                    problems.add(
                        item.pointer, isLong ? .tooLong : .tooShort,
                        isLong ? ["maximum": String(maximumLength)] : ["minimum": "1"])
                    return nil
                }
                if seen.insert(text).inserted { return text }
                problems.add(FieldProblem(item.pointer, "duplicate_item"))
                return nil
            }
        }
    }

    /// Reads texts that are among `values`; a duplicate is a problem.
    package mutating func enumerations(
        _ name: String, of values: [String], _ presence: Presence = .required
    ) -> Field<[String]> {
        let problems = problems
        return array(name, presence, maximumCount: values.count).map { items in
            var seen: Set<String> = []
            return items.compactMap { item in
                guard let text = FieldParsing.text(item.value, item.pointer, problems) else { return nil }
                guard values.contains(where: { identical($0, text) }) else {
                    problems.add(item.pointer, .notOneOf, ["values": values.joined(separator: ", ")])
                    return nil
                }
                if seen.insert(text).inserted { return text }
                problems.add(FieldProblem(item.pointer, "duplicate_item"))
                return nil
            }
        }
    }

    /// Returns a reader for a nested object. The caller has to finish it.
    package mutating func object(_ name: String, _ presence: Presence = .required) -> Field<ObjectReader> {
        read(name, presence) { value, pointer, problems in
            guard case .object = value else {
                problems.add(pointer, .wrongType, ["expected": "object"])
                return nil
            }
            return ObjectReader(value, at: pointer, problems: problems)
        }
    }
}
