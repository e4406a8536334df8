import Diary

extension Demo {
    /// One academic year of a school: its classes and groups, and what the other files build from them step by step.
    final class Year {
        struct Class {
            let id: ID
            let grade: Int
            let letter: Int
            let name: String
            let group: Int
            /// The profile of a senior class.
            let profile: String?
            var teacher = 0

            var bells: Int { Bells.schedule(grade: grade) }
        }

        struct Group {
            let id: ID
            let kind: String
            let name: String
            let grade: Int?
            let schoolClass: Int?
            var members: [Member] = []
        }

        struct Member {
            let id: ID
            let pupil: Int
            let starts: Day
            var ends: Day?

            func holds(on day: Day) -> Bool { starts <= day && (ends.map { day <= $0 } ?? true) }
        }

        struct Enrollment {
            let id: ID
            let pupil: Int
            let schoolClass: Int
            let starts: Day
            var ends: Day?
            var inClassGroup = true
            var reason: String
            var endReason: String?
        }

        let school: School
        let year: Int
        let id: ID
        let calendar: Calendar
        /// Lessons exist up to this day.
        let horizon: Day
        var random: Random

        var classes: [Class] = []
        var groups: [Group] = []
        var enrollments: [Enrollment] = []
        var sections: [Section] = []
        var blocks: [Block] = []
        var plans: [Plan] = []
        var entries: [Entry] = []
        /// In order of time.
        var lessons: [Lesson] = []
        var substitutions: [Substitution] = []
        /// What the reports are meant to find.
        var planted = Planted()
        /// The student's move from one class to another.
        private(set) var move: (from: Int, to: Int, day: Day)?
        /// Parts of each class for subjects taught in two parts: by halves, and by sex.
        var parts: [[Subject.Split: [Int]]] = []

        var people: People { school.people }
        var today: Day { school.today }
        var isCurrent: Bool { year == school.year }
        var name: String { "\(year)/\(year + 1)" }
        var isOver: Bool { calendar.ends < today }

        init(_ school: School, year: Int) {
            self.school = school
            self.year = year
            random = Random(seed: school.seed, 10, year)
            id = ID(at: Day(year, 6, 20).at(minutes: 600), &random)
            calendar = Calendar(year: year, &random)
            horizon = min(calendar.ends, school.today.monday + 13)
            makeClasses()
            makeParts()
            makeHome()
        }

        func grade(of pupil: Int) -> Int { people.pupils[pupil].grade(in: year) }

        /// A random stream for one purpose in this year.
        func stream(_ purpose: Int, _ number: Int = 0) -> Random { Random(seed: school.seed, purpose, year, number) }

        // MARK: Classes

        private func makeClasses() {
            let made = (calendar.starts - 14).at(minutes: 600)
            for grade in 1...11 {
                for (letter, pupils) in (people.classes[year - grade + 1] ?? []).enumerated() {
                    let id = ID(at: made, &random)
                    let name = "\(grade)\(People.letterNames[letter])"
                    classes.append(
                        Class(
                            id: id, grade: grade, letter: letter, name: name, group: groups.count,
                            profile: grade < 10
                                ? nil : People.isTechnical(letter: letter) ? "технологический" : "гуманитарный"))
                    // The trigger would give the class's own group the id of the class.
                    groups.append(
                        Group(id: id, kind: "class", name: name, grade: grade, schoolClass: classes.count - 1))
                    for pupil in pupils { enroll(pupil, grade: grade, made: made) }
                }
            }
            transfer()
            for enrollment in enrollments where enrollment.inClassGroup {
                groups[classes[enrollment.schoolClass].group].members.append(
                    Member(
                        id: enrollment.id, pupil: enrollment.pupil, starts: enrollment.starts, ends: enrollment.ends))
            }
        }

        private func enroll(_ pupil: Int, grade: Int, made: Moment) {
            enrollments.append(
                Enrollment(
                    id: ID(at: made, &random), pupil: pupil, schoolClass: classes.count - 1, starts: calendar.starts,
                    ends: isCurrent ? nil : calendar.ends, inClassGroup: !(isCurrent && pupil == people.atHome),
                    reason: grade == 1 ? "Приказ о зачислении" : "Приказ о переводе в следующий класс",
                    endReason: isCurrent ? nil : grade == 11 ? "Выпуск" : "Перевод в следующий класс"))
        }

        /// Moves a student from 7Б to 7А in October.
        private func transfer() {
            let day = Day(year, 10, 12).next(weekday: 1)
            guard isCurrent, let pupil = people.transferred, day <= today,
                let old = enrollments.firstIndex(where: { $0.pupil == pupil })
            else { return }
            move = (enrollments[old].schoolClass, enrollments[old].schoolClass - 1, day)
            enrollments[old].ends = day - 1
            enrollments[old].endReason = "Перевод в 7А"
            enrollments.append(
                Enrollment(
                    id: ID(at: (day - 3).at(minutes: 700), &random), pupil: pupil,
                    schoolClass: enrollments[old].schoolClass - 1, starts: day, reason: "Перевод из 7Б"))
        }

        // MARK: Groups

        private func makeParts() {
            let made = (calendar.starts - 10).at(minutes: 600)
            for (number, schoolClass) in classes.enumerated() {
                var split: [Subject.Split: [Int]] = [:]
                let subjects = Curriculum.hours(grade: schoolClass.grade, technical: true).map(\.subject)
                for kind in [Subject.Split.halves, .sexes]
                where subjects.contains(where: { $0.split(grade: schoolClass.grade) == kind }) {
                    let names = kind == .halves ? ["1 группа", "2 группа"] : ["мальчики", "девочки"]
                    split[kind] = names.map { name in
                        groups.append(
                            Group(
                                id: ID(at: made, &random), kind: "part", name: "\(schoolClass.name), \(name)",
                                grade: schoolClass.grade, schoolClass: number))
                        return groups.count - 1
                    }
                    for (seat, member) in groups[schoolClass.group].members.enumerated() {
                        let isSecond = kind == .halves ? seat % 2 == 1 : people.pupils[member.pupil].sex == .female
                        groups[split[kind]![isSecond ? 1 : 0]].members.append(
                            Member(
                                id: ID(at: made, &random), pupil: member.pupil, starts: member.starts, ends: member.ends
                            ))
                    }
                }
                parts.append(split)
            }
        }

        /// The group of the student who is taught at home.
        private func makeHome() {
            guard isCurrent, let pupil = people.atHome else { return }
            let name = people.pupils[pupil].name
            let made = (calendar.starts - 5).at(minutes: 600)
            groups.append(
                Group(
                    id: ID(at: made, &random), kind: "individual",
                    name: "На дому: \(name.last) \(name.first.prefix(1)).", grade: grade(of: pupil), schoolClass: nil,
                    members: [Member(id: ID(at: made, &random), pupil: pupil, starts: calendar.starts)]))
        }
    }
}
