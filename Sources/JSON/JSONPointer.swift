/// A JSON pointer (RFC 6901); the empty one is the whole document.
package struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
    /// `/marks/0/value`, with `~` and `/` inside names escaped.
    package let text: String

    package init() { text = "" }

    package init(_ name: String) { text = "/" + JSONPointer.escaped(name) }

    private init(text: String) { self.text = text }

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
