import Diary

extension Demo {
    struct Substitution {
        let id: ID
        let lesson: Int
        let kind: String
        var teacher: Int?
        var room: Int?
        var other: Int?
        let reason: String
        let oldTeacher: Int
        let oldRoom: Int?
        let made: Moment
    }
}

extension Demo.Year {
    /// Each week a teacher is away for up to three days: another one takes the lesson, the second part of the class
    /// joins the first, or the lesson is cancelled.
    func substitute() {
        var random = stream(40)
        let byDay = Dictionary(grouping: lessons.indices, by: { lessons[$0].day })
        let reasons = ["Больничный лист", "Командировка", "Курсы повышения квалификации", "Семейные обстоятельства"]
        var monday = calendar.starts.monday + 7
        while monday <= horizon {
            defer { monday = monday + 7 }
            let teacher = absentTeacher(&random)
            let first = monday == today.monday ? today - monday : random.below(4)
            let reason = random.pick(reasons)
            for offset in first..<max(first, min(5, first + random.within(2...3))) {
                let day = monday + offset
                guard day <= horizon else { break }
                for lesson in byDay[day] ?? [] where lessons[lesson].teacher == teacher {
                    replace(lesson, reason: reason, sameDay: byDay[day] ?? [], &random)
                }
            }
        }
    }

    /// Any subject teacher except the one whose journal people look at first.
    private func absentTeacher(_ random: inout Demo.Random) -> Int {
        let main = people.employee(login: "teacher")
        return random.pick(people.staff.indices.filter { people.staff[$0].pool != nil && $0 != main })
    }

    private func replace(_ number: Int, reason: String, sameDay: [Int], _ random: inout Demo.Random) {
        let lesson = lessons[number]
        let section = sections[lesson.section]
        guard lesson.merge == nil, section.schoolClass != nil else { return }
        var change = Demo.Substitution(
            id: Demo.ID(at: lesson.day.at(minutes: 450), &random), lesson: number, kind: "replace", reason: reason,
            oldTeacher: lesson.teacher, oldRoom: lesson.room, made: lesson.day.at(minutes: 450))
        defer { substitutions.append(change) }

        if let other = sameDay.first(where: { isOtherPart(lessons[$0], of: lesson) }) {
            change = Demo.Substitution(
                id: change.id, lesson: number, kind: "merge", teacher: lessons[other].teacher,
                room: lessons[other].room,
                other: other, reason: reason, oldTeacher: lesson.teacher, oldRoom: lesson.room, made: change.made)
            lessons[number].teacher = lessons[other].teacher
            lessons[number].room = lessons[other].room
            lessons[number].merge = lessons[other].id
            lessons[other].merge = lessons[other].id
            return
        }
        let bit = Demo.Bells.bit(lesson.bells, lesson.slot)
        var busy: [Int: UInt32] = [:]
        for other in sameDay where lessons[other].state != .cancelled {
            busy[lessons[other].teacher, default: 0] |=
                1 << UInt32(Demo.Bells.bit(lessons[other].bells, lessons[other].slot))
        }
        let isFree = { (teacher: Int) in
            teacher != lesson.teacher && busy[teacher, default: 0] & Demo.Bells.overlaps[bit] == 0
        }
        let own = people.staff[lesson.teacher].pool
        let others = people.staff.indices.filter { people.staff[$0].pool == own && isFree($0) }
        let any = people.staff.indices.filter { people.staff[$0].pool != nil && isFree($0) }
        // The last lesson of the day is sometimes just cancelled.
        if lesson.isEdge && lesson.slot > 3 && random.chance(0.6) || others.isEmpty && any.isEmpty {
            change = Demo.Substitution(
                id: change.id, lesson: number, kind: "cancel", reason: reason, oldTeacher: lesson.teacher,
                oldRoom: lesson.room, made: change.made)
            lessons[number].state = .cancelled
            return
        }
        let teacher = random.pick(others.isEmpty ? any : others)
        change.teacher = teacher
        lessons[number].teacher = teacher
    }

    private func isOtherPart(_ other: Demo.Lesson, of lesson: Demo.Lesson) -> Bool {
        let (left, right) = (sections[other.section], sections[lesson.section])
        return other.section != lesson.section && left.schoolClass == right.schoolClass && left.subject == right.subject
            && other.slot == lesson.slot && other.teacher != lesson.teacher && other.merge == nil
            && other.state != .cancelled
    }
}
