import DiaryTestSupport
import Testing

/// Academic debts (M13) and marks for conduct (M14), as the server's role writes them.
@Suite struct AcademicDebtRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    private static let final = RuleKey(9101)
    private static let protocolOrder = RuleKey(9102)
    private static let promotion = RuleKey(9103)

    /// Maths of Anna's year, as a debt.
    private func open(_ value: RuleValue = .number(2)) throws {
        try school.run(RuleSchool.final(.anna, "year", nil, value, section: .maths7, id: Self.final))
        try school.run(RuleSchool.order(Self.protocolOrder))
    }

    private func attempt(
        _ ordinal: Int = 1, on day: String = "2026-10-15", _ result: String? = nil, number: Int? = nil,
        order: RuleKey? = protocolOrder, commission: String? = nil
    ) -> String {
        """
        INSERT INTO debt_attempts (school_id, id, debt_id, ordinal, held_on, result, number, order_id, commission)
            VALUES (\(RuleSchool.school), \(RuleKey(9110 + ordinal)), \(Self.final), \(ordinal), '\(day)',
                \(result.map { "'\($0)'" } ?? "NULL"), \(number.map(String.init) ?? "NULL"), \(RuleSchool.sql(order)),
                \(commission.map { "'\($0)'" } ?? "NULL"));
        """
    }

    private func debt() throws -> [String?] {
        try school.rows(
            "SELECT state, settled_on, number, code FROM debts WHERE school_id = \(RuleSchool.school) AND id = \(Self.final)"
        ).first ?? []
    }

    private func settledOn() throws -> String? {
        try school.value(
            "SELECT settled_on FROM promotions WHERE school_id = \(RuleSchool.school) AND id = \(Self.promotion)")
    }

    @Test(arguments: [
        ("year", RuleKey?.none, RuleValue.number(2), true), ("year", nil, .code("not_assessed"), true),
        ("year", nil, .number(3), false), ("year", nil, .code("pass"), false), ("exam", nil, .number(2), false),
        ("final", nil, .number(2), false), ("term", .quarter1, .number(2), false),
    ])
    func m13FailedYearOpensADebt(_ kind: String, _ term: RuleKey?, _ value: RuleValue, _ isDebt: Bool) throws {
        try school.run(RuleSchool.final(.anna, kind, term, value, id: Self.final))
        #expect(try debt().first == (isDebt ? "open" : nil))
    }

    @Test func m13FailedTermOpensADebtWhereTheSchoolSaysSo() throws {
        try school.run("UPDATE school_settings SET term_debts = true WHERE school_id = \(RuleSchool.school)")
        try school.run(RuleSchool.final(.anna, "term", .quarter1, .number(2), id: Self.final))
        #expect(try debt() == ["open", nil, "2", nil])
    }

    @Test func m13CorrectedFinalMarkCancelsTheDebtAndOpensItAgain() throws {
        try open()
        try school.run(RuleSchool.update("final_marks", Self.final, "number = 3"))
        #expect(try debt().first == "cancelled")
        #expect(try school.refusal(of: attempt()) == .debtNotOpen)
        try school.run(RuleSchool.update("final_marks", Self.final, "number = 2"))
        #expect(try debt().first == "open")
        try school.run(RuleSchool.update("final_marks", Self.final, "value_kind = NULL, number = NULL"))
        #expect(try debt().first == "cancelled")
    }

    @Test func m13OnlyTriggersWriteDebts() throws {
        try open()
        #expect(try school.refusal(of: RuleSchool.update("debts", Self.final, "state = 'cancelled'")) == .noPrivilege)
        #expect(try school.refusal(of: "DELETE FROM debts") == .noPrivilege)
    }

    @Test func m13AttemptSettlesTheDebtOfAClosedYearUnderItsProtocol() throws {
        try open(.code("not_assessed"))
        try school.run(
            """
            INSERT INTO promotions (school_id, id, academic_year_id, student_id, decision, decided_on)
            VALUES (\(RuleSchool.school), \(Self.promotion), \(RuleKey.year), \(RuleKey.anna), 'conditional', '2026-10-15');
            """)
        try school.run(RuleSchool.update("academic_years", .year, "state = 'closed'"))
        let correction = RuleSchool.update("final_marks", Self.final, "value_kind = 'number', number = 3, code = NULL")
        #expect(try school.refusal(of: correction) == .editWindowClosed)
        try school.run(attempt(1, "failed", number: 2))
        #expect(try school.refusal(of: correction) == .editWindowClosed)
        try school.today("2026-10-20")
        try school.run(attempt(2, on: "2026-10-20", "passed", number: 3, commission: "Абрамова, Белов"))
        #expect(try debt() == ["settled", "2026-10-20", nil, "not_assessed"])
        #expect(try settledOn() == "2026-10-20")
        let history = try school.rows(
            """
            SELECT version, old_code, new_number, new_order_id FROM final_mark_history
            WHERE school_id = \(RuleSchool.school) AND final_mark_id = \(Self.final) ORDER BY version
            """)
        #expect(history == [["1", nil, nil, nil], ["2", "not_assessed", "3", Self.protocolOrder.uuid]])
        // Only this value, under this protocol.
        for change in ["number = 5", "order_id = NULL", "value_kind = 'code', number = NULL, code = 'pass'"] {
            #expect(try school.refusal(of: RuleSchool.update("final_marks", Self.final, change)) == .editWindowClosed)
        }
        // The mark of the protocol may be corrected, the settlement not undone.
        #expect(try school.refusal(of: RuleSchool.update("debt_attempts", RuleKey(9112), "number = 4")) == nil)
        let undone = RuleSchool.update("debt_attempts", RuleKey(9112), "result = 'failed', number = 2")
        #expect(try school.refusal(of: undone) == .debtNotOpen)
        #expect(
            try school.refusal(of: "DELETE FROM debt_attempts WHERE id = \(RuleKey(9112))")
                == SQLRefusal("LYM13", "attempt_has_result"))
    }

    @Test func m13ConditionalPromotionWaitsForTheLastDebt() throws {
        try open()
        let other = RuleKey(9104)
        try school.run(
            RuleSchool.final(.anna, "year", nil, .number(2), subject: .english, section: .english7, id: other))
        try school.run(attempt(1, "passed", number: 3))
        try school.run(
            """
            INSERT INTO promotions (school_id, id, academic_year_id, student_id, decision, decided_on)
            VALUES (\(RuleSchool.school), \(Self.promotion), \(RuleKey.year), \(RuleKey.anna), 'conditional', '2026-10-15');
            """)
        #expect(try settledOn() == nil)
        try school.run(RuleSchool.update("final_marks", other, "number = 3"))
        #expect(try settledOn() == "2026-10-15")
        try school.run(RuleSchool.update("final_marks", other, "number = 2"))
        #expect(try settledOn() == nil)
    }

    @Test func m13AttemptsHaveAnOrderAProtocolAndACommission() throws {
        try open()
        let other = RuleKey(9105)
        try school.run(RuleSchool.order(other, kind: "other"))
        let table: [(String, SQLRefusal?)] = [
            (attempt(), nil),
            (attempt(on: "2026-10-14"), .check("debt_attempts_held_on")),
            (attempt(2, commission: "Абрамова"), .check("debt_attempts_order")),
            (attempt(3), .check("debt_attempts_ordinal")),
            (attempt(on: "2026-10-16", "failed"), .check("debt_attempts_future")),
            (attempt(1, "failed", order: nil), .check("debt_attempts_order_id")),
            (attempt(1, "failed", order: other), .check("debt_attempts_protocol")),
            (attempt(1, "passed", number: 2), .check("debt_attempts_number")),
            (attempt(1, "failed", number: 3), .check("debt_attempts_number")),
            (attempt(1, "absent", number: 2), .check("debt_attempts_number")),
            (attempt(1, "absent") + attempt(2), .check("debt_attempts_commission")),
            (attempt(1, "absent") + attempt(2, commission: "Абрамова"), nil),
            (attempt(1, "passed", number: 3) + attempt(2, commission: "Абрамова"), .debtNotOpen),
        ]
        for (statement, wanted) in table { #expect(try school.refusal(of: statement) == wanted, "\(statement)") }
    }

    @Test func m13M12DebtIsPublishedWithItsFinalMark() throws {
        try open()
        let published = "SELECT published_at IS NOT NULL FROM debts WHERE school_id = \(RuleSchool.school)"
        #expect(try school.value(published) == "t")
        try school.run(RuleSchool.update("final_marks", Self.final, "published_at = NULL"))
        #expect(try school.value(published) == "f")
    }

    // MARK: M14

    private func conduct(_ pupil: RuleKey, level: Int = 3, term: RuleKey = .quarter1) -> String {
        """
        INSERT INTO conduct_marks (school_id, id, student_id, term_id, level)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(pupil), \(term), \(level));
        """
    }

    @Test func m14ConductIsMarkedOnlyInTheSchoolsScale() throws {
        #expect(try school.refusal(of: conduct(.anna)) == .conductNotMarked)
        try school.run("UPDATE school_settings SET conduct_scale = 'three' WHERE school_id = \(RuleSchool.school)")
        // M1 does not apply: grade 1 has marks for conduct.
        let table: [(String, SQLRefusal?)] = [
            (conduct(.anna), nil), (conduct(.firstGrader), nil),
            (conduct(.anna, level: 4), .check("conduct_marks_level")),
            (conduct(.newcomer), .notAMember), (conduct(.tenthGrader), .notAMember),
        ]
        for (statement, wanted) in table { #expect(try school.refusal(of: statement) == wanted, "\(statement)") }
        try school.today("2026-10-29")
        #expect(try school.refusal(of: conduct(.anna)) == .editWindowClosed)
    }
}
