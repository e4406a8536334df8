/// A column of a file to import: the API's field, its names in Russian, and what its cells may be.
struct ImportColumn: Sendable {
    enum Rule: Sendable {
        /// Of at most so many characters.
        case text(maximum: Int)
        /// `YYYY-MM-DD` or `DD.MM.YYYY`.
        case date
        case integer(ClosedRange<Int>)
        /// One of these, by their names in the API and in Russian.
        case word([(name: String, russian: [String])])
        /// Some of these, separated by commas.
        case words([(name: String, russian: [String])])
        /// External ids, separated by commas.
        case children(maximum: Int)
    }

    let name: String
    let russian: [String]
    let rule: Rule
    let isRequired: Bool
    /// In the template's one row.
    let example: String

    init(_ name: String, _ russian: [String], _ rule: Rule, isRequired: Bool = false, example: String) {
        self.name = name
        self.russian = russian
        self.rule = rule
        self.isRequired = isRequired
        self.example = example
    }

    /// Whether a header cell names it: letter case, ё and what stands between words make no difference.
    func isNamed(_ header: String) -> Bool {
        let header = Self.plain(header)
        return header == Self.plain(name) || russian.contains { Self.plain($0) == header }
    }

    static func plain(_ text: String) -> String {
        String(
            text.lowercased().map { $0 == "ё" ? "е" : $0 }.filter { !$0.isWhitespace && !"_-.\"«»".contains($0) })
    }

    /// In the records that the statements read.
    var sqlType: String {
        switch rule {
        case .text, .word: "text"
        case .date: "date"
        case .integer: "int"
        case .words: "text[]"
        case .children: "jsonb"
        }
    }
}

/// What can be imported, and from which columns.
package enum ImportKind: String, Sendable, CaseIterable {
    case staff
    case students
    case guardians
    case classes

    /// The columns by which rows are known again: none stands twice in a file.
    var keys: [String] { self == .classes ? ["external_id", "name"] : ["external_id"] }

    var columns: [ImportColumn] {
        switch self {
        case .staff: Self.staffColumns
        case .students: Self.studentColumns
        case .guardians: Self.guardianColumns
        case .classes: Self.classColumns
        }
    }

    private static let externalID = ["Внешний код", "Код", "Идентификатор", "ID"]

    private static func person(_ id: String, _ last: String, _ first: String, _ middle: String) -> [ImportColumn] {
        [
            ImportColumn("external_id", externalID, .text(maximum: 100), isRequired: true, example: id),
            ImportColumn("last_name", ["Фамилия"], .text(maximum: 100), isRequired: true, example: last),
            ImportColumn("first_name", ["Имя"], .text(maximum: 100), isRequired: true, example: first),
            ImportColumn("middle_name", ["Отчество"], .text(maximum: 100), example: middle),
        ]
    }

    private static func contacts(_ email: String, _ phone: String) -> [ImportColumn] {
        [
            ImportColumn("email", ["Эл. почта", "Электронная почта", "Почта"], .text(maximum: 200), example: email),
            ImportColumn("phone", ["Телефон"], .text(maximum: 50), example: phone),
        ]
    }

    private static let staffColumns =
        person("S-17", "Абрамова", "Дарья", "Игоревна") + [
            ImportColumn("position", ["Должность"], .text(maximum: 200), example: "Учитель математики"),
            ImportColumn("qualification", ["Категория", "Квалификация"], .text(maximum: 200), example: "Высшая"),
        ] + contacts("abramova@example.org", "+7 900 000-00-17") + [
            ImportColumn("hired_on", ["Принят", "Дата приёма"], .date, example: "25.08.2020"),
            ImportColumn("left_on", ["Уволен", "Дата увольнения"], .date, example: ""),
            ImportColumn(
                "roles", ["Роли", "Роль"],
                .words([
                    ("administrator", ["Администратор"]), ("head", ["Директор"]),
                    ("deputy_head", ["Заместитель директора", "Завуч"]), ("teacher", ["Учитель"]),
                ]), example: "Учитель"),
        ]

    private static let studentColumns =
        person("1024", "Ковалёв", "Артём", "Сергеевич") + [
            ImportColumn("birth_date", ["Дата рождения"], .date, example: "14.03.2013"),
            ImportColumn(
                "sex", ["Пол"],
                .word([("male", ["М", "Муж", "Мужской"]), ("female", ["Ж", "Жен", "Женский"])]), example: "М"),
            ImportColumn("personal_file", ["Личное дело", "Номер личного дела"], .text(maximum: 50), example: "К-112"),
        ] + contacts("", "+7 900 000-10-24") + [
            ImportColumn("address", ["Адрес"], .text(maximum: 500), example: "ул. Мира, 5, кв. 12"),
            ImportColumn("class", ["Класс"], .text(maximum: 20), example: "7А"),
            ImportColumn("enrolled_on", ["Зачислен", "Дата зачисления"], .date, example: ""),
        ]

    private static let guardianColumns =
        person("G-2048", "Ковалёва", "Ольга", "Викторовна") + contacts("kovaleva@example.org", "+7 900 000-20-48") + [
            ImportColumn("address", ["Адрес"], .text(maximum: 500), example: "ул. Мира, 5, кв. 12"),
            ImportColumn("workplace", ["Место работы"], .text(maximum: 200), example: ""),
            ImportColumn("children", ["Дети", "Ребёнок", "Коды детей"], .children(maximum: 20), example: "1024"),
            ImportColumn(
                "relation", ["Кем приходится", "Родство"],
                .word([
                    ("mother", ["Мать", "Мама"]), ("father", ["Отец", "Папа"]),
                    ("legal_guardian", ["Опекун", "Законный представитель"]), ("organisation", ["Организация"]),
                ]), example: "Мать"),
            ImportColumn(
                "access", ["Доступ"], .word([("full", ["Полный", "Есть"]), ("none", ["Нет", "Закрыт"])]), example: ""),
        ]

    private static let classColumns = [
        ImportColumn("external_id", externalID, .text(maximum: 100), example: ""),
        ImportColumn("name", ["Класс", "Название"], .text(maximum: 20), isRequired: true, example: "7А"),
        ImportColumn("grade_level", ["Параллель"], .integer(1...11), example: "7"),
        ImportColumn("letter", ["Литера", "Буква"], .text(maximum: 10), example: "А"),
        ImportColumn("profile", ["Профиль"], .text(maximum: 200), example: ""),
    ]
}

extension ImportKind {
    /// A file to begin with, which spreadsheets open: a header and one row, `;` between, UTF-8 with its mark.
    package var template: [UInt8] {
        let rows = [columns.map { $0.russian[0] }, columns.map { $0.example }]
        return Array(("\u{FEFF}" + rows.map { $0.joined(separator: ";") + "\r\n" }.joined()).utf8)
    }
}
