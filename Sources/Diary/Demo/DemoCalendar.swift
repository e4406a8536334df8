import Postgres

extension Demo {
    /// The days of an academic year: terms, holidays, bells. Weeks have five days.
    struct Calendar {
        struct Term {
            let id: ID
            let semester: Bool
            let ordinal: Int
            let starts: Day
            let ends: Day
            var closes: Day { ends + 7 }

            /// M7: marks a final needs.
            var norm: Int { semester ? 5 : 3 }

            func serves(_ grade: Int) -> Bool { (grade >= 10) == semester }
            func contains(_ day: Day) -> Bool { starts <= day && day <= ends }
        }

        struct Holiday {
            let id: ID
            let name: String
            let starts: Day
            let ends: Day
            var grades: [Int]?
        }

        let starts: Day
        let ends: Day
        let secondHalf: Day
        let terms: [Term]
        let holidays: [Holiday]

        /// - Parameter year: the year in which it begins.
        init(year: Int, _ random: inout Random) {
            starts = Day(year, 9, 1)
            ends = Day(year + 1, 5, 31)
            let autumn = Day(year, 10, 26).last(weekday: 6)
            let winter = Day(year, 12, 31)
            let winterEnds = Day(year + 1, 1, 9).next(weekday: 7)
            let spring = Day(year + 1, 3, 27).last(weekday: 6)
            let february = Day(year + 1, 2, 8).next(weekday: 1)
            secondHalf = winterEnds + 1

            let made = (starts - 60).at(minutes: 600)
            let bounds = [
                (false, 1, starts, autumn - 1), (false, 2, autumn + 9, winter - 1), (false, 3, secondHalf, spring - 1),
                (false, 4, spring + 9, ends), (true, 1, starts, winter - 1), (true, 2, secondHalf, ends),
            ]
            terms = bounds.map {
                Term(id: ID(at: made, &random), semester: $0.0, ordinal: $0.1, starts: $0.2, ends: $0.3)
            }
            var holidays = [
                Holiday(id: ID(at: made, &random), name: "Осенние каникулы", starts: autumn, ends: autumn + 8),
                Holiday(id: ID(at: made, &random), name: "Зимние каникулы", starts: winter, ends: winterEnds),
                Holiday(
                    id: ID(at: made, &random), name: "Дополнительные каникулы", starts: february, ends: february + 6,
                    grades: [1]),
                Holiday(id: ID(at: made, &random), name: "Весенние каникулы", starts: spring, ends: spring + 8),
            ]
            let feasts = [
                ("День народного единства", Day(year, 11, 4)), ("День защитника Отечества", Day(year + 1, 2, 23)),
                ("Международный женский день", Day(year + 1, 3, 8)), ("Праздник Весны и Труда", Day(year + 1, 5, 1)),
                ("День Победы", Day(year + 1, 5, 9)),
            ]
            for (name, day) in feasts {
                // A feast on a weekend takes the Monday with it.
                let last = day.weekday > 5 ? day.next(weekday: 1) : day
                holidays.append(Holiday(id: ID(at: made, &random), name: name, starts: day, ends: last))
            }
            self.holidays = holidays
        }

        /// The days on which a grade studies (nil: pupils of several grades).
        func schoolDays(grade: Int?) -> [Day] {
            (0...(ends - starts)).map { starts + $0 }.filter { day in
                day.weekday <= 5
                    && !holidays.contains { holiday in
                        holiday.starts <= day && day <= holiday.ends
                            && (holiday.grades == nil || grade.map { holiday.grades!.contains($0) } ?? false)
                    }
            }
        }

        func term(of day: Day, grade: Int) -> Int? {
            terms.firstIndex { $0.serves(grade) && $0.contains(day) }
        }
    }

    /// A bell schedule. Times are minutes after midnight.
    struct Bells {
        let name: String
        let shift: Int
        let grades: [Int]
        let starts: [Int]
        let minutes: Int

        func interval(slot: Int) -> Range<Int> { starts[slot - 1]..<(starts[slot - 1] + minutes) }

        static let first = 0
        static let second = 1
        static let beginners = 2

        static let all = [
            Bells(
                name: "Первая смена", shift: 1, grades: Array(2...11), starts: [480, 535, 600, 665, 725, 780, 835],
                minutes: 45),
            Bells(
                name: "Вторая смена", shift: 2, grades: Array(2...11), starts: [840, 895, 955, 1010, 1065, 1115],
                minutes: 45),
            Bells(name: "Первые классы", shift: 1, grades: [1], starts: [480, 535, 600, 660, 715], minutes: 40),
        ]

        /// Grades 3 and 6 come in the afternoon: grades 1, 5 and 9-11 may not.
        static func schedule(grade: Int) -> Int {
            switch grade {
            case 1: beginners
            case 3, 6: second
            default: first
            }
        }

        /// A bit for each slot of each schedule.
        static func bit(_ bells: Int, _ slot: Int) -> Int { bells * 8 + slot }

        /// For each bit the bits whose lessons overlap with it in time.
        static let overlaps: [UInt32] = {
            var masks = [UInt32](repeating: 0, count: 32)
            for (left, one) in all.enumerated() {
                for slot in 1...one.starts.count {
                    for (right, other) in all.enumerated() {
                        for otherSlot in 1...other.starts.count
                        where one.interval(slot: slot).overlaps(other.interval(slot: otherSlot)) {
                            masks[bit(left, slot)] |= 1 << UInt32(bit(right, otherSlot))
                        }
                    }
                }
            }
            return masks
        }()
    }
}
