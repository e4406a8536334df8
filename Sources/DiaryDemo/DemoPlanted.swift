import Diary

extension Demo {
    /// What the reports are meant to find in the current year. Closed years have nothing planted.
    struct Planted {
        struct Wave {
            let schoolClass: Int
            let days: ClosedRange<Day>
            let pupils: [Int]
        }

        /// The teacher who keeps the journal badly, and the one who writes nothing into it.
        private(set) var careless: Int?
        private(set) var silent: Int?
        /// The students of the class at risk who do badly.
        private(set) var weak: Set<Int> = []
        /// The class that has two control works on one day (M9).
        private(set) var crowdedClass: Int?
        /// Illness passes through a class in each season.
        private(set) var waves: [Wave] = []

        init() {}

        init(_ year: Year) {
            guard year.isCurrent else { return }
            careless = Self.careless(year)
            silent = year.people.clubLeader
            crowdedClass = year.classes.firstIndex { $0.grade == 9 }
            if let atRisk = year.classes.firstIndex(where: { $0.grade == 8 }) {
                weak = Set(
                    year.groups[year.classes[atRisk].group].members.map(\.pupil).filter {
                        year.people.pupils[$0].diligence < 0.55
                    })
            }
            var random = year.stream(90)
            let seasons: [(grade: Int, from: Day)] = [
                (5, Day(year.year, 9, 14)), (6, Day(year.year, 11, 9)), (4, Day(year.year + 1, 2, 1)),
            ]
            for (grade, from) in seasons {
                guard let schoolClass = year.classes.lastIndex(where: { $0.grade == grade }) else { continue }
                let first = from.next(weekday: 1)
                var pupils = year.groups[year.classes[schoolClass].group].members.map(\.pupil)
                random.shuffle(&pupils)
                waves.append(
                    Wave(
                        schoolClass: schoolClass, days: first...(first + 8),
                        pupils: Array(pupils.prefix(pupils.count * 3 / 5))))
            }
        }

        /// Teaches English, but not in the class that people look at first.
        private static func careless(_ year: Year) -> Int? {
            let main = year.classes.firstIndex { $0.grade == 7 && $0.letter == 0 }
            let first = Set(year.sections.filter { $0.schoolClass == main }.map(\.teacher))
            return year.people.teachers(of: .english).last { teacher in
                !first.contains(teacher) && year.sections.contains { $0.teacher == teacher }
            }
        }
    }
}
