import Diary
import DiaryTemplate
import Postgres

extension Demo {
    struct Feedback {
        let id: ID
        let pupil: Int
        let section: Int
        let lesson: Int?
        let text: String
        let by: Int
        let made: Moment
    }

    struct ConductNote {
        let id: ID
        let pupil: Int
        let lesson: Int
        let isPraise: Bool
        let text: String
        let by: Int
        let made: Moment
    }
}

extension Demo.Journal {
    /// Feedback for a lesson, often where there are no marks (M1), seldom in addition to them; and notes about conduct.
    func giveFeedback(_ number: Int, present: [Int], _ random: inout Demo.Random) {
        let lesson = year.lessons[number]
        let section = year.sections[lesson.section]
        let isMarkless = section.grade ?? 11 <= 2 && section.grading == "marks" && !year.takesMarks(lesson)
        for pupil in present where random.chance(isMarkless ? 0.07 : section.grading == "none" ? 0 : 0.0015) {
            let isStrong = year.people.pupils[pupil].ability + 0.4 * random.normal() > 3.9
            let text = random.pick(isStrong ? section.subject.praise : section.subject.advice)
            let made = lesson.ends + 600
            feedback.append(
                Demo.Feedback(
                    id: Demo.ID(at: made, &random), pupil: pupil, section: lesson.section, lesson: number, text: text,
                    by: lesson.teacher, made: made))
        }
        guard let pupil = present.isEmpty ? nil : random.pick(present), random.chance(0.025) else { return }
        let isPraise = random.unit() < 0.35 + 0.4 * year.people.pupils[pupil].diligence
        let made = lesson.ends + 300
        notes.append(
            Demo.ConductNote(
                id: Demo.ID(at: made, &random), pupil: pupil, lesson: number, isPraise: isPraise,
                text: random.pick(isPraise ? Self.praises : Self.remarks), by: lesson.teacher, made: made))
    }

    /// A teacher's feedback at the end of a term without marks.
    func giveTermFeedback(_ term: Demo.Calendar.Term, section number: Int, pupils: [Int], _ random: inout Demo.Random) {
        let section = year.sections[number]
        let made = term.ends.at(minutes: 900)
        for pupil in pupils {
            let isStrong = year.people.pupils[pupil].ability > 3.9
            let text = "\(term.name): \(random.pick(isStrong ? Self.summaries.strong : Self.summaries.weak))"
            feedback.append(
                Demo.Feedback(
                    id: Demo.ID(at: made, &random), pupil: pupil, section: number, lesson: nil, text: text,
                    by: section.teacher, made: made))
        }
    }

    private static let summaries = (
        strong: [
            "материал усвоен уверенно, работает самостоятельно", "занимается с интересом, помогает товарищам",
            "справляется со всеми заданиями, хорошо рассуждает вслух",
        ],
        weak: [
            "основной материал усвоен, полезно больше тренироваться", "старается; пока нужна помощь взрослого",
            "справляется с заданиями по образцу, учится работать самостоятельно",
        ]
    )

    // Worded without grammatical gender, for girls and boys.
    private static let praises = [
        "Помощь одноклассникам на уроке", "Активная работа весь урок", "Интересное сообщение по теме",
        "Отличное дежурство по классу", "Находчивость при выполнении задания", "Поддержка команды на уроке",
    ]

    private static let remarks = [
        "Разговоры на уроке", "Телефон на уроке", "Нет учебника", "Опоздание с перемены", "Отвлекает соседа по парте",
        "Нет домашнего задания", "Нет сменной обуви",
    ]

    func loadFeedback(_ loader: Demo.Loader) throws {
        let people = year.people
        try loader.copy(
            "feedback", "id, student_id, section_id, lesson_id, text, author_id, published_at, created_at, changed_at",
            feedback
        ) { row, feedback in
            row.field(feedback.id)
            row.field(people.pupils[feedback.pupil].id)
            row.field(year.sections[feedback.section].id)
            row.field(feedback.lesson.map { year.lessons[$0].id })
            row.field(feedback.text)
            row.field(people.staff[feedback.by].id)
            row.field(feedback.made)
            row.field(feedback.made)
            row.field(feedback.made)
        }
        try loader.copy(
            "conduct_notes",
            "id, student_id, lesson_id, date, kind, text, author_id, published_at, created_at, changed_at",
            notes
        ) { row, note in
            row.field(note.id)
            row.field(people.pupils[note.pupil].id)
            row.field(year.lessons[note.lesson].id)
            row.field(year.lessons[note.lesson].day)
            row.field(note.isPraise ? "praise" : "remark")
            row.field(note.text)
            row.field(people.staff[note.by].id)
            row.field(note.made)
            row.field(note.made)
            row.field(note.made)
        }
    }
}

extension Demo.Subject {
    fileprivate var praise: [String] {
        switch entry.style {
        case .language: ["Красиво и аккуратно пишет", "Верно делит слова на слоги", "Хорошо составляет предложения"]
        case .reading: ["Читает выразительно", "Хорошо пересказывает", "Читает целыми словами, понимает прочитанное"]
        case .numbers: ["Быстро и верно считает", "Самостоятельно решает задачи", "Хорошо объясняет ход решения"]
        case .foreign: ["Правильно произносит новые слова", "Смело отвечает на вопросы"]
        case .science, .humanities, .talk: ["Интересно рассказывает", "Задаёт хорошие вопросы", "Подмечает детали"]
        case .creative: ["Аккуратная работа", "Интересный замысел", "Работает с увлечением"]
        case .sport: ["Точно выполняет упражнения", "Показывает высокий результат", "Дружно играет в команде"]
        }
    }

    fileprivate var advice: [String] {
        switch entry.style {
        case .language: ["Следить за наклоном букв", "Проверять написанное", "Повторить правило о заглавной букве"]
        case .reading: ["Читать дома 10 минут в день", "Следить за окончаниями слов"]
        case .numbers: ["Повторить состав числа", "Внимательнее читать условие задачи", "Потренироваться в счёте"]
        case .foreign: ["Повторить слова урока", "Чаще слушать записи"]
        case .science, .humanities, .talk: ["Отвечать полными предложениями", "Повторить тему дома"]
        case .creative: ["Работать аккуратнее", "Доводить работу до конца"]
        case .sport: ["Следить за осанкой", "Не забывать спортивную форму"]
        }
    }
}
