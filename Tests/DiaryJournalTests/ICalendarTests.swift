import Testing

@testable import DiaryJournal

/// RFC 5545, octet by octet.
@Suite struct ICalendarTests {
    private func lines(_ bytes: [UInt8]) -> [[UInt8]] {
        bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
    }

    @Test func linesEndInCRLF() {
        var calendar = ICalendar()
        calendar.line("BEGIN", "VCALENDAR")
        calendar.line("END", "VCALENDAR")
        #expect(String(decoding: calendar.bytes, as: UTF8.self) == "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    }

    static let escaped = [
        (#"a,b;c\d"#, #"S:a\,b\;c\\d"#), ("two\nlines", #"S:two\nlines"#), ("two\r\nlines", #"S:two\nlines"#),
        ("bell\u{7}", "S:bell"), ("tab\t", "S:tab\t"), ("a:b\"c", "S:a:b\"c"), ("", "S:"),
    ]

    /// Section 3.3.11.
    @Test(arguments: escaped) func textsAreEscaped(_ text: String, _ line: String) {
        var calendar = ICalendar()
        calendar.text("S", text)
        #expect(String(decoding: calendar.bytes, as: UTF8.self) == line + "\r\n")
    }

    /// Section 3.1: at most 75 octets without the CRLF, folded between characters.
    @Test(arguments: ["x", "ж", "€", "😀", "xж€😀"], [0, 1, 30, 72, 73, 74, 75, 76, 147, 148, 149, 150, 300])
    func linesAreFoldedAt75Octets(_ letter: String, _ count: Int) throws {
        let text = String(String(repeating: letter, count: count).unicodeScalars.prefix(count))
        var calendar = ICalendar()
        calendar.text("S", text)
        #expect(calendar.bytes.suffix(2) == [0x0D, 0x0A])
        let lines = lines(calendar.bytes).dropLast()
        for (number, line) in lines.enumerated() {
            #expect(line.last == 0x0D)
            let content = line.dropLast()
            #expect(content.count <= 75)
            #expect(number == 0 || content.first == 0x20)
            #expect(String(validating: content, as: UTF8.self) != nil, "a fold inside a character")
        }
        // A line is folded only when the next character has no room.
        for (line, next) in zip(lines, lines.dropFirst()) {
            let width = Array(String(String(decoding: next.dropFirst(), as: UTF8.self).unicodeScalars.first!).utf8)
                .count
            #expect(line.dropLast().count + width > 75)
        }
        let unfolded = String(decoding: calendar.bytes, as: UTF8.self).replacing("\r\n ", with: "")
        #expect(unfolded == "S:\(text)\r\n")
    }
}
