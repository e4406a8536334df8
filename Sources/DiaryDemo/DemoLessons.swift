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
        /// Whether it is the first or last lesson of the students' day.
        let isEdge: Bool
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
    }
}

extension Demo.Year {
    /// Makes the lessons of the whole year in order of time. Lessons after the horizon only give plans their dates.
    func makeLessons() {
        entries = makeEntries()
        var edges = [[Int]](repeating: [Int](repeating: 0, count: 6), count: (blocks.map(\.track).max() ?? 0) + 1)
        for block in blocks {
            for place in block.places {
                edges[block.track][place.weekday] = max(edges[block.track][place.weekday], place.slot)
            }
        }
        var track = [Int](repeating: 0, count: sections.count)
        for block in blocks { for section in block.sections { track[section] = block.track } }
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
                guard days[section.grade ?? 0].contains(day) else { continue }
                let isEdge = entry.slot == 1 || entry.slot == edges[track[entry.section]][day.weekday]
                lessons.append(
                    Demo.Lesson(
                        id: Demo.ID(at: (day.monday - 10).at(minutes: 900), &streams[entry.section]),
                        section: entry.section,
                        day: day, bells: entry.bells, slot: entry.slot, entry: number, isEdge: isEdge,
                        teacher: section.teacher, room: section.room))
            }
        }
        substitute()
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
                block.sections.map {
                    Demo.Entry(
                        id: Demo.ID(at: made, &random), section: $0, bells: bells, weekday: place.weekday,
                        slot: place.slot)
                }
            }
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
        var controlDays = classes.map { _ in Set<Day>() }
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
                walk.lastControl.map({ lesson.day - $0 >= 18 }) ?? true
            {
                topic = control
                walk.waiting.removeFirst()
                walk.lastControl = lesson.day
                controlDays[schoolClass].insert(lesson.day)
                lessons[number].isControl = true
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
