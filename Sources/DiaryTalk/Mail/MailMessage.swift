import Crypto
import HTTP1

/// A mail with a plain text (RFC 5322, RFC 2045). Everything is ASCII: headers have encoded words (RFC 2047), the text
/// is in base64, so that no mail server changes it.
struct MailMessage {
    /// Shown beside the address.
    var sender: String
    var from: String
    var to: String
    var subject: String
    /// Lines end with `\n`.
    var text: String
    /// Without angle brackets. The same at each attempt, so that a mail server or a mail program can drop a repetition.
    var id: String
    /// Seconds since 1970.
    var date: Int
    var language: String
    /// The address of one-click unsubscription (RFC 8058); nil for a mail that the person has just asked for.
    var unsubscribe: String?

    var bytes: [UInt8] {
        var fields = [
            ("From", "\(EncodedWords.phrase(sender)) <\(from)>"),
            ("To", "<\(to)>"),
            ("Subject", EncodedWords.text(subject)),
            ("Date", String(decoding: HTTPDate.format(secondsSinceEpoch: date).dropLast(3), as: UTF8.self) + "+0000"),
            ("Message-ID", "<\(id)>"),
            // RFC 3834: no vacation message answers it.
            ("Auto-Submitted", "auto-generated"),
            ("Content-Language", language),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "base64"),
        ]
        if let unsubscribe {
            fields.append(("List-Unsubscribe", "<\(unsubscribe)>"))
            fields.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        }
        let head = fields.map { "\($0.0): \($0.1)\r\n" }.joined()
        return Array(head.utf8) + Array("\r\n".utf8) + Self.encoded(text)
    }

    /// RFC 2045 section 6.8: lines of 76 characters, padded.
    private static func encoded(_ text: String) -> [UInt8] {
        let content = Array(text.replacing("\n", with: "\r\n").utf8)
        var lines: [UInt8] = []
        for start in stride(from: 0, to: content.count, by: 57) {
            let line = Base64.standard.encode(Array(content[start..<min(start + 57, content.count)]))
            lines += line.utf8
            lines += [UInt8](repeating: UInt8(ascii: "="), count: (4 - line.utf8.count % 4) % 4)
            lines += [13, 10]
        }
        return lines
    }
}

/// Text in a header (RFC 2047).
enum EncodedWords {
    /// For unstructured fields: as it is if it is short ASCII.
    static func text(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.contains("=?")
        return isPlain && text.utf8.count <= 60 ? text : words(text)
    }

    /// For names: as it is if it consists of words of letters and digits.
    static func phrase(_ text: String) -> String {
        text.wholeMatch(of: /[A-Za-z0-9]+( [A-Za-z0-9]+)*/) != nil && text.utf8.count <= 60 ? text : words(text)
    }

    /// A word has at most 75 characters, of which 63 are content: 45 bytes, with no character cut in two. A line has
    /// one word.
    private static func words(_ text: String) -> String {
        var words: [String] = []
        var word: [UInt8] = []
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if word.count + bytes.count > 45 {
                words.append(encoded(word))
                word = []
            }
            word += bytes
        }
        words.append(encoded(word))
        return words.joined(separator: "\r\n ")
    }

    private static func encoded(_ bytes: [UInt8]) -> String {
        let content = Base64.standard.encode(bytes)
        return "=?UTF-8?B?\(content)\(String(repeating: "=", count: (4 - content.utf8.count % 4) % 4))?="
    }
}
