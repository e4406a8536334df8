import JSON

/// Moments in requests: RFC 3339 in UTC, as answers write them.
package enum Moment {
    /// `2025-11-19T06:00:00.123456Z`, with or without a fraction.
    package static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == 0x5A, bytes[10] == 0x54, CalendarDate.isValid(String(text.prefix(10)))
        else { return false }
        let time = text.dropFirst(11).dropLast()
        let parts = time.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.count == 1 || (1...9).contains(parts[1].utf8.count),
            parts.count == 1 || parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return false }
        let clock = parts[0].split(separator: ":", omittingEmptySubsequences: false)
        return clock.count == 3
            && zip(clock, [23, 59, 59]).allSatisfy { part, last in
                part.utf8.count == 2 && part.utf8.allSatisfy { (0x30...0x39).contains($0) } && Int(part)! <= last
            }
    }
}

extension ObjectReader {
    package mutating func moment(_ name: String, _ presence: Presence = .required) -> Field<String> {
        let text = string(name, presence, maximumLength: 40)
        if let value = text.value, !Moment.isValid(value) {
            problems.add(FieldProblem(pointer.appending(name), "not_a_moment"))
        }
        return text
    }
}
