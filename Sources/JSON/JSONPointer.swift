/// A JSON pointer (RFC 6901). The empty pointer is the whole document.
package struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
    /// For example `/marks/0/value`, with `~` and `/` escaped inside names. Text beyond `maximumLength` is replaced by
    /// `…`: the client chooses the names, and a problem should not send a megabyte of them back.
    package let text: String

    /// In bytes of UTF-8; far more than pointers into this API's bodies need.
    package static let maximumLength = 200

    package init() { text = "" }

    package init(_ name: String) { self.init(text: "/" + JSONPointer.escaped(name)) }

    private init(text: String) {
        guard text.utf8.count > JSONPointer.maximumLength else {
            self.text = text
            return
        }
        var end = text.utf8.index(text.startIndex, offsetBy: JSONPointer.maximumLength - "…".utf8.count)
        while UTF8.isContinuation(text.utf8[end]) { text.utf8.formIndex(before: &end) }
        self.text = text[..<end] + "…"
    }

    package var description: String { text }

    package func appending(_ name: String) -> JSONPointer {
        JSONPointer(text: text + "/" + JSONPointer.escaped(name))
    }

    package func appending(_ index: Int) -> JSONPointer {
        JSONPointer(text: text + "/" + String(index))
    }

    package func appending(_ other: JSONPointer) -> JSONPointer {
        JSONPointer(text: text + other.text)
    }

    private static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == 0x7E || $0 == 0x2F }) else { return name }
        var output: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case 0x7E: output.append(contentsOf: "~0".utf8)
            case 0x2F: output.append(contentsOf: "~1".utf8)
            default: output.append(byte)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
