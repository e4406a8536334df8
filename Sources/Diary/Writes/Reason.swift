import JSON
import Web

extension ObjectReader {
    /// Why something is done, for the record (A5): some words.
    package mutating func reason() -> String? {
        let reason = string("reason", .optional, maximumLength: 500).value
        if let reason, reason.allSatisfy({ $0.isWhitespace }) { add("reason", .tooShort, ["minimum": "1"]) }
        return reason
    }
}

extension Problem {
    package static let missingReason = Problem(
        .validationFailed,
        items: [
            .init(
                pointer: "/reason", code: "required",
                detail: Text(
                    ru: "Нужна причина: её хранит журнал изменений (A2).",
                    en: "A reason is needed; it is kept in the record of changes (rule A2)."))
        ])
}
