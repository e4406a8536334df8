/// Texts as Excel accepts them.
enum SheetTexts {
    /// In UTF-16 code units, as all limits of Excel.
    static let cellLimit = 32_767
    static let sheetNameLimit = 31
    static let marginLimit = 255
    static let addressLimit = 2079

    /// A text of a cell: cut to what Excel opens, with U+FFFD for characters that XML does not allow.
    static func cell(_ text: String) -> String {
        let isClean = text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x5F && $0 != 0xEF }
        return cut(isClean ? text : escapingReferences(xml(text)), to: cellLimit)
    }

    /// The text of XML 1.0. Line ends become U+000A.
    static func xml(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var wasReturn = false
        for scalar in text.unicodeScalars {
            defer { wasReturn = scalar == "\r" }
            switch scalar {
            case "\r": result.append("\n")
            case "\n": if !wasReturn { result.append("\n") }
            case "\t": result.append("\t")
            case "\u{0}"..<"\u{20}", "\u{FFFE}"..."\u{FFFF}": result.append("\u{FFFD}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// Excel reads `_x0041_` as the character U+0041 (ECMA-376, ST_Xstring), so what only looks like it begins with
    /// `_x005F_`, an escaped underscore.
    private static func escapingReferences(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            result.append(byte)
            guard byte == UInt8(ascii: "_"), index + 6 < bytes.count, bytes[index + 1] == UInt8(ascii: "x"),
                bytes[index + 6] == UInt8(ascii: "_"), bytes[(index + 2)...(index + 5)].allSatisfy(isHexadecimal)
            else { continue }
            result.append(contentsOf: "x005F_".utf8)
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    /// The longest beginning of whole characters, with an ellipsis if something is missing.
    static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf16.count > limit else { return text }
        var result = ""
        var length = 1
        for character in text {
            length += character.utf16.count
            if length > limit { break }
            result.append(character)
        }
        return result + "…"
    }

    /// A name that Excel accepts and that no other sheet has.
    ///
    /// - Parameter taken: lower-case names of the other sheets.
    static func sheetName(_ name: String, taken: Set<String>) -> String {
        var clean = String(
            xml(name).map { character in "[]:*?/\\\n\t".contains(character) ? " " : character })
        while clean.hasPrefix("'") || clean.hasPrefix(" ") { clean.removeFirst() }
        while clean.hasSuffix("'") || clean.hasSuffix(" ") { clean.removeLast() }
        if clean.isEmpty { clean = "Sheet" }
        // Excel keeps this name for itself.
        if clean.lowercased() == "history" { clean += " 1" }
        var candidate = cut(clean, to: sheetNameLimit)
        var number = 2
        while taken.contains(candidate.lowercased()) {
            let suffix = " (\(number))"
            candidate = cut(clean, to: sheetNameLimit - suffix.utf16.count) + suffix
            number += 1
        }
        return candidate
    }

    /// Parts of a margin in Excel's code: `&P` is the page, `&N` the number of pages, `&&` an ampersand.
    static func margin(_ parts: [Sheet.Margin]) -> String {
        var result = "&C"
        for part in parts {
            let code: String =
                switch part {
                case .page: "&P"
                case .pages: "&N"
                case .text(let text):
                    String(xml(text).flatMap { $0 == "&" ? "&&" : $0 == "\n" ? " " : String($0) })
                }
            // A text is cut between codes, never inside one.
            if result.utf16.count + code.utf16.count > marginLimit { break }
            result += code
        }
        return result
    }

    /// Whether Excel opens this as an address of the web or of mail: never as a file or a place in the workbook.
    static func isAddress(_ text: String) -> Bool {
        let schemes = ["https://", "http://", "mailto:"]
        return text.utf16.count <= addressLimit && schemes.contains { text.hasPrefix($0) }
            && text.utf8.allSatisfy { $0 > 0x20 }
    }
}
