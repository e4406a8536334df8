import Diary
import DiaryTemplate
import Postgres

extension Demo {
    /// The days of an academic year. Weeks have five days.
    struct Calendar {
        typealias Term = RussianTemplate.Term

        private let dates: RussianTemplate.Calendar
        let termIDs: [ID]
        let holidayIDs: [ID]

        var starts: Day { dates.starts }
        var ends: Day { dates.ends }
        var secondHalf: Day { dates.secondHalf }
        var terms: [Term] { dates.terms }
        var holidays: [RussianTemplate.Holiday] { dates.holidays }

        /// - Parameter year: the year in which the academic year begins.
        init(year: Int, _ random: inout Random) {
            dates = RussianTemplate.Calendar(year: year)
            let made = (dates.starts - 60).at(minutes: 600)
            termIDs = dates.terms.map { _ in ID(at: made, &random) }
            holidayIDs = dates.holidays.map { _ in ID(at: made, &random) }
        }

        /// The school days of a grade (nil: students of several grades).
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

    /// The template's bell schedules, by their index.
    enum Bells {
        static let first = 0
        static let second = 1
        static let beginners = 2
        static let beginnersInAutumn = 3

        /// Until the end of December the lessons of grade 1 take 35 minutes. They begin when the later ones begin.
        static let all =
            RussianTemplate.bells + [
                RussianTemplate.Bells(
                    name: "Первые классы, сентябрь — декабрь", shift: 1, grades: [1],
                    starts: RussianTemplate.bells[beginners].starts, minutes: 35)
            ]

        /// Grades 3 and 4 come in the afternoon; grades 1, 5, 9 and 11 may not, and the others have six lessons.
        static func schedule(grade: Int) -> Int {
            switch grade {
            case 1: beginners
            case 3, 4: second
            default: first
            }
        }

        /// One bit for each slot of each schedule.
        static func bit(_ bells: Int, _ slot: Int) -> Int { bells * 8 + slot }

        /// For each bit, the bits of the lessons that overlap in time.
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
