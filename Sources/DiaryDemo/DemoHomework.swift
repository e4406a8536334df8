import Diary
import Postgres

extension Demo {
    struct Homework {
        let id: ID
        let lesson: Int
        let text: String
        let due: Day
        let given: Moment
        let by: Int
        var asksSubmission = false
        /// Nil for all.
        var pupils: [Int]?
    }
}

extension Demo.Subject {
    /// The homework pattern in a plan.
    func homeworkPattern(_ position: Int) -> String? {
        switch entry.style {
        case .language: "§ \(position + 1), упражнения"
        case .reading: "Читать, отвечать на вопросы"
        case .numbers: "п. \(position + 1), задачи"
        case .foreign: "Слова и упражнения модуля"
        case .science, .humanities: "§ \(position + 1), вопросы"
        case .creative, .sport, .talk: nil
        }
    }

    /// How often homework is given.
    func homeworkRate(grade: Int) -> Double {
        switch entry.style {
        case .language, .numbers, .foreign: 0.93
        case .reading, .science, .humanities: 0.85
        case .creative: 0.15
        case .sport: 0.03
        case .talk: self == .talks ? 0 : 0.2
        }
    }

    /// Homework after this lesson of the section.
    func homework(after lesson: Int, topic: String, _ random: inout Demo.Random) -> String {
        let page = 6 + lesson * 2 + random.below(2)
        let exercise = 10 + lesson * 5 + random.below(4)
        let paragraph = 1 + lesson / 2
        switch entry.style {
        case .language:
            return random.pick([
                "§ \(paragraph), упр. \(exercise)", "Упр. \(exercise), \(exercise + 2)",
                "Упр. \(exercise), правило на с. \(page)",
                "Словарные слова, упр. \(exercise + 1)",
                "Упр. \(exercise): списать, вставить буквы, разобрать предложение",
            ])
        case .reading:
            return random.pick([
                "Читать с. \(page)–\(page + 6)", "С. \(page)–\(page + 4), вопросы 1–4",
                "Выразительное чтение, с. \(page)",
                "Составить план к тексту на с. \(page)", "Выучить отрывок наизусть, с. \(page)",
                "Письменный ответ на вопрос 5, с. \(page)",
            ])
        case .numbers:
            return random.pick([
                "№ \(exercise), № \(exercise + 2), № \(exercise + 5)",
                "п. \(paragraph), № \(exercise), \(exercise + 1)",
                "№ \(exercise) (а, в, д), № \(exercise + 3) (б, г)", "п. \(paragraph) повторить, № \(exercise + 4)",
                "Выучить правила п. \(paragraph), № \(exercise)",
            ])
        case .foreign:
            return random.pick([
                "Учебник, с. \(page), упр. \(lesson % 8 + 1)", "Рабочая тетрадь, с. \(page / 2 + 2)",
                "Выучить слова, с. \(page)", "С. \(page), упр. \(lesson % 6 + 2): письменно",
                "Рассказ по теме, 8–10 предложений",
            ])
        case .science, .humanities:
            let own = self == .geography ? "§ \(paragraph), контурная карта" : "§ \(paragraph), выучить определения"
            return random.pick([
                "§ \(paragraph), вопросы в конце параграфа", own, "§ \(paragraph), пересказ",
                "§ \(paragraph), задание \(lesson % 5 + 1) письменно", "Сообщение «\(topic)»",
            ])
        case .creative:
            return random.pick([
                "Закончить работу", "Принести материалы для следующего урока", "Подобрать примеры по теме",
            ])
        case .sport:
            return random.pick(["Комплекс утренней гимнастики", "Прыжки со скакалкой: 3 подхода"])
        case .talk:
            return random.pick(["Подготовить вопросы", "Найти примеры по теме «\(topic)»"])
        }
    }
}

extension Demo.Journal {
    /// Homework of a held lesson, or the note that there is none (H1). Now and then a teacher forgets both.
    func giveHomework(_ number: Int, ordinal: Int, topic: String, _ random: inout Demo.Random) {
        let lesson = year.lessons[number]
        let section = year.sections[lesson.section]
        let forgets = random.chance(year.planted.careless == lesson.teacher ? 0.5 : 0.02)
        let gives = random.chance(section.subject.homeworkRate(grade: section.grade ?? 1))
        guard let grade = section.grade, grade > 1, gives, let due = lesson.next, !lesson.isControl else {
            if !forgets { withoutHomework.insert(number) }
            return
        }
        let text = section.subject.homework(after: ordinal, topic: topic, &random)
        let asks = random.chance(section.subject.entry.style == .talk ? 0 : 0.02)
        if forgets { return }
        let given = lesson.ends
        homework.append(
            Demo.Homework(
                id: Demo.ID(at: given, &random), lesson: number, text: text, due: due, given: given, by: lesson.teacher,
                asksSubmission: asks))
        if random.chance(0.008) {
            let members = members(of: section, on: lesson.day)
            guard members.count > 5 else { return }
            homework.append(
                Demo.Homework(
                    id: Demo.ID(at: given, &random), lesson: number,
                    text: "Дополнительное задание: повторить «\(topic)»",
                    due: due, given: given, by: lesson.teacher, pupils: [members[1].pupil, members[4].pupil]))
        }
    }

    func loadHomework(_ loader: Demo.Loader) throws {
        let people = year.people
        try loader.copy(
            "homework",
            "id, lesson_id, section_id, text, due_on, for_all, asks_submission, first_recorded_at, recorded_by, changed_at",
            homework
        ) { row, homework in
            let lesson = year.lessons[homework.lesson]
            row.field(homework.id)
            row.field(lesson.id)
            row.field(year.sections[lesson.section].id)
            row.field(homework.text)
            row.field(homework.due)
            row.field(homework.pupils == nil)
            row.field(homework.asksSubmission)
            row.field(homework.given)
            row.field(people.staff[homework.by].id)
            row.field(homework.given)
        }
        let some = homework.flatMap { homework in (homework.pupils ?? []).map { (homework.id, $0) } }
        try loader.copy("homework_students", "homework_id, student_id", some) {
            $0.field($1.0)
            $0.field(people.pupils[$1.1].id)
        }
        try loader.copy("homework_completions", "homework_id, student_id, done_at, done_by", completions()) {
            $0.field($1.0)
            $0.field(people.pupils[$1.1].id)
            $0.field($1.2)
            $0.field($1.3)
        }
    }

    /// Families that sign in tick off most of the homework that was due (H2).
    private func completions() -> [(Demo.ID, Int, Demo.Moment, Demo.ID)] {
        let people = year.people
        var random = year.stream(61)
        var list: [(Demo.ID, Int, Demo.Moment, Demo.ID)] = []
        for pupil in people.pupils.indices {
            let parent = people.families[people.pupils[pupil].family].guardians.first { $0.login != nil }
            guard let by = people.pupils[pupil].login != nil ? people.pupils[pupil].id : parent?.id else { continue }
            let groups = Set(year.groups.indices.filter { year.groups[$0].members.contains { $0.pupil == pupil } })
            for homework in homework where homework.pupils == nil && homework.due <= year.today {
                let lesson = year.lessons[homework.lesson]
                guard groups.contains(year.sections[lesson.section].group), random.chance(0.8) else { continue }
                list.append((homework.id, pupil, (homework.due - 1).at(minutes: 1020 + random.below(180)), by))
            }
        }
        return list
    }
}
