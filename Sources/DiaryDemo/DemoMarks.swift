import Diary
import DiaryTemplate
import Postgres

extension Demo {
    struct LineItem {
        let id: ID
        let lesson: Int
        let category: Category
        let title: String?
        var isDefault = false
        let made: Moment
    }

    struct Mark {
        enum Value: Equatable {
            case number(Int)
            case code(String)
        }

        let id: ID
        let item: Int
        let pupil: Int
        var value: Value
        var due: Day?
        var comment: String?
        let recorded: Moment
        let by: Int
        /// The first value, and when it was changed.
        var before: (value: Value, due: Day?)?
        var changed: Moment
    }
}

extension Demo.Journal {
    /// The columns and marks of a held lesson: a control work, or sometimes a work of the whole group, and answers of
    /// some students.
    func giveMarks(_ number: Int, topic: String, present: [Int], _ random: inout Demo.Random) {
        let lesson = year.lessons[number]
        let section = year.sections[lesson.section]
        let graded = section.grading == "marks" ? present.filter { !isExempt($0, section.subject) } : present
        if lesson.isControl {
            let item = plan(number, &random)
            for pupil in graded { mark(item, pupil, number, shift: -0.15, &random) }
            for member in members(of: section, on: lesson.day) where !present.contains(member.pupil) {
                owe(item, member.pupil, number, &random)
            }
            return
        }
        if year.planted.careless == lesson.teacher {
            giveFewMarks(number, present: graded, &random)
            return
        }
        guard section.grading == "marks" else {
            guard random.chance(0.3), !graded.isEmpty else { return }
            let item = column(number, .answer, title: nil, isDefault: true, &random)
            for pupil in graded where random.chance(0.6) {
                note(item, pupil, number, code: random.chance(0.97) ? "pass" : "fail", &random)
            }
            return
        }
        if graded.count > 1, random.chance(0.11) {
            let category = random.pick(section.subject.works)
            let item = column(number, category, title: "\(category.entry.name): \(topic)", isDefault: false, &random)
            for pupil in graded where random.chance(0.92) { mark(item, pupil, number, &random) }
        }
        let rate = graded.count == 1 ? 0.5 : [0.5, 0.5, 0.32, 0.24, 0.2, 0.17, 0.15][min(6, section.hours)]
        let answering = graded.filter { random.chance(rate) || needsMark($0, lesson) }
        if answering.isEmpty { return }
        let category: Demo.Category = section.subject.entry.style != .sport && random.chance(0.15) ? .homework : .answer
        let item = column(number, category, title: nil, isDefault: true, &random)
        for pupil in answering { mark(item, pupil, number, &random) }
        for pupil in present where isExempt(pupil, section.subject) && random.chance(0.15) {
            note(item, pupil, number, code: "exempt", &random)
        }
    }

    /// The teacher who keeps the journal badly asks few students, and now and then marks one who is absent.
    private func giveFewMarks(_ number: Int, present: [Int], _ random: inout Demo.Random) {
        let lesson = year.lessons[number]
        let section = year.sections[lesson.section]
        guard section.grading == "marks" else { return }
        let absent = members(of: section, on: lesson.day).map(\.pupil).filter {
            !present.contains($0) && !isExempt($0, section.subject)
        }
        let asked = present.filter { _ in random.chance(0.05) } + absent.filter { _ in random.chance(0.2) }
        if asked.isEmpty { return }
        let item = column(number, .answer, title: nil, isDefault: true, &random)
        for pupil in asked { mark(item, pupil, number, &random) }
    }

    /// A control work is in the journal before the lesson.
    @discardableResult
    func plan(_ number: Int, _ random: inout Demo.Random) -> Int {
        let lesson = year.lessons[number]
        let title = lesson.topic.flatMap { topic in
            year.sections[lesson.section].plan.map { year.plans[$0].topics[topic] }
        }.map { $0.isControl ? $0.title : "Контрольная работа по теме «\($0.title)»" }
        let made = (lesson.day - 12).at(minutes: 960)
        items.append(
            Demo.LineItem(
                id: Demo.ID(at: made, &random), lesson: number, category: .control, title: title, made: made))
        return items.count - 1
    }

    private func column(
        _ number: Int, _ category: Demo.Category, title: String?, isDefault: Bool, _ random: inout Demo.Random
    ) -> Int {
        let made = year.lessons[number].starts + 600
        items.append(
            Demo.LineItem(
                id: Demo.ID(at: made, &random), lesson: number, category: category, title: title, isDefault: isDefault,
                made: made))
        return items.count - 1
    }

    /// M7: towards the end of a term, students without enough marks are asked.
    private func needsMark(_ pupil: Int, _ lesson: Demo.Lesson) -> Bool {
        var needs = false
        let section = year.sections[lesson.section]
        let norm = Demo.norm(hours: section.hours, isSemester: section.grade ?? 0 >= 10)
        tally(lesson, pupil) { needs = lesson.left + $0.count <= norm + 1 }
        return needs
    }

    func isExempt(_ pupil: Int, _ subject: Demo.Subject) -> Bool {
        subject == .sport && year.people.pupils[pupil].sportGroup == "exempt"
    }

    // MARK: Values

    private func mark(_ item: Int, _ pupil: Int, _ number: Int, shift: Double = 0, _ random: inout Demo.Random) {
        let lesson = year.lessons[number]
        let subject = year.sections[lesson.section].subject
        let value = self.value(pupil, subject, shift: shift, &random)
        var mark = Demo.Mark(
            id: Demo.ID(at: lesson.ends, &random), item: item, pupil: pupil, value: .number(value),
            recorded: recordedAt(lesson, &random), by: lesson.teacher, changed: lesson.ends)
        mark.changed = mark.recorded
        if random.chance(0.02) { mark.comment = random.pick(Self.comments[value] ?? [nil]) }
        if random.chance(0.006) {
            mark.before = (.number(value == 2 ? 3 : value - 1), nil)
            mark.changed = min(mark.recorded + 3600 * random.within(2...60), latest)
        }
        marks.append(mark)
        let weight = items[item].category.entry.weight
        tally(lesson, pupil) {
            $0.sum += value * weight
            $0.weight += weight
            $0.count += 1
        }
    }

    private func value(_ pupil: Int, _ subject: Demo.Subject, shift: Double, _ random: inout Demo.Random) -> Int {
        // A student always likes the same subjects more than others.
        var liking = Demo.Random(seed: year.school.seed, 70, pupil, subject.rawValue)
        let ability = year.planted.weak.contains(pupil) ? 2.2 : year.people.pupils[pupil].ability
        let level = ability + 0.3 * liking.normal() + subject.ease + shift
        return max(2, min(5, Int(level + 0.62 * random.normal() + 0.5)))
    }

    private func note(_ item: Int, _ pupil: Int, _ number: Int, code: String, _ random: inout Demo.Random) {
        let lesson = year.lessons[number]
        let recorded = recordedAt(lesson, &random)
        marks.append(
            Demo.Mark(
                id: Demo.ID(at: lesson.ends, &random), item: item, pupil: pupil, value: .code(code), recorded: recorded,
                by: lesson.teacher, changed: recorded))
    }

    /// A student who missed a control work owes it for two weeks; most have written it by then.
    private func owe(_ item: Int, _ pupil: Int, _ number: Int, _ random: inout Demo.Random) {
        let lesson = year.lessons[number]
        let subject = year.sections[lesson.section].subject
        let due = lesson.day + 13
        guard random.chance(0.75) else { return }
        let recorded = lesson.ends + 1800
        var mark = Demo.Mark(
            id: Demo.ID(at: lesson.ends, &random), item: item, pupil: pupil, value: .code("owed"), due: due,
            comment: "Пропущена контрольная работа", recorded: recorded, by: lesson.teacher, changed: recorded)
        let isPaid = random.chance(0.85)
        let value = self.value(pupil, subject, shift: -0.3, &random)
        if isPaid, due < year.today {
            mark.before = (mark.value, due)
            (mark.value, mark.due, mark.comment) = (.number(value), nil, "Написана позже")
            mark.changed = (due - 1).at(minutes: 930)
            tally(lesson, pupil) {
                $0.sum += value * Demo.Category.control.entry.weight
                $0.weight += Demo.Category.control.entry.weight
                $0.count += 1
            }
        }
        marks.append(mark)
    }

    /// At the end of the lesson or in the evening; a few are late.
    private func recordedAt(_ lesson: Demo.Lesson, _ random: inout Demo.Random) -> Demo.Moment {
        let draw = random.unit()
        let delay = random.below(3600)
        let moment = lesson.ends + (draw < 0.7 ? delay / 6 : draw < 0.97 ? 2 * delay : 86_400 * (2 + delay % 7))
        return min(moment, latest)
    }

    /// Nothing is written after yesterday evening.
    var latest: Demo.Moment { (year.today - 1).at(minutes: 1320) }

    private static let comments: [Int: [String?]] = [
        5: ["Отличная работа", "За активную работу на уроке", "Дополнительный вопрос решён верно", "Молодец!"],
        4: [
            "Хорошо, есть одна неточность", "Верно, но не до конца обосновано",
            "Не хватило времени на последнее задание",
        ],
        3: ["Повторить правило", "Ошибки по невнимательности", "Нужно больше практики"],
        2: ["Нет подготовки к уроку", "Прийти на консультацию", "Тема не усвоена, разберём вместе"],
    ]

    // MARK: Rows

    func loadMarks(_ loader: Demo.Loader) throws {
        let people = year.people
        try loader.copy(
            "line_items",
            "id, lesson_id, section_id, category_id, title, weight, is_default, planned, created_at, changed_at",
            items
        ) { row, item in
            let lesson = year.lessons[item.lesson]
            row.field(item.id)
            row.field(lesson.id)
            row.field(year.sections[lesson.section].id)
            row.field(year.school.categories[item.category.rawValue])
            row.field(item.title)
            row.field(hundredths: item.category.entry.weight)
            row.field(item.isDefault)
            row.field(item.category == .control)
            row.field(item.made)
            row.field(item.made)
        }
        try loader.copy(
            "marks",
            "id, line_item_id, student_id, kind, number, code, due_on, comment, published_at, first_recorded_at, recorded_by, "
                + "version, changed_at", marks
        ) { row, mark in
            row.field(mark.id)
            row.field(items[mark.item].id)
            row.field(people.pupils[mark.pupil].id)
            row.field(mark.value)
            row.field(mark.due)
            row.field(mark.comment)
            row.field(mark.recorded)
            row.field(mark.recorded)
            row.field(people.staff[mark.by].id)
            row.field(mark.before == nil ? 1 : 2)
            row.field(mark.changed)
        }
        try loadMarkHistory(loader)
    }

    private func loadMarkHistory(_ loader: Demo.Loader) throws {
        let people = year.people
        try loader.copy(
            "mark_history",
            "mark_id, version, student_id, line_item_id, new_kind, new_number, new_code, new_due_on, published_at, changed_by, "
                + "changed_at", marks
        ) { row, mark in
            row.field(mark.id)
            row.field(1)
            row.field(people.pupils[mark.pupil].id)
            row.field(items[mark.item].id)
            row.field(mark.before?.value ?? mark.value)
            row.field(mark.before == nil ? mark.due : mark.before?.due)
            row.field(mark.recorded)
            row.field(people.staff[mark.by].id)
            row.field(mark.recorded)
        }
        try loader.copy(
            "mark_history",
            "mark_id, version, student_id, line_item_id, old_kind, old_number, old_code, old_due_on, new_kind, new_number, "
                + "new_code, new_due_on, new_comment, published_at, changed_by, changed_at, reason",
            marks.lazy.filter { $0.before != nil }
        ) { row, mark in
            row.field(mark.id)
            row.field(2)
            row.field(people.pupils[mark.pupil].id)
            row.field(items[mark.item].id)
            row.field(mark.before!.value)
            row.field(mark.before!.due)
            row.field(mark.value)
            row.field(mark.due)
            row.field(mark.comment)
            row.field(mark.recorded)
            row.field(people.staff[mark.by].id)
            row.field(mark.changed)
            row.field("Исправлена ошибка")
        }
    }
}

extension Demo.Subject {
    /// Works of the whole group other than control works.
    fileprivate var works: [Demo.Category] {
        switch self {
        case .physics: [.independent, .laboratory, .test]
        case .geography: [.practice, .test, .project]
        default:
            switch entry.style {
            case .language: [.dictation, .independent, .test, .essay]
            case .reading: [.essay, .test, .project]
            case .numbers: [.independent, .independent, .test]
            case .foreign: [.test, .independent, .project]
            case .science: [.laboratory, .test, .practice]
            case .humanities: [.test, .independent, .project]
            case .creative, .sport, .talk: [.practice, .practice, .project]
            }
        }
    }
}

extension CopyWriter {
    /// Three fields: kind, number, code.
    mutating func field(_ value: Demo.Mark.Value) {
        switch value {
        case .number(let number):
            field("number")
            field(number)
            null()
        case .code(let code):
            field("code")
            null()
            field(code)
        }
    }
}
