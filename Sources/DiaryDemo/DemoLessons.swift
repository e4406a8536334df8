import Diary
import DiaryTemplate

extension Demo {
    struct Lesson {
        enum State: String {
            case planned, held, cancelled
        }

        let id: ID
        let section: Int
        let day: Day
        let bells: Int
        let slot: Int
        let entry: Int
        /// Whether it is the first or last lesson of the class's day (M9).
        var isEdge = false
        var teacher: Int
        var room: Int?
        var state = State.planned
        var merge: ID?
        /// How many lessons of the section follow in the term.
        var left = 0
        /// The day of the section's next lesson.
        var next: Day?
        /// The index in the section's plan, and which of the topic's hours this is.
        var topic: Int?
        var hour = 0
        var isControl = false

        var minutes: Range<Int> { Bells.all[bells].interval(slot: slot) }
        var starts: Moment { day.at(minutes: minutes.lowerBound) }
        var ends: Moment { day.at(minutes: minutes.upperBound) }
        /// The lesson was made from the timetable a week and a half before its week.
        var made: Moment { (day.monday - 10).at(minutes: 900) }
    }

    struct Entry {
        let id: ID
        let section: Int
        let bells: Int
        let weekday: Int
        let slot: Int
        let starts: Day
        let ends: Day
    }
}

extension Demo.Year {
    /// Makes the lessons of the whole year in order of time. Lessons after the horizon only give plans their dates.
    func makeLessons() {
        entries = makeEntries()
        var byWeekday = [[Int]](repeating: [], count: 6)
        for (number, entry) in entries.enumerated() { byWeekday[entry.weekday].append(number) }
        for weekday in 1...5 {
            byWeekday[weekday].sort { left, right in
                let start = { (entry: Demo.Entry) in Demo.Bells.all[entry.bells].interval(slot: entry.slot).lowerBound }
                return (start(entries[left]), left) < (start(entries[right]), right)
            }
        }

        let days = (0...11).map { Set(calendar.schoolDays(grade: $0 == 0 ? nil : $0)) }
        var streams = sections.indices.map { stream(30, $0) }
        for offset in 0...(calendar.ends - calendar.starts) {
            let day = calendar.starts + offset
            guard day.weekday <= 5 else { continue }
            for number in byWeekday[day.weekday] {
                let entry = entries[number]
                let section = sections[entry.section]
                guard days[section.grade ?? 0].contains(day), entry.starts <= day, day <= entry.ends else { continue }
                lessons.append(
                    Demo.Lesson(
                        id: Demo.ID(at: (day.monday - 10).at(minutes: 900), &streams[entry.section]),
                        section: entry.section, day: day, bells: entry.bells, slot: entry.slot, entry: number,
                        teacher: section.teacher, room: section.room))
            }
        }
        findEdges()
        substitute()
        findEdges()
        for number in lessons.indices where lessons[number].state == .planned && lessons[number].day < today {
            lessons[number].state = .held
        }
        lookAhead()
        followPlans()
    }

    private func makeEntries() -> [Demo.Entry] {
        var random = stream(31)
        let made = (calendar.starts - 5).at(minutes: 720)
        return blocks.flatMap { block in
            let bells = block.track < classes.count ? classes[block.track].bells : Demo.Bells.second
            return block.places.flatMap { place in
                periods(place, bells).flatMap { period in
                    block.sections.map {
                        Demo.Entry(
                            id: Demo.ID(at: made, &random), section: $0, bells: period.bells, weekday: place.weekday,
                            slot: place.slot, starts: period.starts, ends: period.ends)
                    }
                }
            }
        }
    }

    /// Grade 1 begins with three lessons a day; the fourth follows in November, the fifth in January, when the lessons
    /// also become longer.
    private func periods(
        _ place: (weekday: Int, slot: Int), _ bells: Int
    ) -> [(bells: Int, starts: Day, ends: Day)] {
        guard bells == Demo.Bells.beginners else { return [(bells, calendar.starts, calendar.ends)] }
        // On Monday the conversation comes first, which is no lesson.
        let ordinal = place.weekday == 1 ? place.slot - 1 : place.slot
        let later = (bells, calendar.secondHalf, calendar.ends)
        if ordinal > 4 { return [later] }
        let starts = ordinal == 4 ? Day(year, 11, 1) : calendar.starts
        return [(Demo.Bells.beginnersInAutumn, starts, calendar.secondHalf - 1), later]
    }

    /// M9: the first and the last lesson that take place, without extracurricular ones. Substitutions decide too.
    private func findEdges() {
        struct Key: Hashable {
            let schoolClass: Int
            let day: Day
        }
        let counts = { (lesson: Demo.Lesson) in
            lesson.state != .cancelled && self.sections[lesson.section].kind != "extracurricular"
        }
        var bounds: [Key: ClosedRange<Int>] = [:]
        for lesson in lessons where counts(lesson) {
            guard let schoolClass = sections[lesson.section].schoolClass else { continue }
            let key = Key(schoolClass: schoolClass, day: lesson.day)
            let slots = bounds[key] ?? lesson.slot...lesson.slot
            bounds[key] = min(slots.lowerBound, lesson.slot)...max(slots.upperBound, lesson.slot)
        }
        for number in lessons.indices {
            guard let schoolClass = sections[lessons[number].section].schoolClass,
                let slots = bounds[Key(schoolClass: schoolClass, day: lessons[number].day)]
            else { continue }
            let slot = lessons[number].slot
            lessons[number].isEdge = slot <= slots.lowerBound || slot >= slots.upperBound
        }
    }

    /// Gives each lesson the data about the later lessons of its section.
    private func lookAhead() {
        var next = [Day?](repeating: nil, count: sections.count)
        var left = [(term: Int?, count: Int)](repeating: (nil, 0), count: sections.count)
        for number in lessons.indices.reversed() where lessons[number].state != .cancelled {
            let section = lessons[number].section
            let term = calendar.term(of: lessons[number].day, grade: sections[section].grade ?? 1)
            if left[section].term != term { left[section] = (term, 0) }
            lessons[number].left = left[section].count
            lessons[number].next = next[section]
            left[section].count += 1
            next[section] = lessons[number].day
        }
    }

    /// Follows each section's plan along its lessons. A control work waits for a lesson that M9 allows: one a day per
    /// class, seventeen days between two of a subject, neither first nor last of the day.
    private func followPlans() {
        struct Walk {
            var hours: [Int]
            var position = 0
            var waiting: [Int] = []
            var lastControl: Day?
            var lastTopic = -1
            var hour = 0
        }
        var walks = sections.map { Walk(hours: $0.plan.map { plans[$0].sequence } ?? []) }
        struct Course: Hashable {
            let schoolClass: Int
            let subject: Demo.Subject
        }
        var controlDays = classes.map { _ in Set<Day>() }
        var controls: [Course: [Day]] = [:]
        var crowded = planted.crowdedClass
        /// Whether the student who moved here wrote a control work of the subject in the old class not long ago.
        func newcomersWrote(_ section: Demo.Section, before day: Day) -> Bool {
            guard let move, section.schoolClass == move.to, day >= move.day else { return false }
            let old = controls[Course(schoolClass: move.from, subject: section.subject)] ?? []
            return old.contains { $0 < move.day && day - $0 < 17 }
        }
        for number in lessons.indices where lessons[number].state != .cancelled {
            let lesson = lessons[number]
            let section = sections[lesson.section]
            guard let plan = section.plan else { continue }
            var walk = walks[lesson.section]
            defer { walks[lesson.section] = walk }
            while walk.position < walk.hours.count, plans[plan].topics[walk.hours[walk.position]].isControl {
                if section.schoolClass != nil { walk.waiting.append(walk.hours[walk.position]) }
                walk.position += 1
            }
            var topic: Int?
            if let control = walk.waiting.first, let schoolClass = section.schoolClass, !lesson.isEdge,
                lesson.merge == nil,
                !controlDays[schoolClass].contains(lesson.day), takesMarks(lesson),
                walk.lastControl.map({ lesson.day - $0 >= 18 }) ?? true, !newcomersWrote(section, before: lesson.day)
            {
                topic = control
                walk.waiting.removeFirst()
                walk.lastControl = lesson.day
                controlDays[schoolClass].insert(lesson.day)
                lessons[number].isControl = true
                controls[Course(schoolClass: schoolClass, subject: section.subject), default: []].append(lesson.day)
            } else if let schoolClass = section.schoolClass, schoolClass == crowded, walk.position < walk.hours.count,
                controlDays[schoolClass].contains(lesson.day), lesson.day >= calendar.starts + 20,
                lesson.merge == nil, section.subject.hasControls, section.hours > 1,
                section.group == classes[schoolClass].group
            {
                // The planted breach of M9: a second control work on one day.
                crowded = nil
                topic = walk.hours[walk.position]
                walk.position += 1
                walk.lastControl = lesson.day
                lessons[number].isControl = true
                controls[Course(schoolClass: schoolClass, subject: section.subject), default: []].append(lesson.day)
            } else if walk.position < walk.hours.count {
                topic = walk.hours[walk.position]
                walk.hour = topic == walk.lastTopic ? walk.hour + 1 : 0
                walk.lastTopic = topic!
                walk.position += 1
                lessons[number].hour = walk.hour
            }
            lessons[number].topic = topic
            if let topic, plans[plan].topics[topic].day == nil { plans[plan].topics[topic].day = lesson.day }
        }
    }

    /// M1: grade 1 has no marks, grade 2 only from the second half on. Sections without grading have none either.
    func takesMarks(_ lesson: Demo.Lesson) -> Bool {
        let section = sections[lesson.section]
        guard section.grading != "none", let grade = section.grade, grade > 1 else { return false }
        return grade > 2 || lesson.day >= calendar.secondHalf
    }
}
