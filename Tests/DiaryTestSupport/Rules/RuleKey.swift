/// The id of a row of a rule school, as an SQL literal. All schools use the same numbers, because keys begin with the
/// school.
package struct RuleKey: Sendable, Hashable, CustomStringConvertible {
    package var number: Int

    package init(_ number: Int) { self.number = number }

    /// The bare UUID.
    package var uuid: String {
        let digits = String(number)
        return "00000000-0000-7000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    package var description: String { "'\(uuid)'::uuid" }

    /// The default column of a lesson.
    package var column: RuleKey { RuleKey(number + 100) }
}

extension RuleKey {
    package static let year = RuleKey(1)
    /// 1 September to 24 October, closes on the 28th; grades 1 to 9, like the other quarters.
    package static let quarter1 = RuleKey(11)
    /// 2 November to 29 December, closes on the 30th.
    package static let quarter2 = RuleKey(12)
    /// 11 January to 20 March, closes on the 25th.
    package static let quarter3 = RuleKey(13)
    /// 1 September to 29 December, closes on the 30th; grades 10 and 11.
    package static let semester1 = RuleKey(14)
    /// 25 October to 1 November, for all grades.
    package static let autumnHolidays = RuleKey(21)
    /// 15 to 21 February, for grade 1.
    package static let firstGradeHolidays = RuleKey(22)
    package static let bells = RuleKey(25)

    package static let room = RuleKey(31)
    /// A shared room.
    package static let hall = RuleKey(32)
    package static let maths = RuleKey(41)
    package static let russian = RuleKey(42)
    package static let english = RuleKey(43)
    package static let answer = RuleKey(51)
    package static let control = RuleKey(52)
    /// Code Н for absent.
    package static let labelAbsent = RuleKey(61)
    /// Code ОП for late.
    package static let labelLate = RuleKey(63)

    // Classes; a class's own group has the id of the class.
    package static let class1 = RuleKey(71)
    package static let class2 = RuleKey(72)
    package static let class7 = RuleKey(77)
    package static let class10 = RuleKey(80)
    /// A part of class 7; member: Anna.
    package static let englishPart = RuleKey(91)
    /// A group across classes; member: Boris.
    package static let choirGroup = RuleKey(92)
    /// Only the student who is taught at home.
    package static let homeGroup = RuleKey(93)

    /// Leads maths of class 7 until 12 October.
    package static let formerTeacher = RuleKey(101)
    /// Leads maths of class 7 from 13 October.
    package static let teacher = RuleKey(102)
    package static let substitute = RuleKey(103)
    package static let deputyHead = RuleKey(104)
    /// Leads class 7 if a test appoints the class teacher (`RuleSchool.appointment`), and teaches nothing.
    package static let classTeacher = RuleKey(105)

    package static let anna = RuleKey(201)
    package static let boris = RuleKey(202)
    package static let vera = RuleKey(203)
    /// In class 7, but taught at home, so not in the class's group.
    package static let homePupil = RuleKey(204)
    package static let firstGrader = RuleKey(205)
    package static let secondGrader = RuleKey(206)
    package static let tenthGrader = RuleKey(207)
    /// Has left class 7; the last day was 10 October.
    package static let leaver = RuleKey(208)
    /// In no class yet.
    package static let newcomer = RuleKey(209)

    package static let mother = RuleKey(301)
    package static let father = RuleKey(302)
    package static let grandmother = RuleKey(303)
    package static let uncle = RuleKey(304)

    package static let maths7 = RuleKey(601)
    package static let english7 = RuleKey(602)
    /// Graded pass or fail.
    package static let choir = RuleKey(603)
    package static let maths1 = RuleKey(604)
    package static let maths2 = RuleKey(605)
    /// Not graded; class 7.
    package static let club = RuleKey(606)
    package static let mathsAtHome = RuleKey(607)

    /// Maths of class 7 on 14 October, first in the room: the edit window is open until the 28th.
    package static let recent = RuleKey(801)
    /// Maths of class 7 on 29 September: the window closed on 13 October.
    package static let old = RuleKey(802)
    /// Maths of class 7 on 16 October.
    package static let tomorrow = RuleKey(803)
    /// Maths of class 7 on 9 October, given by the substitute.
    package static let substituted = RuleKey(804)
    /// Maths of class 1 on 14 October.
    package static let firstGrade = RuleKey(805)
    /// Maths of class 2 on 14 October.
    package static let secondGrade = RuleKey(806)
    /// Maths of class 2 on 12 January: the second half has begun on the 11th.
    package static let secondGradeInJanuary = RuleKey(807)
    /// On 14 October at 13:00 in the hall, by the substitute.
    package static let choirLesson = RuleKey(808)
    /// On 14 October at 14:00 in the hall, by the deputy head.
    package static let clubLesson = RuleKey(809)
    /// On 14 October at 8:00 in the hall, by the former teacher.
    package static let homeLesson = RuleKey(810)

    /// Rows that a test creates.
    package static let new = RuleKey(9001)
    package static let other = RuleKey(9002)
}
