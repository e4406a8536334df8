import JSON

/// Texts for the error codes of `JSON.ObjectReader`.
extension Problem.Item {
    init(_ problem: FieldProblem) {
        self.init(pointer: problem.pointer.text, code: problem.code, detail: Self.text(problem))
    }

    static func wrongType(at pointer: String) -> Problem.Item {
        Problem.Item(pointer: pointer, code: "wrong_type", detail: Text(ru: "Неверный тип.", en: "The type is wrong."))
    }

    private static func text(_ problem: FieldProblem) -> Text {
        let values = problem.parameters.sorted { $0.key < $1.key }.map { $0.value }.joined(separator: ", ")
        return switch problem.code {
        case "required": Text(ru: "Обязательное поле.", en: "The field is required.")
        case "unknown_field": Text(ru: "Такого поля нет.", en: "There is no such field.")
        case "wrong_type":
            Text(ru: "Неверный тип: ожидается \(values).", en: "The type is wrong: \(values) is expected.")
        case "too_long": Text(ru: "Слишком длинно: не больше \(values).", en: "Too long: at most \(values).")
        case "too_short": Text(ru: "Слишком коротко: не меньше \(values).", en: "Too short: at least \(values).")
        case "out_of_range": outOfRange(problem.parameters)
        case "not_a_date": Text(ru: "Ожидается дата ГГГГ-ММ-ДД.", en: "A date YYYY-MM-DD is expected.")
        case "not_a_time": Text(ru: "Ожидается время ЧЧ:ММ.", en: "A time HH:MM is expected.")
        case "not_a_moment":
            Text(
                ru: "Ожидается момент в UTC: ГГГГ-ММ-ДДTЧЧ:ММ:ССZ.",
                en: "A moment in UTC, YYYY-MM-DDTHH:MM:SSZ, is expected.")
        case "before_from": Text(ru: "Конец раньше начала.", en: "The end is before the beginning.")
        case "range_too_long":
            Text(ru: "Слишком много дней: не больше \(values).", en: "Too many days: at most \(values).")
        case "empty_object": Text(ru: "Нет ни одного поля.", en: "The object has no fields.")
        case "not_a_uuid": Text(ru: "Ожидается UUID.", en: "A UUID is expected.")
        case "not_one_of": Text(ru: "Ожидается одно из: \(values).", en: "One of these is expected: \(values).")
        case "too_many_items":
            Text(ru: "Слишком много элементов: не больше \(values).", en: "Too many items: at most \(values).")
        case "null_not_allowed": Text(ru: "null недопустим.", en: "null is not allowed.")
        case "null_character": Text(ru: "Символ U+0000 недопустим.", en: "U+0000 is not allowed.")
        case "duplicate_item": Text(ru: "Эта запись уже есть в списке.", en: "The list already contains this item.")
        case "only_for_terms":
            Text(ru: "Период указывают только у отметки за период (kind term).", en: "Only the kind term has a term.")
        case "only_for_exams":
            Text(ru: "Баллы бывают только у экзамена и итога.", en: "Only the kinds exam and final have points.")
        case "exclusive": Text(ru: "Передайте только одно из этих полей.", en: "Give only one of these fields.")
        case "control_character":
            Text(ru: "Управляющие символы недопустимы.", en: "Control characters are not allowed.")
        case "blank": Text(ru: "Значение состоит из одних пробелов.", en: "The value consists only of spaces.")
        case "fixed_field":
            Text(ru: "Поле задаётся при создании и не меняется.", en: "The field is set on creation and cannot change.")
        case "read_only_field":
            Text(ru: "Поле заполняет сервер.", en: "The server sets this field.")
        case "only_when_late":
            Text(ru: "Минуты указывают только при опоздании.", en: "Minutes are only allowed with late.")
        case "invalid_login":
            Text(
                ru: "Логин: от 3 до 64 латинских букв, цифр и знаков . _ - @, в начале — буква или цифра.",
                en: "A login has 3 to 64 Latin letters, digits or . _ - @ and begins with a letter or digit.")
        case "breached_password":
            Text(
                ru: "Этот пароль известен взломщикам; придумайте другой.",
                en: "This password is known to attackers; choose another one.")
        case "password_is_login": Text(ru: "Пароль совпадает с логином.", en: "The password is the same as the login.")
        case "password_is_name": Text(ru: "Пароль совпадает с именем.", en: "The password is the same as the name.")
        case "same_password":
            Text(ru: "Новый пароль совпадает с прежним.", en: "The new password is the same as the current one.")
        case "invalid_redirect_uri":
            Text(
                ru: "Ожидается https://…, http://127.0.0.1… или схема своего домена (com.example.app:/…), без #.",
                en:
                    "https://…, http://127.0.0.1… or a scheme of your own domain (com.example.app:/…) is expected, without #."
            )
        case "unknown_reference":
            Text(ru: "Такой записи в школе нет.", en: "The school has no such record.")
        case "not_an_email":
            Text(
                ru: "Ожидается адрес почты вида name@example.org, латиницей.",
                en: "A mail address like name@example.org is expected, in ASCII.")
        case "not_a_key":
            Text(ru: "Это не ключ подписки в base64url.", en: "This is no key of a subscription in base64url.")
        case "empty_batch": Text(ru: "Нет ни одной записи.", en: "The list has no items.")
        default: Text(ru: "Неверное значение.", en: "The value is not valid.")
        }
    }

    private static func outOfRange(_ parameters: [String: String]) -> Text {
        if let minimum = parameters["minimum"], let maximum = parameters["maximum"] {
            return Text(ru: "Допустимо от \(minimum) до \(maximum).", en: "The range is \(minimum) to \(maximum).")
        }
        let whole = parameters["whole_digits", default: "0"]
        let fraction = parameters["fraction_digits", default: "0"]
        return Text(
            ru: "Цифр до точки не больше \(whole), после точки не больше \(fraction).",
            en: "The number has at most \(whole) digits before the point and \(fraction) after it.")
    }
}

extension Problem {
    package static let wrongBody = Problem(
        .validationFailed,
        items: [
            .init(
                pointer: "", code: "wrong_type",
                detail: Text(ru: "Ожидается объект JSON.", en: "A JSON object is expected."))
        ])

    package init?(_ problems: FieldProblems) {
        guard !problems.isEmpty else { return nil }
        self.init(.validationFailed, items: problems.all.map { Item($0) })
    }

    init(jsonError error: JSONParseError) {
        if error.reason == .nullCharacter {
            self.init(
                .validationFailed,
                items: [Item(FieldProblem(error.pointer, .nullCharacter))])
        } else {
            self.init(
                .malformedJSON,
                detail: Text(
                    ru: "Тело запроса не является строгим JSON: \(error.reason.rawValue), байт \(error.offset).",
                    en: "The body is not strict JSON: \(error.reason.rawValue) at byte \(error.offset)."))
        }
    }
}
