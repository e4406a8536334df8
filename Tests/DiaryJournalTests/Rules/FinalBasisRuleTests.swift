import DiaryTestSupport
import Testing

/// What final marks are based on: M6, M7, M8, M10 and M11. All figures are worked out by hand.
@Suite struct FinalBasisRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    // MARK: Arithmetic

    @Test(arguments: [
        ("459, 100, 0.60", "4"), ("460, 100, 0.60", "5"), ("23, 5, 0.60", "5"), ("45999999, 10000000, 0.60", "4"),
        ("14, 3, 0.60", "5"), ("13.8, 3, 0.60", "5"), ("13.79, 3, 0.60", "4"), ("7, 2, 0.50", "4"), ("7, 2, 0.60", "3"),
        ("25, 5, 0.60", "5"), ("499, 100, 1", "4"), ("500, 100, 1", "5"), ("0, 0, 0.60", nil),
    ])
    func m6AverageIsRoundedByTheThreshold(_ sums: String, _ wanted: String?) throws {
        #expect(try school.value("SELECT lyceum.rounded_average(\(sums))") == wanted)
    }

    @Test(arguments: [
        ("7, 2", "4"), ("9, 2", "5"), ("17, 5", "3"), ("18, 5", "4"), ("10, 4", "3"), ("5, 2", "3"), ("0, 0", nil),
    ])
    func m11MeanIsRoundedHalfUp(_ sums: String, _ wanted: String?) throws {
        #expect(try school.value("SELECT lyceum.half_up(\(sums))") == wanted)
    }

    @Test(arguments: [
        // 4.5: one 5 makes 14 / 3 = 4.67; no number of 4 is enough for 4.60.
        ("9, 2, 5, 1, 4.60", "1"), ("9, 2, 4, 1, 4.60", nil),
        // (20 + 5n) / (6 + n) >= 4.60: 0.4n >= 7.6; with the weight 2: 0.8n >= 7.6.
        ("20, 6, 5, 1, 4.60", "19"), ("20, 6, 5, 2, 4.60", "10"), ("20, 6, 5, 0.5, 4.60", "38"),
        // 0.4n >= 1.6 exactly; 1.4n >= 1.6.
        ("20, 6, 4, 1, 3.60", "4"), ("20, 6, 5, 1, 3.60", "2"),
        // 4.60 exactly, and a little less: 0.4n >= 0.01.
        ("23, 5, 5, 1, 4.60", "0"), ("22.99, 5, 5, 1, 4.60", "1"), ("24, 5, 2, 1, 4.60", "0"),
        // With the threshold 1, only an average of 5.00 is a 5.
        ("9, 2, 5, 1, 5.00", nil), ("10, 2, 5, 1, 5.00", "0"),
        ("0, 0, 5, 1, 4.60", "1"), ("0, 0, 5, 1, 5.00", "1"), ("0, 0, 4, 1, 4.60", nil),
    ])
    func m8MarksForATarget(_ call: String, _ wanted: String?) throws {
        #expect(try school.value("SELECT lyceum.marks_for_target(\(call))") == wanted)
    }

    // MARK: Bases

    private func basis(_ columns: String, of pupil: RuleKey = .anna, term: RuleKey? = .quarter1) throws -> [String?] {
        try school.rows(
            """
            SELECT \(columns) FROM lyceum.final_bases(
                \(RuleSchool.school)::int, \(RuleKey.year), \(RuleKey.maths), \(RuleSchool.sql(term)), array[\(pupil)], false
            )
            """
        ).first ?? []
    }

    /// Marks of 5, 4 and 3 on 14 October, 9 October and 29 September; the first one counts twice.
    private func giveThree(_ pupil: RuleKey = .anna) throws {
        try school.run(RuleSchool.update("line_items", RuleKey.recent.column, "weight = 2"))
        try school.today("2026-10-10")
        try school.run(
            RuleSchool.mark(pupil, at: .old, .number(3)) + RuleSchool.mark(pupil, at: .substituted, .number(4)))
        try school.today("2026-10-15")
        try school.run(RuleSchool.mark(pupil, at: .recent, .number(5)))
    }

    @Test func m6AverageIsWeighted() throws {
        try giveThree()
        // (5 x 2 + 4 + 3) / (2 + 1 + 1) = 17 / 4 = 4.25; plain 12 / 3 = 4.
        #expect(try basis("marks, weighted, weight, total, numbers") == ["3", "17.00", "4.00", "12", "3"])
        #expect(try school.value("SELECT lyceum.shown_average(17, 4)") == "4.25")
        try school.run(RuleSchool.update("line_items", RuleKey.recent.column, "weight = 0"))
        #expect(try basis("marks, weighted, weight") == ["3", "7.00", "2.00"])
    }

    @Test func m7PassAndFailAreMarksButExemptAndOwedAreNot() throws {
        try school.run(RuleSchool.mark(.anna, at: .recent, .code("exempt")))
        try school.run(RuleSchool.mark(.boris, at: .recent, .owed(until: "2026-10-20")))
        try school.run(RuleSchool.mark(.vera, at: .recent, .code("pass")))
        #expect(try [RuleKey.anna, .boris, .vera].map { try basis("marks", of: $0)[0] } == ["0", "0", "1"])
    }

    @Test(arguments: [
        ("NULL", "3"), ("1", "3"), ("1.5", "3"), ("2", "5"), ("2.5", "5"), ("3", "7"), ("5", "7"),
    ])
    func m7MinimumFollowsTheHours(_ hours: String, _ wanted: String) throws {
        try school.run(RuleSchool.update("sections", .maths7, "hours_per_week = \(hours)"))
        #expect(try basis("minimum") == [wanted])
        #expect(try basis("minimum", term: nil) == [nil])
    }

    @Test func m7MinimumOfASemesterAndOfTheSchool() throws {
        try school.run(
            """
            INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name, hours_per_week)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.year), \(RuleKey.maths), \(RuleKey.class10), 'М', 1);
            """)
        func minimum() throws -> String? { try basis("minimum", of: .tenthGrader, term: .semester1)[0] }
        #expect(try minimum() == "5")
        try school.run(RuleSchool.update("sections", .new, "hours_per_week = 2"))
        #expect(try minimum() == "8")
        try school.run(RuleSchool.update("sections", .new, "hours_per_week = 6"))
        #expect(try minimum() == "11")
        try school.run(
            "UPDATE school_settings SET min_marks_semester_3h = 9 WHERE school_id = \(RuleSchool.school)")
        #expect(try minimum() == "9")
    }

    /// The quarter has 54 days. Of the 3 marks that it needs, 19 days need 1.06, and 18 days need 1.
    @Test(arguments: [("2026-10-06", "2"), ("2026-10-07", "1"), ("2026-09-28", "2"), ("2026-09-01", "3")])
    func m7NewcomerNeedsAMinimumInProportion(_ first: String, _ wanted: String) throws {
        try school.run(
            """
            INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.newcomer), \(RuleKey.class7), '\(first)');
            """)
        #expect(try basis("minimum", of: .newcomer) == [wanted])
    }

    @Test func m10MarksOfAllSectionsOfTheSubjectCount() throws {
        try school.run(
            """
            INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.year), \(RuleKey.maths), \(RuleKey.englishPart), 'М');
            """
                + RuleSchool.lesson(.other, of: .new, on: "2026-10-13", at: "10:00", to: "10:40")
                + RuleSchool.column(RuleKey.other.column, at: .other, .answer)
                + RuleSchool.mark(.anna, at: .other, .number(2)) + RuleSchool.mark(.anna, at: .recent, .number(5)))
        #expect(try basis("marks, weighted, weight, lessons") == ["2", "7.00", "2.00", "4"])
        #expect(try basis("marks", of: .boris) == ["0"])
    }

    // MARK: M7

    private func final(_ value: RuleValue, reason: String? = nil, order: RuleKey? = nil) -> String {
        RuleSchool.final(.anna, "term", .quarter1, value, section: .maths7, reason: reason, order: order)
    }

    @Test func m7NumberBelowTheMinimumNeedsAReason() throws {
        #expect(try school.refusal(of: final(.number(4))) == .reasonRequired)
        #expect(try school.refusal(of: final(.number(4), reason: "Болел")) == nil)
        try giveThree()
        #expect(try school.refusal(of: final(.number(4))) == nil)
        try school.run(RuleSchool.update("sections", .maths7, "hours_per_week = 2"))
        #expect(try school.refusal(of: final(.number(4))) == .reasonRequired)
        // A final mark of the year, and one of another school, are not based on marks of lessons.
        #expect(try school.refusal(of: RuleSchool.final(.anna, "year", nil, .number(4), reason: nil)) == nil)
        let transferred = RuleSchool.final(.anna, "term", .quarter2, .number(4), source: "transferred", reason: nil)
        #expect(try school.refusal(of: transferred) == nil)
    }

    @Test func m7TakingTheReasonAwayIsRefusedToo() throws {
        try school.run(final(.number(4), reason: "Болел"))
        #expect(try school.refusal(of: "UPDATE final_marks SET reason = NULL") == .reasonRequired)
        #expect(try school.refusal(of: "UPDATE final_marks SET comment = 'Молодец'") == nil)
    }

    /// Four lessons until the 16th. Three missed ones are 75 %, which is not more than 75 %.
    @Test func m7NotAssessedWithAtMost75PercentMissedNeedsAReason() throws {
        try school.today("2026-10-10")
        try school.run(RuleSchool.attendance(.anna, at: .old) + RuleSchool.attendance(.anna, at: .substituted, "ill"))
        try school.today("2026-10-16")
        try school.run(RuleSchool.attendance(.anna, at: .recent, "excused"))
        #expect(try basis("lessons, missed") == ["4", "3"])
        #expect(try school.refusal(of: final(.code("not_assessed"))) == .reasonRequired)
        #expect(try school.refusal(of: final(.code("not_assessed"), reason: "Нет отметок")) == nil)
        try school.run(RuleSchool.attendance(.anna, at: .tomorrow, "unexcused"))
        #expect(try school.refusal(of: final(.code("not_assessed"))) == nil)
        // T2: the class teacher's decision counts.
        try school.run(RuleSchool.decision(.anna, at: .recent, "present"))
        #expect(try basis("missed") == ["3"])
        #expect(try school.refusal(of: final(.code("not_assessed"))) == .reasonRequired)
    }

    @Test func m7ExemptNeedsAnOrder() throws {
        #expect(try school.refusal(of: final(.code("exempt"), reason: "Справка")) == .orderRequired)
        try school.run(RuleSchool.order(.new, kind: "other"))
        #expect(try school.refusal(of: final(.code("exempt"), order: .new)) == nil)
    }

    @Test func m6FinalMarkKeepsTheAverageOfThatMoment() throws {
        try giveThree()
        try school.run(final(.number(5)))
        let average = "SELECT average_at_the_time FROM final_marks WHERE school_id = \(RuleSchool.school)"
        #expect(try school.value(average) == "4.2500")
        try school.run(RuleSchool.change(.anna, at: .recent, to: .number(2)))
        #expect(try school.value(average) == "4.2500")
        // (2 x 2 + 4 + 3) / 4 = 2.75
        try school.run("UPDATE final_marks SET number = 3 WHERE school_id = \(RuleSchool.school)")
        #expect(try school.value(average) == "2.7500")
    }

    // MARK: M11

    @Test func m11YearIsBasedOnTheTerms() throws {
        func basis() throws -> [String?] {
            try school.rows(
                """
                SELECT terms, total, missing, year_number, exam_number FROM lyceum.year_bases(
                    \(RuleSchool.school)::int, \(RuleKey.year), \(RuleKey.maths), array[\(RuleKey.anna)]
                )
                """)[0]
        }
        try school.run(RuleSchool.final(.anna, "term", .quarter1, .number(3)))
        try school.run(RuleSchool.final(.anna, "term", .quarter2, .number(4)))
        #expect(try basis() == ["2", "7", "1", nil, nil])
        try school.run(RuleSchool.final(.anna, "term", .quarter3, .code("not_assessed")))
        try school.run(RuleSchool.final(.anna, "year", nil, .number(4)))
        try school.run(RuleSchool.final(.anna, "exam", nil, .number(3)))
        #expect(try basis() == ["2", "7", "0", "4", "3"])
        let average =
            "SELECT average_at_the_time FROM final_marks WHERE school_id = \(RuleSchool.school) AND kind = 'year'"
        #expect(try school.value(average) == "3.5000")
    }

    /// Semesters and years of grades 10 and 11: 3 + 4 + 4 + 5 + 5 = 21, and 21 / 5 = 4.2.
    @Test func m11FinalMarkOfGrade11IsTheMeanOfTwoYears() throws {
        try school.run(
            """
            INSERT INTO academic_years (school_id, id, name, starts_on, ends_on, second_half_starts_on, state)
            VALUES (\(RuleSchool.school), \(RuleKey(2)), '2027/28', '2027-09-01', '2028-05-31', '2028-01-11', 'planned');
            INSERT INTO terms
                (school_id, id, academic_year_id, kind, ordinal, name, starts_on, ends_on, marks_close_on, grade_levels)
            VALUES
                (\(RuleSchool.school), \(RuleKey(15)), \(RuleKey(2)), 'semester', 1, 'I', '2027-09-01', '2027-12-29',
                    '2027-12-30', '{10,11}'),
                (\(RuleSchool.school), \(RuleKey(16)), \(RuleKey(2)), 'semester', 2, 'II', '2028-01-11', '2028-05-25',
                    '2028-05-30', '{10,11}');
            INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name)
            VALUES (\(RuleSchool.school), \(RuleKey(81)), \(RuleKey(2)), 11, 'А', '11А');
            UPDATE enrollments SET ends_on = '2027-05-31'
                WHERE school_id = \(RuleSchool.school) AND student_id = \(RuleKey.tenthGrader);
            INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.tenthGrader), \(RuleKey(81)), '2027-09-01');
            """)
        func give(_ year: RuleKey, _ kind: String, _ term: RuleKey?, _ number: Int) throws {
            try school.run(
                RuleSchool.final(.tenthGrader, kind, term, .number(number), source: "transferred")
                    .replacing("\(RuleKey.year)", with: "\(year)"))
        }
        try give(.year, "term", .semester1, 3)
        try give(.year, "year", nil, 4)
        try give(RuleKey(2), "term", RuleKey(15), 4)
        try give(RuleKey(2), "term", RuleKey(16), 5)
        try give(RuleKey(2), "year", nil, 5)
        let basis = try school.rows(
            """
            SELECT upper_marks, upper_total, lyceum.half_up(upper_total, upper_marks) FROM lyceum.year_bases(
                \(RuleSchool.school)::int, \(RuleKey(2)), \(RuleKey.maths), array[\(RuleKey.tenthGrader)]
            )
            """)
        #expect(basis == [["5", "21", "4"]])
    }

    @Test func m11PartsOfACompositeSubjectHaveOneLevelAndGoOn() throws {
        func part(_ part: RuleKey, of whole: RuleKey, id: RuleKey = .new) -> String {
            """
            INSERT INTO subject_parts (school_id, id, academic_year_id, subject_id, part_id)
            VALUES (\(RuleSchool.school), \(id), \(RuleKey.year), \(whole), \(part));
            """
        }
        try school.run(part(.english, of: .maths))
        #expect(
            try school.refusal(of: part(.english, of: .russian, id: .other)) == .duplicate("subject_parts_part_id_key"))
        #expect(try school.refusal(of: part(.maths, of: .russian, id: .other)) == .check("subject_parts_one_level"))
        #expect(try school.refusal(of: part(.russian, of: .english, id: .other)) == .check("subject_parts_one_level"))
        #expect(try school.refusal(of: part(.russian, of: .russian, id: .other)) == .check("subject_parts_not_itself"))
        try school.run(
            """
            INSERT INTO academic_years (school_id, id, name, starts_on, ends_on, second_half_starts_on)
            VALUES (\(RuleSchool.school), \(RuleKey(2)), '2027/28', '2027-09-01', '2028-05-31', '2028-01-11');
            """)
        let copied = try school.rows(
            "SELECT subject_id, part_id FROM subject_parts WHERE school_id = \(RuleSchool.school) AND academic_year_id = \(RuleKey(2))"
        )
        #expect(copied == [[RuleKey.maths.uuid, RuleKey.english.uuid]])
    }
}
