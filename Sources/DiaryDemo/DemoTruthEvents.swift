import Diary
import DiaryTemplate

extension Demo.Journal {
    /// A student's day or record at a lesson.
    private struct Seat: Hashable {
        let pupil: Int
        let number: Int
    }

    private func missedLessons() -> Set<Seat> {
        Set(attendance.lazy.filter { $0.code != .late }.map { Seat(pupil: $0.pupil, number: $0.lesson) })
    }

    func marksWithAbsence() -> [Demo.Truth.MarkWithAbsence] {
        let absences = missedLessons()
        return marks.filter { mark in
            switch mark.value {
            case .number, .code("pass"), .code("fail"):
                absences.contains(Seat(pupil: mark.pupil, number: items[mark.item].lesson))
            case .code: false
            }
        }.map { mark in
            Demo.Truth.MarkWithAbsence(
                markId: mark.id, lessonId: year.lessons[items[mark.item].lesson].id,
                studentId: year.people.pupils[mark.pupil].id, madeUp: mark.before?.value == .code("owed"))
        }.sorted { $0.markId < $1.markId }
    }

    // MARK: Illness

    /// Days on which a third of a class missed all lessons (T3), joined over weekends.
    func illnessWaves() -> [Demo.Truth.IllnessWave] {
        let absences = missedLessons()
        // Lessons whose roll was taken, by student and day: how many there were and which of them the student missed.
        var days: [Seat: (lessons: Int, missed: [Int])] = [:]
        for number in rollTaken {
            let lesson = year.lessons[number]
            for member in members(of: year.sections[lesson.section], on: lesson.day) {
                let key = Seat(pupil: member.pupil, number: lesson.day.number)
                days[key, default: (0, [])].lessons += 1
                if absences.contains(Seat(pupil: member.pupil, number: number)) { days[key]!.missed.append(number) }
            }
        }
        let ofClass = year.classes.flatMap { schoolClass in
            calendarDays().compactMap { day -> (Demo.ID, Day, Int, [(pupil: Int, missed: [Int])])? in
                let members = year.groups[schoolClass.group].members.filter { $0.holds(on: day) }
                let absent = members.compactMap { member -> (pupil: Int, missed: [Int])? in
                    guard let found = days[Seat(pupil: member.pupil, number: day.number)],
                        found.lessons == found.missed.count
                    else { return nil }
                    return (member.pupil, found.missed)
                }
                return !absent.isEmpty && absent.count * 3 >= members.count
                    ? (schoolClass.id, day, members.count, absent) : nil
            }
        }
        var waves: [[(Demo.ID, Day, Int, [(pupil: Int, missed: [Int])])]] = []
        for day in ofClass {
            if let last = waves.last?.last, last.0 == day.0, day.1 - last.1 <= 4 {
                waves[waves.count - 1].append(day)
            } else {
                waves.append([day])
            }
        }
        let pupils = year.people.pupils
        return waves.map { wave in
            let missed = wave.flatMap { $0.3 }.flatMap(\.missed)
            return Demo.Truth.IllnessWave(
                classId: wave[0].0, from: wave[0].1.text, to: wave.last!.1.text,
                days: wave.map { day in
                    Demo.Truth.IllnessWave.Absent(
                        date: day.1.text, members: day.2, students: day.3.map { pupils[$0.pupil].id }.sorted())
                },
                students: Set(wave.flatMap { $0.3 }.map { pupils[$0.pupil].id }).sorted(),
                lessons: Set(missed).map { year.lessons[$0].id }.sorted(), absences: missed.count)
        }
    }

    private func calendarDays() -> [Day] {
        let last = min(year.calendar.ends, year.today - 1)
        return last < year.calendar.starts
            ? [] : (0...(last - year.calendar.starts)).map { year.calendar.starts + $0 }
    }

    // MARK: Control works

    func controlWorkBreaches() -> [Demo.Truth.ControlWorkBreach] {
        struct ClassDay: Hashable {
            let schoolClass: Int
            let day: Day
        }
        var slots: [ClassDay: Set<Int>] = [:]
        for lesson in year.lessons where lesson.state != .cancelled && lesson.day <= year.horizon {
            let section = year.sections[lesson.section]
            guard let schoolClass = section.schoolClass, section.kind != "extracurricular" else { continue }
            slots[ClassDay(schoolClass: schoolClass, day: lesson.day), default: []].insert(lesson.slot)
        }
        let works = items.filter { $0.category == .control }
        return works.compactMap { work in
            let lesson = year.lessons[work.lesson]
            let section = year.sections[lesson.section]
            guard let schoolClass = section.schoolClass else { return nil }
            var reasons: Set<String> = []
            var ofSection = 1
            for other in works where other.lesson != work.lesson {
                let otherLesson = year.lessons[other.lesson]
                let otherSection = year.sections[otherLesson.section]
                if otherLesson.section == lesson.section { ofSection += 1 }
                if otherLesson.day == lesson.day, otherSection.schoolClass == schoolClass,
                    otherSection.subject != section.subject || otherSection.group == section.group
                {
                    reasons.insert("another_that_day")
                }
                if otherSection.subject == section.subject, otherLesson.day != lesson.day,
                    abs(otherLesson.day - lesson.day) < 17, share(lesson, otherLesson)
                {
                    reasons.insert("within_17_days")
                }
            }
            let day = slots[ClassDay(schoolClass: schoolClass, day: lesson.day)] ?? []
            if section.hours > 1, day.count > 2 {
                if lesson.slot == day.min() {
                    reasons.insert("first_lesson")
                } else if lesson.slot == day.max() {
                    reasons.insert("last_lesson")
                }
            }
            if ofSection * 10 > section.hours * 34 { reasons.insert("over_10_percent") }
            return reasons.isEmpty
                ? nil
                : Demo.Truth.ControlWorkBreach(
                    lineItemId: work.id, lessonId: lesson.id, sectionId: section.id, date: lesson.day.text,
                    reasons: reasons.sorted())
        }.sorted { $0.lineItemId < $1.lineItemId }
    }

    /// Whether a student belongs to the groups of both lessons.
    private func share(_ lesson: Demo.Lesson, _ other: Demo.Lesson) -> Bool {
        let (left, right) = (year.sections[lesson.section], year.sections[other.section])
        if left.group == right.group { return true }
        let pupils = Set(members(of: left, on: lesson.day).map(\.pupil))
        return members(of: right, on: other.day).contains { pupils.contains($0.pupil) }
    }
}
