import Yams

/// Writes YAML for openapi.yaml: blocks, references and short lists on one line, descriptions as wrapped text.
struct YAMLText {
    private static let width = 120
    private var text = ""

    static func of(_ document: Node) -> String {
        var writer = YAMLText()
        writer.write(members: document, indent: 0, isSpaced: true)
        return writer.text
    }

    /// Writes the members of a mapping, each on a line of its own.
    ///
    /// - Parameter isSpaced: puts an empty line before each member but the first.
    private mutating func write(members node: Node, indent: Int, isSpaced: Bool = false) {
        guard case .mapping(let mapping) = node else { return }
        let pad = String(repeating: " ", count: indent)
        for (index, (key, value)) in mapping.enumerated() {
            if isSpaced, index > 0 { text += "\n" }
            text += "\(pad)\(Self.scalar(key)):"
            write(value: value, after: key.string ?? "", indent: indent)
        }
    }

    /// Writes what follows `key:` at this indent.
    private mutating func write(value node: Node, after key: String, indent: Int) {
        if let flow = Self.flow(node), indent + key.count + flow.count + 2 <= Self.width {
            text += " \(flow)\n"
            return
        }
        switch node {
        case .mapping:
            text += "\n"
            // Paths and shared parts.
            let isSpaced = indent == 0 && key == "paths" || indent == 2 && Kind(rawValue: key) != nil
            write(members: node, indent: indent + 2, isSpaced: isSpaced)
        case .sequence(let sequence):
            text += "\n"
            for item in sequence { write(item: item, indent: indent + 2) }
        default: write(scalar: node, after: key, indent: indent)
        }
    }

    private mutating func write(item node: Node, indent: Int) {
        let pad = String(repeating: " ", count: indent)
        if let flow = Self.flow(node) {
            text += "\(pad)- \(flow)\n"
            return
        }
        guard case .mapping = node else {
            text += "\(pad)-"
            write(value: node, after: "", indent: indent)
            return
        }
        // The first member follows the dash.
        let start = text.endIndex
        write(members: node, indent: indent + 2)
        let first = text.index(start, offsetBy: indent)
        text.replaceSubrange(first..<text.index(first, offsetBy: 2), with: "- ")
    }

    private mutating func write(scalar node: Node, after key: String, indent: Int) {
        var string = node.string ?? ""
        if key == "description" {
            if string.hasSuffix("\n") { string = String(string.dropLast()) }
            if string.contains("\n") {
                string += "\n"
            } else if indent + key.count + string.count + 2 > Self.width {
                string = Self.wrapped(string, Self.width - indent - 2) + "\n"
            }
        }
        guard string.contains("\n"), string.first != " ", string.first != "\n" else {
            text += " \(Self.scalar(node.string == string ? node : .text(string)))\n"
            return
        }
        let pad = String(repeating: " ", count: indent + 2)
        var lines = string.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" {
            lines.removeLast()
            text += lines.last == "" ? " |+\n" : " |\n"
        } else {
            text += " |-\n"
        }
        for line in lines { text += line.isEmpty ? "\n" : "\(pad)\(line)\n" }
    }

    /// References, lists of scalars, and empty collections on one line; nil for anything else.
    private static func flow(_ node: Node) -> String? {
        switch node {
        case .mapping(let mapping):
            if mapping.isEmpty { return "{}" }
            guard mapping.count == 1, let member = mapping.first, member.key.string == "$ref" else { return nil }
            return "{ $ref: \(quoted(member.value.string ?? "")) }"
        case .sequence(let sequence):
            let items = sequence.compactMap { item -> String? in
                guard case .scalar(let value) = item, !value.string.contains("\n") else { return nil }
                return scalar(item, inFlow: true)
            }
            let text = "[\(items.joined(separator: ", "))]"
            return items.count == sequence.count && text.count <= 100 ? text : nil
        default: return nil
        }
    }

    // MARK: Scalars

    private static func scalar(_ node: Node, inFlow: Bool = false) -> String {
        guard case .scalar(let scalar) = node else { return "" }
        // In a part, an unquoted scalar may be a number. Texts made by the program are always text.
        if scalar.style == .plain, scalar.tag != Tag(.str) {
            return inFlow && scalar.string.contains(where: { ",[]{}".contains($0) })
                ? quoted(scalar.string) : scalar.string
        }
        return isPlain(scalar.string, inFlow: inFlow) ? scalar.string : quoted(scalar.string)
    }

    /// Whether the text is read as text without quotes, by both YAML 1.1 and 1.2.
    private static func isPlain(_ text: String, inFlow: Bool) -> Bool {
        guard let first = text.first, first.isLetter || "$/".contains(first), !text.hasSuffix(" ") else { return false }
        if text.contains(": ") || text.contains(" #") || text.hasSuffix(":") { return false }
        if text.contains(where: { $0.isNewline || $0 == "\t" || $0 == "\"" }) { return false }
        if inFlow, text.contains(where: { ",[]{}".contains($0) }) { return false }
        let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        return !words.contains(text.lowercased())
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Wraps text without breaking lines inside `code`.
    private static func wrapped(_ text: String, _ width: Int) -> String {
        var lines: [String] = []
        var line = ""
        var word = ""
        var isCode = false
        for character in text + " " {
            if character == "`" { isCode.toggle() }
            guard character == " ", !isCode else {
                word.append(character)
                continue
            }
            if !line.isEmpty, line.count + word.count + 1 > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? word : " \(word)"
            word = ""
        }
        return (lines + [line + word]).joined(separator: "\n")
    }
}
