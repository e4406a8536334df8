/// The id of a row of a rule school, as an SQL literal. The same numbers stand in every school: keys begin with the school.
struct RuleKey: Sendable, Hashable, CustomStringConvertible {
    var number: Int

    init(_ number: Int) { self.number = number }

    /// The bare UUID.
    var uuid: String {
        let digits = String(number)
        return "00000000-0000-7000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    var description: String { "'\(uuid)'::uuid" }

    /// The default column of a lesson.
    var column: RuleKey { RuleKey(number + 100) }
}

extension RuleKey {
    static let year = RuleKey(1)
    /// 1 September to 24 October, closes on the 28th; grades 1 to 9, as the other quarters.
    static let quarter1 = RuleKey(11)
    /// 2 November to 29 December, closes on the 30th.
    static let quarter2 = RuleKey(12)
    /// 11 January to 20 March, closes on the 25th.
    static let quarter3 = RuleKey(13)
    /// 1 September to 29 December, closes on the 30th; grades 10 and 11.
    static let semester1 = RuleKey(14)
    /// 25 October to 1 November, for all.
    static let autumnHolidays = RuleKey(21)
    /// 15 to 21 February, for grade 1.
    static let firstGradeHolidays = RuleKey(22)
    static let bells = RuleKey(25)

    static let room = RuleKey(31)
    /// Shared.
    static let hall = RuleKey(32)
    static let maths = RuleKey(41)
    static let russian = RuleKey(42)
    static let english = RuleKey(43)
    static let answer = RuleKey(51)
    static let control = RuleKey(52)
    /// Label Н of absent.
    static let labelAbsent = RuleKey(61)
    /// Label ОП of late.
    static let labelLate = RuleKey(63)

    // Classes; a class's own group has the id of the class.
    static let class1 = RuleKey(71)
    static let class2 = RuleKey(72)
    static let class7 = RuleKey(77)
    static let class10 = RuleKey(80)
    /// A part of class 7: Anna.
    static let englishPart = RuleKey(91)
    /// Across classes: Boris.
    static let choirGroup = RuleKey(92)
    /// The home pupil alone.
    static let homeGroup = RuleKey(93)

    /// Leads maths of class 7 until 12 October.
    static let formerTeacher = RuleKey(101)
    /// Leads maths of class 7 from 13 October.
    static let teacher = RuleKey(102)
    static let substitute = RuleKey(103)
    static let deputyHead = RuleKey(104)

    static let anna = RuleKey(201)
    static let boris = RuleKey(202)
    static let vera = RuleKey(203)
    /// In class 7, but taught at home: not in the class's group.
    static let homePupil = RuleKey(204)
    static let firstGrader = RuleKey(205)
    static let secondGrader = RuleKey(206)
    static let tenthGrader = RuleKey(207)
    /// Left class 7; the last day was 10 October.
    static let leaver = RuleKey(208)
    /// In no class yet.
    static let newcomer = RuleKey(209)

    static let mother = RuleKey(301)
    static let father = RuleKey(302)
    static let grandmother = RuleKey(303)
    static let uncle = RuleKey(304)

    static let maths7 = RuleKey(601)
    static let english7 = RuleKey(602)
    /// Graded pass or fail.
    static let choir = RuleKey(603)
    static let maths1 = RuleKey(604)
    static let maths2 = RuleKey(605)
    /// Not graded; class 7.
    static let club = RuleKey(606)
    static let mathsAtHome = RuleKey(607)

    /// Maths of class 7 on 14 October, first in the room: the edit window is open until the 28th.
    static let recent = RuleKey(801)
    /// Maths of class 7 on 29 September: the window closed on 13 October.
    static let old = RuleKey(802)
    /// Maths of class 7 on 16 October.
    static let tomorrow = RuleKey(803)
    /// Maths of class 7 on 9 October, given by the substitute.
    static let substituted = RuleKey(804)
    /// Maths of class 1 on 14 October.
    static let firstGrade = RuleKey(805)
    /// Maths of class 2 on 14 October.
    static let secondGrade = RuleKey(806)
    /// Maths of class 2 on 12 January: the second half has begun on the 11th.
    static let secondGradeInJanuary = RuleKey(807)
    /// On 14 October at 13:00 in the hall, by the substitute.
    static let choirLesson = RuleKey(808)
    /// On 14 October at 14:00 in the hall, by the deputy head.
    static let clubLesson = RuleKey(809)
    /// On 14 October at 8:00 in the hall, by the former teacher.
    static let homeLesson = RuleKey(810)

    /// Rows that a test makes.
    static let new = RuleKey(9001)
    static let other = RuleKey(9002)
}
