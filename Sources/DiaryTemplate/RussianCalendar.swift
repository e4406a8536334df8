import Diary

extension RussianTemplate {
    package struct Term {
        /// A half-year of grades 10 and 11; otherwise a quarter of grades 1 to 9.
        package let isSemester: Bool
        package let ordinal: Int
        package let starts: Day
        package let ends: Day

        package var kind: String { isSemester ? "semester" : "quarter" }
        package var name: String { "\(ordinal) \(isSemester ? "полугодие" : "четверть")" }
        /// M4: the last day on which its marks may be written.
        package var closes: Day { ends + 7 }
        package var grades: [Int] { isSemester ? [10, 11] : Array(1...9) }

        package func serves(_ grade: Int) -> Bool { (grade >= 10) == isSemester }
        package func contains(_ day: Day) -> Bool { starts <= day && day <= ends }
    }

    package struct Holiday {
        package let name: String
        package let starts: Day
        package let ends: Day
        /// Nil for all grades.
        package var grades: [Int]?
    }

    /// The days of an academic year, from 1 September to 31 May, with its terms and holidays.
    package struct Calendar {
        package let starts: Day
        package let ends: Day
        /// M1: the first day of the second half-year.
        package let secondHalf: Day
        package let terms: [Term]
        package let holidays: [Holiday]

        /// - Parameter year: the year in which the academic year begins.
        package init(year: Int) {
            starts = Day(year, 9, 1)
            ends = Day(year + 1, 5, 31)
            let autumn = Day(year, 10, 26).last(weekday: 6)
            let winter = Day(year, 12, 31)
            let winterEnds = Day(year + 1, 1, 9).next(weekday: 7)
            let spring = Day(year + 1, 3, 27).last(weekday: 6)
            let february = Day(year + 1, 2, 8).next(weekday: 1)
            secondHalf = winterEnds + 1

            terms = [
                Term(isSemester: false, ordinal: 1, starts: starts, ends: autumn - 1),
                Term(isSemester: false, ordinal: 2, starts: autumn + 9, ends: winter - 1),
                Term(isSemester: false, ordinal: 3, starts: secondHalf, ends: spring - 1),
                Term(isSemester: false, ordinal: 4, starts: spring + 9, ends: ends),
                Term(isSemester: true, ordinal: 1, starts: starts, ends: winter - 1),
                Term(isSemester: true, ordinal: 2, starts: secondHalf, ends: ends),
            ]
            let breaks = [
                Holiday(name: "Осенние каникулы", starts: autumn, ends: autumn + 8),
                Holiday(name: "Зимние каникулы", starts: winter, ends: winterEnds),
                Holiday(name: "Дополнительные каникулы", starts: february, ends: february + 6, grades: [1]),
                Holiday(name: "Весенние каникулы", starts: spring, ends: spring + 8),
            ]
            // The feasts of January are in the winter holidays, and 12 June is after the year.
            let feasts = [
                ("День народного единства", Day(year, 11, 4)), ("День защитника Отечества", Day(year + 1, 2, 23)),
                ("Международный женский день", Day(year + 1, 3, 8)), ("Праздник Весны и Труда", Day(year + 1, 5, 1)),
                ("День Победы", Day(year + 1, 5, 9)),
            ]
            holidays =
                breaks
                + feasts.map { name, day in
                    // A feast on a weekend also frees the Monday.
                    Holiday(name: name, starts: day, ends: day.weekday > 5 ? day.next(weekday: 1) : day)
                }
        }

        /// The year in which the academic year of a day begins. In summer this is the coming academic year.
        package static func year(of day: Day) -> Int { day.civil.month >= 6 ? day.civil.year : day.civil.year - 1 }
    }
}
