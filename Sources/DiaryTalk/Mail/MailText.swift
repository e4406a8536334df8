import Web

/// What mails say: that there is news, and of which kinds. No name of a person, no mark and no text of a record is in a
/// mail, because mail is stored and forwarded where the school has no say.
enum MailText {
    /// - Parameter news: kinds of notifications and how many of each there are.
    static func news(
        _ news: [(kind: String, count: Int)], isUrgent: Bool, school: String, link: String, unsubscribe: String,
        _ language: Language
    ) -> (subject: String, text: String) {
        let subject =
            isUrgent
            ? Text(ru: "Срочное в дневнике", en: "Urgent news in the diary")
            : Text(ru: "Новое в дневнике", en: "News in the diary")
        let lines = news.map { "- \(name(of: $0.kind)[language]): \($0.count)" }.joined(separator: "\n")
        let text = Text(
            ru: """
                Здравствуйте!

                В дневнике (\(school)) есть новое:

                \(lines)

                Подробности — в дневнике: \(link)

                Имён и отметок в письмах нет. Какие письма и когда присылать, можно выбрать в настройках.
                Больше не присылать писем: \(unsubscribe)

                """,
            en: """
                Hello,

                there is news in the diary (\(school)):

                \(lines)

                The diary has the details: \(link)

                Mails contain no names and no marks. Your settings say which mails you get, and when.
                To get no more mail: \(unsubscribe)

                """)
        return (subject[language], text[language])
    }

    static func code(_ code: String, school: String, _ language: Language) -> (subject: String, text: String) {
        let spaced = "\(code.prefix(4)) \(code.suffix(4))"
        let text = Text(
            ru: """
                Здравствуйте!

                Код подтверждения адреса для дневника (\(school)): \(spaced)

                Код действует 30 минут. Если вы его не запрашивали, ничего делать не нужно.

                """,
            en: """
                Hello,

                the code that confirms this address for the diary (\(school)): \(spaced)

                It is valid for 30 minutes. If you did not ask for it, there is nothing to do.

                """)
        let subject = Text(ru: "Код подтверждения", en: "Confirmation code")
        return (subject[language], text[language])
    }

    /// Kinds that this version does not know are counted as other news.
    private static func name(of kind: String) -> Text { names[kind] ?? Text(ru: "другое", en: "other news") }

    static let names: [String: Text] = [
        "mark": Text(ru: "новые отметки", en: "new marks"),
        "mark_changed": Text(ru: "изменённые отметки", en: "changed marks"),
        "mark_removed": Text(ru: "удалённые отметки", en: "removed marks"),
        "absence": Text(ru: "отсутствие на уроках", en: "absences from lessons"),
        "first_absence": Text(ru: "отсутствие на первом уроке", en: "absence from the first lesson"),
        "homework": Text(ru: "домашние задания", en: "homework"),
        "homework_changed": Text(ru: "изменённые домашние задания", en: "changed homework"),
        "final_mark": Text(ru: "итоговые отметки", en: "final marks"),
        "final_mark_changed": Text(ru: "изменённые итоговые отметки", en: "changed final marks"),
        "feedback": Text(ru: "отзывы учителей", en: "feedback from teachers"),
        "conduct_note": Text(ru: "записи о поведении", en: "notes about conduct"),
        "announcement": Text(ru: "объявления", en: "announcements"),
        "message": Text(ru: "сообщения", en: "messages"),
        "substitution": Text(ru: "замены уроков", en: "substitutions"),
        "lesson_moved": Text(ru: "перенесённые уроки", en: "moved lessons"),
        "lesson_cancelled": Text(ru: "отменённые уроки", en: "cancelled lessons"),
        "debt_due": Text(ru: "сроки задолженностей", en: "debts that are due"),
        "week_digest": Text(ru: "итоги недели", en: "the week in review"),
        "consultation": Text(ru: "ответы на вопросы", en: "answers to questions"),
        "journal_remark": Text(ru: "замечания по журналу", en: "remarks about journals"),
    ]
}
