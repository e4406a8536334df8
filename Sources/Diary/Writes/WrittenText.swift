import JSON
import Web

extension ObjectReader {
    /// A text that people write and read, such as homework or feedback: 1 to `maximum` characters, and not only blanks.
    package mutating func writtenText(_ name: String, _ presence: Presence = .required, maximum: Int) -> Field<String> {
        let text = string(name, presence, minimumLength: 1, maximumLength: maximum)
        if let value = text.value, value.allSatisfy({ $0.isWhitespace }) {
            problems.add(FieldProblem(pointer.appending(name), "blank"))
        }
        return text
    }
}
