import JSON
import Web

extension ObjectReader {
    /// The reason for a change, for the audit record (A5); it may not be blank.
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
                    ru: "Укажите причину: она попадёт в журнал изменений (A2).",
                    en: "Give a reason: the record of changes keeps it (rule A2)."))
        ])
}
