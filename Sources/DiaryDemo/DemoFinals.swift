import Diary
import DiaryTemplate
import Postgres

extension Demo {
    struct Final {
        let id: ID
        let pupil: Int
        let subject: Subject
        let kind: String
        var term: Int?
        let section: Int
        var value: Mark.Value
        /// In ten-thousandths.
        var average: Int?
        var reason: String?
        let made: Moment
        let by: Int

        /// The average with four decimals.
        var averageText: String? {
            average.map { average in
                let rest = String(average % 10_000)
                return "\(average / 10_000)." + String(repeating: "0", count: 4 - rest.count) + rest
            }
        }

        /// Makes the number one that the average does not explain: a three becomes a five, and a five a three.
        ///
        /// - Returns: whether it did.
        mutating func favour() -> Bool {
            guard case .number(let number) = value, number != 4 else { return false }
            value = .number(number < 4 ? number + 2 : number - 2)
            return true
        }
    }
}

extension Demo {
    /// M7: the number of marks that a final needs.
    static func norm(hours: Int, isSemester: Bool) -> Int {
        let norms = isSemester ? [5, 8, 11] : [3, 5, 7]
        return norms[min(max(hours, 1), 3) - 1]
    }
}

extension Demo.Journal {
    /// A student of a section at the end of a term.
    private struct Seat: Hashable {
        let pupil: Int
        let subject: Int
    }

    /// Finals of the terms that have ended, and of the year if it has ended (M1, M7, M10, M11).
    func giveFinals() {
        var random = year.stream(80)
        var values: [Seat: [Demo.Mark.Value]] = [:]
        let last = year.calendar.terms.lastIndex { !$0.isSemester && $0.ends < year.today }
        var lastSection: [Seat: Int] = [:]
        for (index, term) in year.calendar.terms.enumerated() where term.ends < year.today {
            for (number, section) in year.sections.enumerated() {
                guard let grade = section.grade, term.serves(grade), section.grading != "none" else { continue }
                let pupils = members(of: section, on: term.ends).map(\.pupil)
                if grade == 1 || (grade == 2 && term.ends < year.calendar.secondHalf) {
                    if section.grading == "marks" { giveTermFeedback(term, section: number, pupils: pupils, &random) }
                    continue
                }
                let isCareless = year.planted.careless == section.teacher
                var favoured = 0
                for (place, pupil) in pupils.enumerated() {
                    // The teacher who keeps the journal badly forgets the last two of the list.
                    if isCareless, index == last, place >= pupils.count - 2 { continue }
                    var final = final(pupil, number, term: index, &random)
                    if isCareless, favoured < 2, final.favour() { favoured += 1 }
                    let seat = Seat(pupil: pupil, subject: section.subject.rawValue)
                    lastSection[seat] = number
                    values[seat, default: []].append(final.value)
                    finals.append(final)
                }
            }
        }
        if year.isOver { closeYear(values, lastSection, &random) }
    }

    private func final(_ pupil: Int, _ number: Int, term: Int, _ random: inout Demo.Random) -> Demo.Final {
        let section = year.sections[number]
        let tally = tally(term: term, pupil, section.subject)
        let average = tally.weight == 0 ? nil : (2 * tally.sum * 10_000 + tally.weight) / (2 * tally.weight)
        let norm = Demo.norm(hours: section.hours, isSemester: year.calendar.terms[term].isSemester)
        let (value, reason) = value(pupil, section, tally, norm: norm, &random)
        let made = year.calendar.terms[term].ends.at(minutes: 960 + random.below(120))
        return Demo.Final(
            id: Demo.ID(at: made, &random), pupil: pupil, subject: section.subject, kind: "term", term: term,
            section: number,
            value: value, average: average, reason: reason, made: made, by: section.teacher)
    }

    private func value(
        _ pupil: Int, _ section: Demo.Section, _ tally: Tally, norm: Int, _ random: inout Demo.Random
    ) -> (Demo.Mark.Value, String?) {
        if isExempt(pupil, section.subject) { return (.code("exempt"), "Приказ об освобождении от занятий") }
        if section.grading == "pass_fail" { return (.code(random.chance(0.99) ? "pass" : "fail"), nil) }
        guard tally.weight > 0 else {
            let mostlyMissed = tally.missed * 4 > tally.lessons * 3
            return (.code("not_assessed"), mostlyMissed ? nil : "Текущих отметок нет")
        }
        // M6: round up from .60. Below, the better mark is sometimes given for effort.
        let (whole, rest) = tally.sum.quotientAndRemainder(dividingBy: tally.weight)
        var number = whole + (rest * 100 >= tally.weight * 60 ? 1 : 0)
        if rest * 100 > tally.weight * 45, random.chance(0.15) { number = whole + 1 }
        return (.number(number), tally.count < norm ? "Сдан зачёт по темам" : nil)
    }

    // MARK: The year

    private func closeYear(
        _ values: [Seat: [Demo.Mark.Value]], _ sections: [Seat: Int], _ random: inout Demo.Random
    ) {
        let made = year.calendar.ends.at(minutes: 1000)
        let exams = (year.calendar.ends + 20).at(minutes: 900)
        let seats = values.keys.sorted { ($0.pupil, $0.subject) < ($1.pupil, $1.subject) }
        for seat in seats {
            guard let given = values[seat], let section = sections[seat] else { continue }
            let terms = given.compactMap { value in if case .number(let number) = value { number } else { nil } }
            // A year without numbers ends as its last term did.
            guard !terms.isEmpty else {
                append("year", seat.pupil, section, given.last!, at: made, &random)
                continue
            }
            let subject = year.sections[section].subject
            let grade = year.grade(of: seat.pupil)
            let average = terms.reduce(0, +) * 10_000 / terms.count
            let mark = rounded(terms)
            append("year", seat.pupil, section, .number(mark), average: average, at: made, &random)
            if grade >= 10 {
                year.school.senior[seat.pupil * Demo.Subject.allCases.count + seat.subject, default: []] +=
                    terms + [mark]
            }
            guard year.today > year.calendar.ends + 24 else { continue }
            if grade == 9 {
                var final = mark
                if subject == .russian || subject == .algebra {
                    let exam = max(3, min(5, mark + random.pick([-1, 0, 0, 0, 1])))
                    append("exam", seat.pupil, section, .number(exam), at: exams, &random)
                    final = rounded([mark, exam])
                }
                append("final", seat.pupil, section, .number(final), at: exams + 86_400, &random)
            } else if grade == 11 {
                let all = year.school.senior[seat.pupil * Demo.Subject.allCases.count + seat.subject] ?? terms
                append("final", seat.pupil, section, .number(rounded(all)), at: exams, &random)
            }
        }
    }

    /// The mean, rounded half up.
    private func rounded(_ numbers: [Int]) -> Int {
        (2 * numbers.reduce(0, +) + numbers.count) / (2 * numbers.count)
    }

    private func append(
        _ kind: String, _ pupil: Int, _ section: Int, _ value: Demo.Mark.Value, average: Int? = nil,
        at made: Demo.Moment, _ random: inout Demo.Random
    ) {
        finals.append(
            Demo.Final(
                id: Demo.ID(at: made, &random), pupil: pupil, subject: year.sections[section].subject, kind: kind,
                section: section, value: value, average: average, reason: reason(value), made: made,
                by: year.sections[section].teacher))
    }

    private func reason(_ value: Demo.Mark.Value) -> String? {
        switch value {
        case .code("exempt"): "Приказ об освобождении от занятий"
        case .code("not_assessed"): "Отметок за учебные периоды нет"
        default: nil
        }
    }

    func loadFinals(_ loader: Demo.Loader) throws {
        let people = year.people
        try loader.copy(
            "final_marks",
            "id, student_id, subject_id, academic_year_id, kind, term_id, section_id, value_kind, number, code, "
                + "average_at_the_time, reason, published_at, first_recorded_at, recorded_by, changed_at", finals
        ) { row, final in
            row.field(final.id)
            row.field(people.pupils[final.pupil].id)
            row.field(year.school.subjects[final.subject])
            row.field(year.id)
            row.field(final.kind)
            row.field(final.term.map { year.calendar.termIDs[$0] })
            row.field(year.sections[final.section].id)
            row.field(final.value)
            row.field(final.averageText)
            row.field(final.reason)
            row.field(final.made)
            row.field(final.made)
            row.field(people.staff[final.by].id)
            row.field(final.made)
        }
    }
}
