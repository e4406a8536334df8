import DiaryTestSupport
import Testing

/// M4 for marks that are owed: paying one is open until the later of the window's end and its day, at most until the term
/// closes for marks.
@Suite struct DebtRuleTests {
    let school: RuleSchool

    /// Anna owes a mark at the lesson of 29 September; its window closes on 13 October, the term on the 28th.
    init() throws {
        school = try RuleSchool()
        try school.today("2026-10-10")
        try school.run(RuleSchool.mark(.anna, at: .old, .owed(until: "2026-10-20")))
    }

    private static let payment = RuleSchool.change(.anna, at: .old, to: .number(4))

    @Test(arguments: [
        ("2026-10-13", nil), ("2026-10-14", nil), ("2026-10-20", nil), ("2026-10-21", SQLRefusal.editWindowClosed),
    ])
    func m4DebtIsPayableUntilItsDay(_ today: String, _ wanted: SQLRefusal?) throws {
        try school.today(today)
        #expect(try school.refusal(of: Self.payment) == wanted)
        #expect(try school.refusal(of: RuleSchool.change(.anna, at: .old, to: .code("pass"))) == wanted)
    }

    /// A debt that is due within the window stays payable until the window's end.
    @Test func m4DebtIsPayableUntilTheWindowsEnd() throws {
        try school.run(RuleSchool.change(.anna, at: .old, to: .owed(until: "2026-10-11")))
        for (today, wanted) in [("2026-10-13", nil), ("2026-10-14", SQLRefusal.editWindowClosed)] {
            try school.today(today)
            #expect(try school.refusal(of: Self.payment) == wanted)
        }
    }

    @Test func m4DebtIsNotPayableAfterTheTermHasClosed() throws {
        try school.run(RuleSchool.update("terms", .quarter1, "marks_close_on = '2026-10-18', ends_on = '2026-10-17'"))
        for (today, wanted) in [("2026-10-18", nil), ("2026-10-19", SQLRefusal.editWindowClosed)] {
            try school.today(today)
            #expect(try school.refusal(of: Self.payment) == wanted)
        }
    }

    /// After the window only paying is open, and only of that mark.
    @Test func m4AfterTheWindowADebtIsOnlyPaid() throws {
        try school.today("2026-10-19")
        for statement in [
            RuleSchool.change(.anna, at: .old, to: .nothing),
            RuleSchool.change(.anna, at: .old, to: .owed(until: "2026-10-28")),
            "UPDATE marks SET comment = 'Доска' \(RuleSchool.cell(.anna, at: .old));",
            RuleSchool.mark(.boris, at: .old), RuleSchool.mark(.boris, at: .old, .owed(until: "2026-10-20")),
        ] {
            #expect(try school.refusal(of: statement) == .editWindowClosed, "\(statement)")
        }
        try school.run(Self.payment)
        // It is paid now.
        #expect(try school.refusal(of: RuleSchool.change(.anna, at: .old, to: .number(5))) == .editWindowClosed)
    }

    @Test(arguments: [("2026-10-28", nil), ("2026-10-29", SQLRefusal.dueAfterClose)])
    func m4DebtIsNotDueAfterTheTermHasClosed(_ due: String, _ wanted: SQLRefusal?) throws {
        #expect(try school.refusal(of: RuleSchool.mark(.boris, at: .old, .owed(until: due))) == wanted)
        #expect(try school.refusal(of: RuleSchool.change(.anna, at: .old, to: .owed(until: due))) == wanted)
    }

    @Test(arguments: [("2026-12-31", nil), ("2027-01-01", SQLRefusal.dueAfterClose)])
    func m4UnderAnUnlockADebtIsDueUntilTheUnlockExpires(_ due: String, _ wanted: SQLRefusal?) throws {
        try school.today("2026-11-05")
        try school.run(RuleSchool.unlock(.maths7, from: "2026-09-29", to: "2026-09-29", until: "2026-12-31"))
        #expect(try school.refusal(of: RuleSchool.mark(.boris, at: .old, .owed(until: due))) == wanted)
    }

    /// The function that the server calls before it writes.
    @Test func m4BatchKnowsTheDebt() throws {
        try school.today("2026-10-19")
        func refusals(_ debt: String) throws -> [String?] {
            try school.values(
                """
                SELECT r.refusal FROM lyceum.mark_refusals(\(school.id),
                    array[\(RuleKey.old.column), \(RuleKey.old.column)], array[\(RuleKey.anna), \(RuleKey.boris)],
                    '{number,number}', '{4,4}', NULL, NULL, array[\(debt), NULL]::date[]) r ORDER BY r.ordinal
                """)
        }
        #expect(try refusals("'2026-10-20'") == [nil, "edit_window_closed"])
        #expect(try refusals("'2026-10-18'") == ["edit_window_closed", "edit_window_closed"])
    }

    // MARK: The unlock in the history

    private func unlocks() throws -> [String?] {
        try school.values(
            """
            SELECT h.unlock_id FROM mark_history h JOIN marks m ON m.school_id = h.school_id AND m.id = h.mark_id
            WHERE h.line_item_id = \(RuleKey.old.column) AND h.student_id = \(RuleKey.anna) ORDER BY h.version
            """)
    }

    @Test func m4HistoryNamesTheUnlockThatWasNeeded() throws {
        try school.today("2026-11-05")
        #expect(try school.refusal(of: Self.payment) == .editWindowClosed)
        try school.run(RuleSchool.unlock(.maths7, from: "2026-09-29", to: "2026-09-29", until: "2026-12-31"))
        try school.run(Self.payment)
        #expect(try unlocks() == [nil, RuleKey.new.uuid])
        // Publishing needs no unlock (M12).
        try school.run("UPDATE marks SET published_at = now() + interval '1 hour' \(RuleSchool.cell(.anna, at: .old))")
        #expect(try unlocks() == [nil, RuleKey.new.uuid, nil])
    }

    @Test(arguments: ["2026-10-12", "2026-10-19"])
    func m4HistoryNamesNoUnlockThatWasNotNeeded(_ today: String) throws {
        try school.run(RuleSchool.unlock(.maths7, from: "2026-09-29", to: "2026-09-29", until: "2026-12-31"))
        try school.today(today)
        try school.run(Self.payment)
        #expect(try unlocks() == [nil, nil])
    }
}
