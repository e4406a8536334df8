import Web

/// What a constraint means to a client.
package struct Refusal: Sendable {
    private let kind: ProblemKind
    private let field: String
    private let code: String
    private let detail: Text

    package init(_ kind: ProblemKind = .validationFailed, field: String, code: String, ru: String, en: String) {
        self.kind = kind
        self.field = field
        self.code = code
        detail = Text(ru: ru, en: en)
    }

    package var problem: Problem { Problem(kind, items: [.init(pointer: "/\(field)", code: code, detail: detail)]) }

    package static let endsBeforeStart = Refusal(
        field: "ends_on", code: "before_start", ru: "Конец раньше начала.", en: "The end is before the beginning.")
    package static let overlap = Refusal(
        .conflict, field: "starts_on", code: "overlap", ru: "Дни пересекаются с другой записью.",
        en: "Another record holds on some of the same days.")
    package static func unknown(_ field: String) -> Refusal {
        Refusal(field: field, code: "unknown_reference", ru: "Такого в школе нет.", en: "The school has no such thing.")
    }
}
