import DiaryTestSupport
import Testing

/// K3, on the table: who gives a consent, and that a withdrawn one does not come back.
@Suite struct ConsentRuleTests {
    let school: RuleSchool

    static let notEntitled = SQLRefusal("LYK01", "giver_not_entitled")
    static let withdrawn = SQLRefusal("LYK02", "consent_withdrawn")

    init() throws {
        school = try RuleSchool()
        try school.run(RuleSchool.update("students", .anna, "birth_date = '2012-10-01'"))
    }

    private func consent(
        by giver: RuleKey, on day: String, to purpose: String = "photo", withdrawn: String? = nil, id: RuleKey = .new
    ) -> String {
        """
        INSERT INTO consents (school_id, id, student_id, purpose, given_by, given_on, withdrawn_on) VALUES
            (lyceum.current_school(), \(id), \(RuleKey.anna), '\(purpose)', \(giver), '\(day)',
                \(withdrawn.map { "'\($0)'" } ?? "NULL"));
        """
    }

    // MARK: Who gives it

    /// Anna is 14 on 1 October 2026, and 15 a year later.
    @Test(arguments: [
        ("photo", "2026-09-30", false), ("photo", "2026-10-01", true), ("processing", "2026-10-01", true),
        ("publication", "2026-09-30", false), ("medical", "2026-10-01", false), ("medical", "2027-09-30", false),
        ("medical", "2027-10-01", true),
    ])
    func k3ThePupilGivesItFromTheAgeOfTheLaw(_ purpose: String, _ day: String, _ isTaken: Bool) throws {
        try school.today("2027-12-01")
        let given = consent(by: .anna, on: day, to: purpose)
        #expect(try school.refusal(of: given) == (isTaken ? nil : Self.notEntitled))
        try school.run(RuleSchool.update("students", .anna, "birth_date = NULL"))
        #expect(try school.refusal(of: given) == Self.notEntitled)
    }

    @Test(arguments: [
        ("full", "2026-09-01", String?.none, true), ("none", "2026-09-01", nil, false),
        ("full", "2026-09-01", "2026-10-01", true),  // ended on that day
        ("full", "2026-09-01", "2026-09-30", false),  // and the day before
        ("full", "2026-10-02", nil, false),
    ])
    func k3AGuardianGivesItWhoHasAccessOnThatDay(
        _ access: String, _ starts: String, _ ends: String?, _ isTaken: Bool
    ) throws {
        let given = consent(by: .mother, on: "2026-10-01")
        #expect(try school.refusal(of: given) == Self.notEntitled)
        try school.run(RuleSchool.guardianship(.mother, access: access, from: starts, to: ends, id: .other))
        #expect(try school.refusal(of: given) == (isTaken ? nil : Self.notEntitled))
    }

    /// Neither staff nor another pupil, nor the guardian of another pupil.
    @Test(arguments: [RuleKey.teacher, .deputyHead, .boris, .tenthGrader, .father])
    func k3NobodyElseGivesIt(_ giver: RuleKey) throws {
        try school.run(RuleSchool.guardianship(.father, of: .boris, from: "2026-09-01", id: .other))
        try school.run(RuleSchool.update("students", giver, "birth_date = '2000-01-01'"))
        #expect(try school.refusal(of: consent(by: giver, on: "2026-10-01")) == Self.notEntitled)
        try school.become(.owner)
        #expect(try school.refusal(of: consent(by: giver, on: "2026-10-01")) == Self.notEntitled)
    }

    /// Nor by a change. A consent that stands outlives the guardianship, and its paper may be filed later.
    @Test func k3AChangeAsksAgainWhereItMatters() throws {
        try school.run(
            RuleSchool.guardianship(.mother, from: "2026-09-01", to: "2026-10-10", id: .other)
                + consent(by: .mother, on: "2026-10-01"))
        for change in ["given_on = '2026-10-11'", "given_on = '2026-08-31'"] {
            #expect(
                try school.refusal(of: RuleSchool.update("consents", .new, change)) == Self.notEntitled, "\(change)")
        }
        for change in ["given_by = \(RuleKey.father)", "student_id = \(RuleKey.boris)"] {
            #expect(
                try school.refusal(of: RuleSchool.update("consents", .new, change)) == .init("LYL02", "not_movable"),
                "\(change)")
        }
        try school.run(RuleSchool.update("guardianships", .other, "ends_on = '2026-09-15'"))
        for change in ["document = 'Заявление 3'", "withdrawn_on = '2026-10-15'"] {
            #expect(try school.refusal(of: RuleSchool.update("consents", .new, change)) == nil, "\(change)")
        }
    }

    /// A consent of tomorrow would come into force without anybody who is entitled then. Today is 15 October.
    @Test func k3NobodyGivesItInAdvance() throws {
        try school.run(RuleSchool.guardianship(.mother, from: "2026-09-01", id: .other))
        let future = SQLRefusal.check("consents_given_on")
        #expect(try school.refusal(of: consent(by: .mother, on: "2026-10-16")) == future)
        #expect(try school.refusal(of: consent(by: .mother, on: "2026-10-15")) == nil)
        try school.run(consent(by: .mother, on: "2026-10-01"))
        #expect(
            try school.refusal(of: RuleSchool.update("consents", .new, "given_on = '2026-10-16'")) == future)
        #expect(try school.refusal(of: RuleSchool.update("consents", .new, "withdrawn_on = '2026-12-01'")) == nil)
    }

    // MARK: Withdrawal

    /// Today is 15 October. A withdrawal that is still to come may be put off, one that holds may not.
    @Test(arguments: [
        ("2026-10-15", "NULL", true), ("2026-10-15", "'2026-10-16'", true), ("2026-10-14", "'2026-10-15'", true),
        ("2026-10-15", "'2026-10-10'", false), ("2026-10-16", "NULL", false), ("2026-10-16", "'2026-10-20'", false),
        (nil, "'2026-10-15'", false),
    ])
    func k3AWithdrawnConsentDoesNotComeBack(_ old: String?, _ new: String, _ isRefused: Bool) throws {
        try school.run(
            RuleSchool.guardianship(.mother, from: "2026-09-01", id: .other)
                + consent(by: .mother, on: "2026-10-01", withdrawn: old))
        let change = RuleSchool.update("consents", .new, "withdrawn_on = \(new)")
        #expect(try school.refusal(of: change) == (isRefused ? Self.withdrawn : nil))
        // A new one is given anew.
        if isRefused {
            #expect(try school.refusal(of: consent(by: .mother, on: "2026-10-15", id: RuleKey(9003))) == nil)
        }
    }
}
