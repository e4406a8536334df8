import Testing

@testable import Diary
@testable import DiarySchool
@testable import DiaryTemplate

@Suite struct RussianTemplateTests {
    @Test func everyCalendarHasNoGaps() {
        for year in NewSchool.years {
            let calendar = RussianTemplate.Calendar(year: year)
            #expect(calendar.terms.count == 6)
            for grade in 1...11 {
                let terms = calendar.terms.filter { $0.serves(grade) }
                #expect(terms.first?.starts == calendar.starts && terms.last?.ends == calendar.ends)
                for (term, next) in zip(terms, terms.dropFirst()) { #expect(term.ends < next.starts) }
                // Days between two terms are holidays.
                for offset in 0...(calendar.ends - calendar.starts) {
                    let day = calendar.starts + offset
                    guard !terms.contains(where: { $0.contains(day) }) else { continue }
                    #expect(calendar.holidays.contains { $0.starts <= day && day <= $0.ends }, "\(day.text)")
                }
            }
            #expect(calendar.terms.contains { $0.starts == calendar.secondHalf })
            #expect(calendar.secondHalf.weekday == 1)
            #expect(calendar.holidays.allSatisfy { calendar.starts <= $0.starts && $0.ends <= calendar.ends })
        }
    }

    @Test(arguments: [("2026-05-31", 2025), ("2026-06-01", 2026), ("2026-12-31", 2026), ("2027-01-01", 2026)])
    func summerBelongsToTheNextYear(today: String, year: Int) throws {
        #expect(RussianTemplate.Calendar.year(of: try #require(Day(today))) == year)
    }

    @Test func namesAreUnique() {
        let subjects = RussianTemplate.Subject.allCases.map { $0.entry }
        #expect(Set(subjects.map { $0.name }).count == subjects.count)
        #expect(Set(subjects.map { $0.short }).count == subjects.count)
        #expect(Set(RussianTemplate.Category.allCases.map { $0.entry.name }).count == 10)
    }
}
