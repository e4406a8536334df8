import Diary

extension Demo {
    /// The records of the lessons of a year. Each section has its own random stream, so that a later `today` continues
    /// where an earlier one ended.
    final class Journal {
        /// The data that a final is based on.
        struct Tally {
            /// The sum of numbers times weight in hundredths, and the sum of the weights.
            var sum = 0
            var weight = 0
            var count = 0
            var lessons = 0
            var missed = 0
        }

        let year: Year
        var items: [LineItem] = []
        var marks: [Mark] = []
        var attendance: [Attendance] = []
        var homework: [Homework] = []
        var feedback: [Feedback] = []
        var notes: [ConductNote] = []
        var finals: [Final] = []
        /// Lessons by index.
        var withoutHomework: Set<Int> = []
        var rollTaken: Set<Int> = []
        var topics: [Int: String] = [:]
        /// Topics recorded after the day of their lesson.
        private var lateTopics: [Int: Moment] = [:]
        private(set) var absences: [Int: Absences]
        private var tallies: [[Tally]]
        private let enrollments: [Int: [Year.Enrollment]]

        init(_ year: Year) {
            self.year = year
            enrollments = Dictionary(grouping: year.enrollments, by: \.pupil)
            absences = Dictionary(
                uniqueKeysWithValues: Set(year.enrollments.map(\.pupil)).map { pupil in
                    var random = year.stream(50, pupil)
                    let diligence = year.people.pupils[pupil].diligence
                    return (pupil, Absences(year.calendar, diligence: diligence, &random))
                })
            for wave in year.planted.waves {
                for pupil in wave.pupils { absences[pupil]?.fallIll(wave.days) }
            }
            tallies = year.calendar.terms.map { _ in
                [Tally](repeating: Tally(), count: year.people.pupils.count * Subject.allCases.count)
            }
        }

        /// Holds the past lessons in order of time.
        func write() {
            var streams = year.sections.indices.map { year.stream(60, $0) }
            var ordinals = [Int](repeating: 0, count: year.sections.count)
            for (number, lesson) in year.lessons.enumerated() where lesson.day <= year.horizon {
                switch lesson.state {
                case .held:
                    hold(number, ordinal: ordinals[lesson.section], &streams[lesson.section])
                    ordinals[lesson.section] += 1
                case .planned where lesson.isControl: plan(number, &streams[lesson.section])
                default: break
                }
            }
            giveFinals()
        }

        private func hold(_ number: Int, ordinal: Int, _ random: inout Random) {
            let topic = topic(of: number)
            let lesson = year.lessons[number]
            // The one who writes nothing draws as well, so that the section's stream does not depend on it.
            let (isGiven, isLate) = (random.unit(), random.unit())
            if year.planted.silent == lesson.teacher { return }
            let isCareless = year.planted.careless == lesson.teacher
            if isGiven >= (isCareless ? 0.45 : 0.012) { topics[number] = topic.full }
            if isLate < (isCareless ? 0.3 : 0.01) {
                let evening = (lesson.day + 1 + number % 5).at(minutes: 1140)
                if evening <= latest { lateTopics[number] = evening }
            }
            let present = callRoll(number, &random)
            if year.takesMarks(year.lessons[number]) {
                giveMarks(number, topic: topic.title, present: present, &random)
            }
            giveFeedback(number, present: present, &random)
            giveHomework(number, ordinal: ordinal, topic: topic.title, &random)
        }

        private func topic(of number: Int) -> (title: String, full: String) {
            let lesson = year.lessons[number]
            let section = year.sections[lesson.section]
            guard let plan = section.plan else {
                let topics = Topics.units(section.subject, grade: section.grade ?? 7).flatMap(\.topics)
                let topic = topics[(lesson.day - year.calendar.starts) / 7 % topics.count]
                return (topic, topic)
            }
            guard let index = lesson.topic else { return ("Повторение", "Повторение изученного") }
            let title = year.plans[plan].topics[index].title
            if lesson.hour == 0 || section.subject.entry.style == .talk { return (title, title) }
            let endings =
                switch section.subject.entry.style {
                case .numbers: ["Решение задач", "Закрепление", "Обобщение"]
                case .foreign: ["Закрепление", "Практика речи", "Обобщение"]
                case .creative: ["Продолжение работы", "Завершение работы"]
                case .sport: ["Закрепление", "Совершенствование"]
                default: ["Закрепление", "Практическая работа", "Обобщение"]
                }
            return (title, "\(title). \(endings[(lesson.hour - 1) % endings.count])")
        }

        func topicRecorded(_ number: Int) -> Moment? {
            topics[number] == nil ? nil : lateTopics[number] ?? year.lessons[number].starts + 900
        }

        func members(of section: Section, on day: Day) -> [Year.Member] {
            year.groups[section.group].members.filter { $0.holds(on: day) }
        }

        func classTeacher(of pupil: Int, on day: Day) -> ID? {
            enrollments[pupil]?.first { enrollment in
                enrollment.starts <= day && enrollment.ends.map { day <= $0 } ?? true
            }.map { year.people.staff[year.classes[$0.schoolClass].teacher].id }
        }

        // MARK: Tallies

        /// Changes a student's tally in the lesson's subject and term.
        func tally(_ lesson: Lesson, _ pupil: Int, _ change: (inout Tally) -> Void) {
            let section = year.sections[lesson.section]
            guard let grade = section.grade, let term = year.calendar.term(of: lesson.day, grade: grade) else { return }
            change(&tallies[term][index(pupil, section.subject)])
        }

        func tally(term: Int, _ pupil: Int, _ subject: Subject) -> Tally {
            tallies[term][index(pupil, subject)]
        }

        private func index(_ pupil: Int, _ subject: Subject) -> Int {
            pupil * Subject.allCases.count + subject.rawValue
        }
    }
}
