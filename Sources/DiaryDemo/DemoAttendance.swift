import Diary
import DiaryTemplate
import Postgres

extension Demo {
    struct Attendance {
        let id: ID
        let lesson: Int
        let pupil: Int
        let code: Code
        var minutes: Int?
        var comment: String?
        let recorded: Moment
        let by: Int
        var decision: Decision?
    }

    /// The class teacher's decision (T2).
    struct Decision {
        let meaning: String
        let reason: String?
        let at: Moment
    }

    /// The days that a student misses in a year, planned in advance.
    struct Absences {
        enum Kind {
            case ill, stillIll, excused, unexcused
        }

        private var days: [Day: (kind: Kind, isDecided: Bool)] = [:]

        init(_ calendar: Calendar, diligence: Double, _ random: inout Random) {
            var day = calendar.starts
            if random.chance(0.015) {
                // A long stay in hospital: these students are not assessed in all subjects of the term.
                let first = random.pick(calendar.terms).starts + random.below(10)
                for offset in 0..<random.within(40...60) {
                    days[first + offset] = (offset < 2 ? .ill : .stillIll, true)
                }
            }
            while day <= calendar.ends {
                let draw = random.unit()
                let isDecided = random.chance(0.85)
                if day.weekday > 5 || days[day] != nil {
                    day = day + 1
                } else if draw < 0.009 {
                    let length = random.within(3...10)
                    for offset in 0..<length { days[day + offset] = (offset < 2 ? .ill : .stillIll, isDecided) }
                    day = day + length + 10
                } else if draw < 0.016 {
                    days[day] = (.excused, isDecided)
                    day = day + 2
                } else if draw < 0.016 + 0.008 * (1 - diligence) {
                    days[day] = (.unexcused, isDecided)
                    day = day + 1
                } else {
                    day = day + 1
                }
            }
        }

        /// Plants an illness.
        mutating func fallIll(_ days: ClosedRange<Day>) {
            for offset in 0...(days.upperBound - days.lowerBound) {
                self.days[days.lowerBound + offset] = (offset < 2 ? .ill : .stillIll, true)
            }
        }

        subscript(day: Day) -> (kind: Kind, isDecided: Bool)? { days[day] }
    }
}

extension Demo.Journal {
    /// Calls the roll of a lesson. Returns the students who are present.
    func callRoll(_ number: Int, _ random: inout Demo.Random) -> [Int] {
        let lesson = year.lessons[number]
        let section = year.sections[lesson.section]
        let isTaken = !random.chance(year.planted.careless == lesson.teacher ? 0.35 : 0.01)
        if isTaken { rollTaken.insert(number) }
        var present: [Int] = []
        for member in members(of: section, on: lesson.day) {
            let pupil = year.people.pupils[member.pupil]
            let absence = absences[member.pupil]?[lesson.day]
            let draw = random.unit()
            let isLate = absence == nil && lesson.slot == 1 && draw < 0.03 * (1.3 - pupil.diligence)
            let isAway = absence == nil && !isLate && draw > 0.998
            let isMissing = absence != nil || isAway
            tally(lesson, member.pupil) {
                $0.lessons += 1
                if isMissing { $0.missed += 1 }
            }
            if !isMissing { present.append(member.pupil) }
            guard isTaken, isMissing || isLate else { continue }
            var record = Demo.Attendance(
                id: Demo.ID(at: lesson.starts, &random), lesson: number, pupil: member.pupil,
                code: absence.map { Self.code($0.kind, draw) } ?? (isLate ? .late : .away),
                recorded: lesson.starts + 300,
                by: lesson.teacher)
            if isLate { record.minutes = random.within(3...15) }
            if isAway { record.comment = "По разрешению классного руководителя" }
            if let absence { record.decision = decision(absence, lesson) }
            attendance.append(record)
        }
        return present
    }

    /// On the first days nobody knows why a student is absent.
    private static func code(_ kind: Demo.Absences.Kind, _ draw: Double) -> Demo.Code {
        switch kind {
        case .ill: .absent
        case .stillIll: draw < 0.7 ? .ill : .absent
        case .excused: draw < 0.3 ? .excused : .absent
        case .unexcused: draw < 0.2 ? .unexcused : .absent
        }
    }

    private func decision(
        _ absence: (kind: Demo.Absences.Kind, isDecided: Bool), _ lesson: Demo.Lesson
    ) -> Demo.Decision? {
        let at = (lesson.day.monday + 4).at(minutes: 1260)
        guard absence.isDecided, at < year.today.at(minutes: 0) else { return nil }
        return switch absence.kind {
        case .ill, .stillIll: Demo.Decision(meaning: "ill", reason: "Медицинская справка", at: at)
        case .excused: Demo.Decision(meaning: "excused", reason: "Заявление родителей", at: at)
        case .unexcused: Demo.Decision(meaning: "unexcused", reason: nil, at: at)
        }
    }

    func loadAttendance(_ loader: Demo.Loader) throws {
        let people = year.people
        try loader.copy(
            "attendance",
            "id, lesson_id, student_id, meaning, minutes, code_id, comment, decided_meaning, decided_reason, decided_by, "
                + "decided_at, first_recorded_at, recorded_by, version, changed_at", attendance
        ) { row, record in
            row.field(record.id)
            row.field(year.lessons[record.lesson].id)
            row.field(people.pupils[record.pupil].id)
            row.field(record.code.entry.meaning)
            row.field(record.minutes)
            row.field(year.school.codes[record.code.rawValue])
            row.field(record.comment)
            row.field(record.decision?.meaning)
            row.field(record.decision?.reason)
            row.field(
                record.decision == nil ? nil : classTeacher(of: record.pupil, on: year.lessons[record.lesson].day))
            row.field(record.decision?.at)
            row.field(record.recorded)
            row.field(people.staff[record.by].id)
            row.field(record.decision == nil ? 1 : 2)
            row.field(record.decision?.at ?? record.recorded)
        }
    }
}
