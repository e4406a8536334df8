/// A script split into its statements. Quotes, dollar quotes and comments are read as PostgreSQL's lexer reads them
/// ("Lexical Structure"), `BEGIN ATOMIC … END` bodies as psql does.
struct SQLScript {
    struct Statement {
        /// From the first token to the last, without the semicolon.
        var text: String
        /// The line of the first token, from 1.
        var line: Int
        /// Keywords and names in upper case, and punctuation; quoted names as `"`, strings as `'`.
        var words: [String]
        /// The texts between dollar quotes.
        var bodies: [(text: String, line: Int)]
    }

    struct Unterminated: Error {
        var line: Int
        var what: String
    }

    let statements: [Statement]

    init(_ text: String, firstLine: Int = 1) throws(Unterminated) {
        var lexer = Lexer(bytes: Array(text.utf8), line: firstLine)
        statements = try lexer.statements()
    }
}

private struct Lexer {
    let bytes: [UInt8]
    var line: Int
    var index = 0

    // The statement that is being read.
    var start: Int?
    var startLine = 0
    var end = 0
    var words: [String] = []
    var bodies: [(text: String, line: Int)] = []
    var parentheses = 0
    var blocks = 0

    init(bytes: [UInt8], line: Int) {
        self.bytes = bytes
        self.line = line
    }

    mutating func statements() throws(SQLScript.Unterminated) -> [SQLScript.Statement] {
        var found: [SQLScript.Statement] = []
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\n"):
                line += 1
                index += 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), 0x0B, 0x0C:
                index += 1
            case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"):
                while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"):
                try skipComment()
            case UInt8(ascii: ";") where parentheses == 0 && blocks == 0:
                index += 1
                finish(into: &found)
            default:
                begin()
                try token(byte)
                end = index
            }
        }
        finish(into: &found)
        return found
    }

    private mutating func token(_ byte: UInt8) throws(SQLScript.Unterminated) {
        switch byte {
        case UInt8(ascii: "'"):
            let escapes = index > 0 && (bytes[index - 1] | 0x20) == UInt8(ascii: "e") && words.last == "E"
            try skip(to: byte, backslashes: escapes, what: "string")
            words.append("'")
        case UInt8(ascii: "\""):
            try skip(to: byte, backslashes: false, what: "quoted name")
            words.append("\"")
        case UInt8(ascii: "$"):
            if let tag = dollarTag() {
                try skipBody(tag)
                words.append("'")
            } else {
                index += 1
            }
        case _ where Self.startsName(byte):
            let first = index
            while index < bytes.count, Self.continuesName(bytes[index]) { index += 1 }
            word(Self.uppercased(bytes[first..<index]))
        default:
            if byte == UInt8(ascii: "(") { parentheses += 1 }
            if byte == UInt8(ascii: ")") { parentheses = max(0, parentheses - 1) }
            // A number is one token with the letters after it, so that the `e` of `1e'` is not taken for a string
            // prefix.
            if Self.isDigit(byte) {
                while index < bytes.count, Self.continuesName(bytes[index]) { index += 1 }
                words.append("0")
            } else {
                words.append(String(Unicode.Scalar(byte)))
                index += 1
            }
        }
    }

    /// As in psql: inside CREATE FUNCTION or PROCEDURE, BEGIN opens a body, CASE nests in it, END closes it.
    private mutating func word(_ word: String) {
        words.append(word)
        guard word == "BEGIN" || blocks > 0, parentheses == 0, words.first == "CREATE" else { return }
        let rest = words.dropFirst().starts(with: ["OR", "REPLACE"]) ? words.dropFirst(3) : words.dropFirst()
        guard rest.first == "FUNCTION" || rest.first == "PROCEDURE" else { return }
        switch word {
        case "BEGIN": blocks += 1
        case "CASE" where blocks > 0: blocks += 1
        case "END" where blocks > 0: blocks -= 1
        default: break
        }
    }

    private mutating func begin() {
        if start != nil { return }
        start = index
        startLine = line
    }

    private mutating func finish(into found: inout [SQLScript.Statement]) {
        if let start {
            found.append(
                .init(
                    text: String(decoding: bytes[start..<end], as: UTF8.self), line: startLine, words: words,
                    bodies: bodies))
        }
        start = nil
        words = []
        bodies = []
        parentheses = 0
        blocks = 0
    }

    private mutating func skip(
        to quote: UInt8, backslashes: Bool, what: String
    ) throws(SQLScript.Unterminated) {
        let opened = line
        index += 1
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n") { line += 1 }
            if byte == quote {
                // A doubled quote stands for one quote.
                guard peek(1) == quote else {
                    index += 1
                    return
                }
                index += 1
            } else if backslashes, byte == UInt8(ascii: "\\") {
                if peek(1) == UInt8(ascii: "\n") { line += 1 }
                index += 1
            }
            index += 1
        }
        throw SQLScript.Unterminated(line: opened, what: what)
    }

    private mutating func skipComment() throws(SQLScript.Unterminated) {
        let opened = line
        var depth = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                depth += 1
                index += 2
            } else if bytes[index] == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                index += 2
                if depth == 0 { return }
            } else {
                if bytes[index] == UInt8(ascii: "\n") { line += 1 }
                index += 1
            }
        }
        throw SQLScript.Unterminated(line: opened, what: "comment")
    }

    /// `$$` or `$name$` at `index`.
    private func dollarTag() -> ArraySlice<UInt8>? {
        var last = index + 1
        while last < bytes.count, bytes[last] != UInt8(ascii: "$") {
            let fits = last == index + 1 ? Self.startsName(bytes[last]) : Self.continuesName(bytes[last])
            guard fits else { return nil }
            last += 1
        }
        return last < bytes.count ? bytes[index...last] : nil
    }

    private mutating func skipBody(_ tag: ArraySlice<UInt8>) throws(SQLScript.Unterminated) {
        let opened = line
        index += tag.count
        let first = index
        while index + tag.count <= bytes.count {
            if bytes[index] == UInt8(ascii: "$"), bytes[index..<index + tag.count].elementsEqual(tag) {
                bodies.append((String(decoding: bytes[first..<index], as: UTF8.self), opened))
                index += tag.count
                return
            }
            if bytes[index] == UInt8(ascii: "\n") { line += 1 }
            index += 1
        }
        throw SQLScript.Unterminated(line: opened, what: "dollar-quoted string")
    }

    private func peek(_ distance: Int) -> UInt8? {
        index + distance < bytes.count ? bytes[index + distance] : nil
    }

    private static func startsName(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func continuesName(_ byte: UInt8) -> Bool {
        startsName(byte) || isDigit(byte) || byte == UInt8(ascii: "$")
    }

    private static func uppercased(_ name: ArraySlice<UInt8>) -> String {
        guard name.allSatisfy({ $0 < 0x80 }) else { return String(decoding: name, as: UTF8.self).uppercased() }
        return unsafe String(unsafeUninitializedCapacity: name.count) { buffer in
            for (index, byte) in name.enumerated() {
                let isLower = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
                unsafe buffer[index] = isLower ? byte & 0xDF : byte
            }
            return name.count
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
