import Diary

extension Demo {
    /// A page of the journal.
    struct Section {
        let id: ID
        let subject: Subject
        let group: Int
        var kind = "curricular"
        var grading = "marks"
        let name: String
        let hours: Int
        let teacher: Int
        let room: Int?
        /// The grade of its students; nil if there are several.
        let grade: Int?
        let schoolClass: Int?
        /// The section's own plan, by index in the year's plans.
        var plan: Int?
    }

    /// Sections taught at the same time: a single one, or the parts of a class.
    struct Block {
        let track: Int
        let subject: Subject
        let sections: [Int]
        let hours: Int
        /// Weekdays (1 is Monday) and slots.
        var places: [(weekday: Int, slot: Int)] = []
    }
}

extension Demo.Year {
    /// Makes the sections of all groups and gives each a teacher.
    func makeSections() {
        var assignment = Assignment(self)
        for number in classes.indices { assignment.takePrimary(number) }
        assignment.takeUnits()
        for number in classes.indices.reversed() { assignment.appointClassTeacher(number) }
        for number in classes.indices { addSections(schoolClass: number, assignment) }
        addHomeSections()
        addClubs()
        planted = Demo.Planted(self)
    }

    private func addSections(schoolClass number: Int, _ assignment: Assignment) {
        let schoolClass = classes[number]
        let technical = Demo.People.isTechnical(letter: schoolClass.letter)
        let load = Demo.Curriculum.hours(grade: schoolClass.grade, technical: technical)
        for (subject, hours) in [(Demo.Subject.talks, 1)] + load {
            let split = subject.split(grade: schoolClass.grade)
            let groups = split.map { parts[number][$0]! } ?? [schoolClass.group]
            let teachers =
                subject == .talks
                ? [schoolClass.teacher] : assignment.teachers(number, subject.pool(grade: schoolClass.grade))
            let first = sections.count
            for (place, group) in groups.enumerated() {
                let teacher = teachers[place % teachers.count]
                var section = Demo.Section(
                    id: sectionID(), subject: subject, group: group,
                    name: "\(subject.entry.name) \(self.groups[group].name)", hours: hours, teacher: teacher,
                    room: school.roomOf[teacher], grade: schoolClass.grade, schoolClass: number)
                switch subject {
                case .talks: (section.kind, section.grading) = ("extracurricular", "none")
                case .elective: (section.kind, section.grading) = ("elective", "pass_fail")
                case .ethics, .project: section.grading = "pass_fail"
                default: break
                }
                sections.append(section)
            }
            blocks.append(
                Demo.Block(track: number, subject: subject, sections: Array(first..<sections.count), hours: hours))
        }
    }

    private func addHomeSections() {
        guard let group = groups.firstIndex(where: { $0.kind == "individual" }), let pupil = people.atHome,
            let home = enrollments.first(where: { $0.pupil == pupil })?.schoolClass
        else { return }
        for item in Demo.Curriculum.home {
            let teacher = sections.first { $0.schoolClass == home && $0.subject == item.subject }!.teacher
            sections.append(
                Demo.Section(
                    id: sectionID(), subject: item.subject, group: group,
                    name: "\(item.subject.entry.name), \(groups[group].name)", hours: item.hours, teacher: teacher,
                    room: nil,
                    grade: classes[home].grade, schoolClass: nil))
            blocks.append(
                Demo.Block(
                    track: classes.count, subject: item.subject, sections: [sections.count - 1], hours: item.hours))
        }
    }

    /// Clubs for students of several grades of the first shift, after its lessons.
    private func addClubs() {
        let clubs: [(Demo.Subject, Int, ClosedRange<Int>)] = [
            (.robotics, 2, 7...9), (.chess, 1, 5...8), (.theatre, 1, 7...11),
        ]
        let made = (calendar.starts + 3).at(minutes: 900)
        var taken: Set<Int> = people.atHome.map { [$0] } ?? []
        for (number, (subject, hours, grades)) in clubs.enumerated() {
            var members: [Member] = []
            for schoolClass in classes where grades.contains(schoolClass.grade) && schoolClass.bells == Demo.Bells.first
            {
                for member in groups[schoolClass.group].members
                where member.starts == calendar.starts && !taken.contains(member.pupil) && random.chance(0.1) {
                    taken.insert(member.pupil)
                    members.append(
                        Member(
                            id: Demo.ID(at: made, &random), pupil: member.pupil, starts: calendar.starts,
                            ends: isCurrent ? nil : calendar.ends))
                }
            }
            groups.append(
                Group(
                    id: Demo.ID(at: made, &random), kind: "cross", name: "Кружок «\(subject.entry.name)»", grade: nil,
                    schoolClass: nil, members: members))
            let teacher = subject == .chess ? people.clubLeader : people.teachers(of: subject.entry.pool).last!
            sections.append(
                Demo.Section(
                    id: sectionID(), subject: subject, group: groups.count - 1, kind: "extracurricular",
                    grading: "none",
                    name: subject.entry.name, hours: hours, teacher: teacher, room: school.roomOf[teacher], grade: nil,
                    schoolClass: nil))
            blocks.append(
                Demo.Block(
                    track: classes.count + 1 + number, subject: subject, sections: [sections.count - 1], hours: hours))
        }
    }

    private func sectionID() -> Demo.ID {
        Demo.ID(at: (calendar.starts - 7).at(minutes: 700), &random)
    }
}

/// Who teaches which subject in which class.
private struct Assignment {
    private struct Unit: Hashable {
        let schoolClass: Int
        let pool: Demo.Subject.Pool
    }

    private let year: Demo.Year
    private var teachers: [Unit: [Int]] = [:]
    private var load: [Int]
    private var classTeachers: Set<Int> = []

    init(_ year: Demo.Year) {
        self.year = year
        load = year.people.staff.map { _ in 0 }
    }

    func teachers(_ schoolClass: Int, _ pool: Demo.Subject.Pool) -> [Int] {
        teachers[Unit(schoolClass: schoolClass, pool: pool)]!
    }

    /// A primary school teacher keeps a class for its four years.
    mutating func takePrimary(_ number: Int) {
        let schoolClass = year.classes[number]
        guard schoolClass.grade <= 4 else { return }
        let entry = year.year - schoolClass.grade + 1
        let teacher = year.people.teachers(of: .primary)[entry % 4 * year.people.letters + schoolClass.letter]
        teachers[Unit(schoolClass: number, pool: .primary)] = [teacher]
        year.classes[number].teacher = teacher
        classTeachers.insert(teacher)
    }

    /// Assigns the largest loads first, each to the teacher with the least. One teacher gets all subjects of one kind
    /// in a class.
    mutating func takeUnits() {
        var units: [(unit: Unit, hours: Int, split: Demo.Subject.Split?)] = []
        for (number, schoolClass) in year.classes.enumerated() {
            var hours: [Demo.Subject.Pool: (Int, Demo.Subject.Split?)] = [:]
            let technical = Demo.People.isTechnical(letter: schoolClass.letter)
            for item in Demo.Curriculum.hours(grade: schoolClass.grade, technical: technical) {
                let pool = item.subject.pool(grade: schoolClass.grade)
                let split = item.subject.split(grade: schoolClass.grade) ?? hours[pool]?.1
                if pool != .primary { hours[pool] = ((hours[pool]?.0 ?? 0) + item.hours, split) }
            }
            for pool in Demo.Subject.Pool.allCases {
                if let (sum, split) = hours[pool] {
                    units.append((Unit(schoolClass: number, pool: pool), sum, split))
                }
            }
        }
        let main = year.people.employee(login: "teacher")
        for (unit, hours, split) in units.enumerated().sorted(by: {
            ($1.element.hours, $0.offset) < ($0.element.hours, $1.offset)
        }).map(\.element).sorted(by: { isMain($0.unit) && !isMain($1.unit) }) {
            let pool = year.people.teachers(of: unit.pool)
            let chosen: [Int]
            switch split {
            case nil: chosen = isMain(unit) ? [main] : [leastLoaded(pool)]
            case .halves:
                let first = leastLoaded(pool)
                chosen = [first, leastLoaded(pool.filter { $0 != first })]
            case .sexes:
                chosen = [0, 1].map { parity in
                    leastLoaded(pool.enumerated().filter { $0.offset % 2 == parity }.map(\.element))
                }
            }
            for teacher in chosen { load[teacher] += hours }
            teachers[unit] = chosen
        }
    }

    /// Mathematics of the class that is now 7А.
    private func isMain(_ unit: Unit) -> Bool {
        let schoolClass = year.classes[unit.schoolClass]
        return unit.pool == .mathematics && schoolClass.letter == 0 && isMainClass(schoolClass)
    }

    private func isMainClass(_ schoolClass: Demo.Year.Class) -> Bool {
        schoolClass.letter == 0 && year.year - schoolClass.grade + 1 == year.school.year - 6 && schoolClass.grade >= 5
    }

    private func leastLoaded(_ pool: [Int]) -> Int {
        pool.min { (load[$0], $0) < (load[$1], $1) }!
    }

    /// Chooses one of those who teach the class most. Each teacher leads only one class.
    mutating func appointClassTeacher(_ number: Int) {
        let schoolClass = year.classes[number]
        guard schoolClass.grade >= 5 else { return }
        let main = year.people.employee(login: "teacher")
        if isMainClass(schoolClass) {
            year.classes[number].teacher = main
            classTeachers.insert(main)
            return
        }
        let order: [Demo.Subject.Pool] = [
            .russian, .mathematics, .history, .english, .physics, .biology, .geography, .chemistry, .informatics,
            .sport,
            .safety, .labour, .music, .art,
        ]
        let own = order.flatMap { teachers[Unit(schoolClass: number, pool: $0)] ?? [] }
        let others = year.people.staff.indices.filter {
            year.people.staff[$0].pool.map { $0 != .primary } ?? false
        }
        let teacher = (own + others).first { $0 != main && !classTeachers.contains($0) }!
        year.classes[number].teacher = teacher
        classTeachers.insert(teacher)
    }
}
