import Web

/// The problem for a write that violates a constraint of the database.
package struct Refusal: Sendable {
    private let kind: ProblemKind
    package let field: String
    private let code: String
    private let detail: Text

    package init(_ kind: ProblemKind = .validationFailed, field: String, code: String, ru: String, en: String) {
        self.kind = kind
        self.field = field
        self.code = code
        detail = Text(ru: ru, en: en)
    }

    package var problem: Problem { Problem(kind, items: [.init(pointer: "/\(field)", code: code, detail: detail)]) }

    package static let endsBeforeStart = endsBeforeStart("ends_on")
    package static func endsBeforeStart(_ field: String) -> Refusal {
        Refusal(
            field: field, code: "before_start", ru: "Конец раньше начала.", en: "The end is before the beginning.")
    }
    package static let overlap = Refusal(
        .conflict, field: "starts_on", code: "overlap", ru: "Дни пересекаются с другой записью.",
        en: "The days overlap with another record.")

    /// For a foreign key.
    package static func unknown(_ field: String) -> Refusal {
        Refusal(
            field: field, code: "unknown_reference", ru: "Такой записи в школе нет.",
            en: "The school has no such record.")
    }

    /// For a unique constraint.
    package static func taken(_ field: String) -> Refusal {
        Refusal(
            .alreadyExists, field: field, code: "already_exists", ru: "Такая запись уже есть.",
            en: "Such a record already exists.")
    }

    /// For a check.
    package static func invalid(_ field: String) -> Refusal {
        Refusal(field: field, code: "invalid", ru: "Неверное значение.", en: "The value is not valid.")
    }
}
