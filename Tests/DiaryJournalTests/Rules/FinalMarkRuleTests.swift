import DiaryTestSupport
import Testing

/// Final marks: M1, M2 and M4 for final marks, M10 and M11.
@Suite struct FinalMarkRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    @Test(arguments: [
        (
            RuleKey.firstGrader, "term", RuleKey?.some(.quarter2), RuleValue.number(5),
            SQLRefusal?.some(.marksNotAllowed)
        ),
        (.firstGrader, "term", .quarter3, .code("exempt"), .marksNotAllowed),
        (.firstGrader, "year", nil, .number(5), .marksNotAllowed),
        (.secondGrader, "term", .quarter2, .number(5), .marksNotAllowed),
        (.secondGrader, "term", .quarter2, .code("not_assessed"), .marksNotAllowed),
        (.secondGrader, "term", .quarter3, .number(5), nil),
        (.secondGrader, "year", nil, .number(5), nil),
        (.anna, "term", .quarter2, .number(5), nil),
    ])
    func m1FinalsOfTheFirstGrades(
        _ pupil: RuleKey, _ kind: String, _ term: RuleKey?, _ value: RuleValue, _ wanted: SQLRefusal?
    ) throws {
        #expect(try school.refusal(of: RuleSchool.final(pupil, kind, term, value)) == wanted)
    }

    @Test func m1UngradedSectionTakesNoFinalMark() throws {
        let final = { (section: RuleKey) in RuleSchool.final(.anna, "year", nil, .number(5), section: section) }
        #expect(try school.refusal(of: final(.club)) == .marksNotAllowed)
        #expect(try school.refusal(of: final(.maths7)) == nil)
    }

    @Test(arguments: [
        (RuleValue.number(2), nil), (.number(5), nil), (.number(1), SQLRefusal.valueNotAllowed),
        (.number(6), .valueNotAllowed), (.code("not_assessed"), nil), (.code("exempt"), .orderRequired),
        (.owed(until: "2026-12-01"), nil), (.code("owed"), .check("final_marks_due_on")),
        (.code("word"), .valueNotAllowed), (.malformed("'number', 4, 'pass', NULL"), .valueNotAllowed),
    ])
    func m2ValueOfAFinalMark(_ value: RuleValue, _ wanted: SQLRefusal?) throws {
        #expect(try school.refusal(of: RuleSchool.final(.anna, "term", .quarter1, value)) == wanted)
    }

    @Test(arguments: [
        (RuleValue.code("pass"), nil), (.code("not_assessed"), nil), (.number(5), SQLRefusal.valueNotAllowed),
    ])
    func m2FinalMarkOfAPassFailSection(_ value: RuleValue, _ wanted: SQLRefusal?) throws {
        let final = RuleSchool.final(.boris, "year", nil, value, subject: .russian, section: .choir)
        #expect(try school.refusal(of: final) == wanted)
    }

    @Test(arguments: [
        ("term", RuleKey?.some(.quarter1), nil), ("term", nil, SQLRefusal.check("final_marks_term")),
        ("year", RuleKey.quarter1, .check("final_marks_term")), ("exam", nil, nil), ("final", nil, nil),
        ("month", nil, .check("final_marks_kind")),
    ])
    func m10OnlyTermMarksHaveATerm(_ kind: String, _ term: RuleKey?, _ wanted: SQLRefusal?) throws {
        #expect(try school.refusal(of: RuleSchool.final(.anna, kind, term, .number(5))) == wanted)
    }

    @Test func m3OnlyForStudentsOfTheYearOrFromAnotherSchool() throws {
        let final = { (source: String) in RuleSchool.final(.newcomer, "term", .quarter1, .number(5), source: source) }
        #expect(try school.refusal(of: final("own")) == .notAMember)
        #expect(try school.refusal(of: final("transferred")) == nil)
    }

    // MARK: M4

    @Test func m4FinalMarkOfATermClosesWithTheTerm() throws {
        let final = RuleSchool.final(.anna, "term", .quarter1, .number(5), section: .maths7)
        try school.today("2026-10-28")
        #expect(try school.refusal(of: final) == nil)
        try school.today("2026-10-29")
        #expect(try school.refusal(of: final) == .editWindowClosed)
        // The second unlock covers the term's last day, the first does not.
        try school.run(RuleSchool.unlock(.maths7, from: "2026-10-01", to: "2026-10-23", until: "2026-10-30"))
        #expect(try school.refusal(of: final) == .editWindowClosed)
        try school.run(
            RuleSchool.unlock(.maths7, from: "2026-10-01", to: "2026-10-24", until: "2026-10-30", id: .other))
        #expect(try school.refusal(of: final) == nil)
    }

    @Test func m4ChangeOfAFinalMarkIsRefusedToo() throws {
        try school.run(RuleSchool.final(.anna, "term", .quarter1, .number(5), section: .maths7))
        let change = "UPDATE final_marks SET number = 4"
        #expect(try school.refusal(of: change) == nil)
        try school.today("2026-10-29")
        #expect(try school.refusal(of: change) == .editWindowClosed)
        #expect(try school.refusal(of: "UPDATE final_marks SET published_at = NULL") == nil)
    }

    @Test(arguments: ["year", "exam", "final"])
    func m4FinalMarkOfAClosedYearIsRefused(_ kind: String) throws {
        let final = RuleSchool.final(.anna, kind, nil, .number(5))
        #expect(try school.refusal(of: final) == nil)
        try school.run(RuleSchool.update("academic_years", .year, "state = 'closed'"))
        #expect(try school.refusal(of: final) == .editWindowClosed)
    }

    // MARK: M10

    @Test func m10OneFinalMarkPerStudentSubjectYearKindAndTermInAllSections() throws {
        try school.run(RuleSchool.final(.anna, "term", .quarter1, .number(5), section: .maths7))
        try school.run(RuleSchool.final(.anna, "year", nil, .number(5), section: .maths7))
        let duplicate = SQLRefusal.duplicate("final_marks_key")
        let table: [(String, SQLRefusal?)] = [
            (RuleSchool.final(.anna, "term", .quarter1, .number(4), section: .mathsAtHome), duplicate),
            (RuleSchool.final(.anna, "year", nil, .number(4), section: .mathsAtHome), duplicate),
            (RuleSchool.final(.anna, "term", .quarter1, .number(4), source: "transferred"), duplicate),
            (RuleSchool.final(.anna, "term", .quarter2, .number(4)), nil),
            (RuleSchool.final(.anna, "exam", nil, .number(4)), nil),
            (RuleSchool.final(.anna, "year", nil, .number(4), subject: .english), nil),
            (RuleSchool.final(.boris, "year", nil, .number(4)), nil),
        ]
        for (statement, wanted) in table {
            #expect(try school.refusal(of: statement) == wanted, "\(statement)")
        }
    }

    @Test(arguments: ["student_id = \(RuleKey.boris)", "subject_id = \(RuleKey.english)", "kind = 'exam'"])
    func m10FinalMarkKeepsItsStudentSubjectAndKind(_ move: String) throws {
        try school.run(RuleSchool.final(.anna, "year", nil, .number(5), section: .maths7))
        #expect(try school.refusal(of: "UPDATE final_marks SET \(move)") == SQLRefusal("LYL02", "not_movable"))
        #expect(try school.refusal(of: "UPDATE final_marks SET section_id = \(RuleKey.mathsAtHome)") == nil)
    }

    // MARK: M11

    @Test(arguments: [
        ("exam", 100, nil), ("final", 0, nil), ("year", 80, SQLRefusal.check("final_marks_exam_points")),
        ("exam", 101, .check("final_marks_exam_points")), ("exam", -1, .check("final_marks_exam_points")),
    ])
    func m11OnlyExamAndFinalMarksHaveExamPoints(_ kind: String, _ points: Int, _ wanted: SQLRefusal?) throws {
        #expect(try school.refusal(of: RuleSchool.final(.anna, kind, nil, .nothing, points: points)) == wanted)
    }
}
