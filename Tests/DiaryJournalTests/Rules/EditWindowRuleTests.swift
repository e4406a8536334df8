import DiaryTestSupport
import Testing

/// M4: the deadline for marks; M12: publishing needs no open window.
@Suite struct EditWindowRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    static let write = RuleSchool.mark(.anna, at: .recent)

    @Test(arguments: [
        ("2026-10-13", SQLRefusal.lessonInFuture), ("2026-10-14", nil), ("2026-10-28", nil),
        ("2026-10-29", .editWindowClosed), ("2027-05-01", .editWindowClosed),
    ])
    func m4MarksAreWritableFromTheLessonUntilFourteenDaysLater(_ today: String, _ wanted: SQLRefusal?) throws {
        // Only the window counts, because the term closes later.
        try school.run(RuleSchool.update("terms", .quarter1, "marks_close_on = '2027-05-31'"))
        try school.today(today)
        #expect(try school.refusal(of: Self.write) == wanted)
    }

    @Test(arguments: [("2026-10-17", nil), ("2026-10-18", SQLRefusal.editWindowClosed)])
    func m4SchoolSetsTheWindow(_ today: String, _ wanted: SQLRefusal?) throws {
        try school.run("UPDATE school_settings SET edit_window_days = 3 WHERE school_id = lyceum.current_school()")
        try school.today(today)
        #expect(try school.refusal(of: Self.write) == wanted)
    }

    @Test(arguments: [("2026-10-24", nil), ("2026-10-25", SQLRefusal.editWindowClosed)])
    func m4TermMayCloseBeforeTheWindow(_ today: String, _ wanted: SQLRefusal?) throws {
        try school.run(RuleSchool.update("terms", .quarter1, "marks_close_on = '2026-10-24'"))
        try school.today(today)
        #expect(try school.refusal(of: Self.write) == wanted)
    }

    @Test func m4TermOfOtherGradeLevelsClosesNothing() throws {
        try school.run("UPDATE terms SET grade_levels = '{1,2,3,4,5,6}' WHERE id = \(RuleKey.quarter1)")
        try school.run(RuleSchool.update("terms", .quarter1, "marks_close_on = '2026-10-24'"))
        try school.today("2026-10-25")
        #expect(try school.refusal(of: Self.write) == nil)
    }

    @Test func m4ChangesAndClearingAreRefusedToo() throws {
        try school.run(Self.write)
        let change = RuleSchool.change(.anna, at: .recent, to: .number(4))
        let clear = RuleSchool.change(.anna, at: .recent, to: .nothing)
        let comment = "UPDATE marks SET comment = 'Доска' \(RuleSchool.cell(.anna, at: .recent))"
        for (today, wanted) in [("2026-10-28", nil), ("2026-10-29", SQLRefusal.editWindowClosed)] {
            try school.today(today)
            for statement in [change, clear, comment] {
                #expect(try school.refusal(of: statement) == wanted, "\(today): \(statement)")
            }
        }
    }

    // MARK: Unlock

    @Test(arguments: [
        ("2026-09-29", "2026-09-29", "2026-10-15", nil),
        ("2026-09-01", "2026-10-24", "2026-12-31", nil),
        ("2026-09-01", "2026-09-28", "2026-12-31", SQLRefusal.editWindowClosed),  // ends before the lesson
        ("2026-09-30", "2026-10-24", "2026-12-31", .editWindowClosed),  // begins after it
    ])
    func m4UnlockOpensItsDatesUntilItExpires(
        _ starts: String, _ ends: String, _ expires: String, _ wanted: SQLRefusal?
    ) throws {
        try school.run(RuleSchool.unlock(.maths7, from: starts, to: ends, until: expires))
        #expect(try school.refusal(of: RuleSchool.mark(.anna, at: .old)) == wanted)
    }

    @Test func m4UnlockExpires() throws {
        try school.run(RuleSchool.unlock(.maths7, from: "2026-09-29", to: "2026-09-29", until: "2026-10-15"))
        #expect(try school.refusal(of: RuleSchool.mark(.anna, at: .old)) == nil)
        try school.today("2026-10-16")
        #expect(try school.refusal(of: RuleSchool.mark(.anna, at: .old)) == .editWindowClosed)
    }

    @Test(arguments: [
        ("2026-09-29", "2026-09-29", "2026-10-14", "unlocks_expires_on"),
        ("2026-08-31", "2026-09-29", "2026-10-20", "unlocks_in_year"),
        ("2026-09-29", "2027-06-01", "2026-10-20", "unlocks_in_year"),
    ])
    func m4UnlockThatOpensNothingIsRefused(
        _ starts: String, _ ends: String, _ expires: String, _ constraint: String
    ) throws {
        let unlock = RuleSchool.unlock(.maths7, from: starts, to: ends, until: expires)
        #expect(try school.refusal(of: unlock) == .check(constraint))
    }

    @Test func m4UnlockIsForOneSection() throws {
        try school.run(RuleSchool.unlock(.english7, from: "2026-09-01", to: "2026-10-24", until: "2026-12-31"))
        #expect(try school.refusal(of: RuleSchool.mark(.anna, at: .old)) == .editWindowClosed)
    }

    @Test func m4RevokedUnlockClosesAgain() throws {
        try school.run(RuleSchool.unlock(.maths7, from: "2026-09-01", to: "2026-10-24", until: "2026-12-31"))
        #expect(try school.refusal(of: RuleSchool.mark(.anna, at: .old)) == nil)
        try school.run(RuleSchool.revocation())
        #expect(try school.refusal(of: RuleSchool.mark(.anna, at: .old)) == .editWindowClosed)
    }

    @Test func m4OnlyHeadsAndDeputyHeadsRevokeAnUnlock() throws {
        try school.run(RuleSchool.unlock(.maths7, from: "2026-09-01", to: "2026-10-24", until: "2026-12-31"))
        let revocation = RuleSchool.update("unlocks", .new, "revoked_at = now()")
        #expect(try school.refusal(of: revocation) == SQLRefusal("LYM06", "forbidden"))
        try school.run(RuleSchool.revocation())
        #expect(try school.value("SELECT revoked_by FROM unlocks WHERE id = \(RuleKey.new)") == RuleKey.deputyHead.uuid)
    }

    @Test func m4UnlockNeedsAReasonAndIsRecorded() throws {
        let unlock = RuleSchool.unlock(.maths7, from: "2026-09-01", to: "2026-10-24", until: "2026-12-31")
        #expect(try school.refusal(of: unlock.replacingFirst("Приказ 17", with: "")) == .check("unlocks_reason"))
        try school.run(unlock)
        try school.run(RuleSchool.revocation())
        let records = try school.values(
            """
            SELECT action || ' ' || coalesce(after ->> 'reason', '-') FROM audit_log
            WHERE entity = 'unlocks' AND entity_id = \(RuleKey.new) AND changed_by = \(RuleKey.deputyHead) ORDER BY id
            """)
        #expect(records == ["insert Приказ 17", "update -"])
    }

    @Test func m4UnlockDoesNotOpenFutureLessons() throws {
        try school.run(RuleSchool.unlock(.maths7, from: "2026-09-01", to: "2026-10-24", until: "2026-12-31"))
        #expect(try school.refusal(of: RuleSchool.mark(.anna, at: .tomorrow)) == .lessonInFuture)
    }

    // MARK: Lock reasons for pages and lessons

    @Test(arguments: [
        (RuleKey.recent, "2026-10-28", nil),
        (.old, "2026-10-13", "edit_window_closed"),
        (.tomorrow, "2026-10-28", "lesson_in_future"),
        (.substituted, "2026-10-23", nil),
    ])
    func m4PageHasTheDeadlineOrTheLockReason(_ lesson: RuleKey, _ until: String, _ reason: String?) throws {
        let answer = try school.rows(
            """
            SELECT editable_until, locked_reason, lyceum.lesson_editable_until(school_id, lesson_id),
                lyceum.lesson_locked_reason(school_id, lesson_id)
            FROM lyceum.lesson_locks WHERE school_id = lyceum.current_school() AND lesson_id = \(lesson)
            """)
        #expect(answer == [[until, reason, until, reason]])
    }

    @Test func m4PageReflectsUnlocks() throws {
        try school.run(RuleSchool.unlock(.maths7, from: "2026-09-29", to: "2026-09-29", until: "2026-10-20"))
        let until = "SELECT lyceum.lesson_editable_until(\(school.id), \(RuleKey.old))"
        #expect(try school.value(until) == "2026-10-20")
        #expect(try school.value("SELECT lyceum.lesson_locked_reason(\(school.id), \(RuleKey.old))") == nil)
        try school.run(RuleSchool.revocation())
        #expect(try school.value(until) == "2026-10-13")
    }

    @Test func m4TopicIsWritableUntilTheTermClosesWhateverTheWindow() throws {
        let topic = RuleSchool.update("lessons", .old, "topic = 'Дроби'")
        #expect(try school.refusal(of: topic) == nil)
        try school.today("2026-10-29")
        #expect(try school.refusal(of: topic) == .editWindowClosed)
        try school.run(RuleSchool.unlock(.maths7, from: "2026-09-29", to: "2026-09-29", until: "2026-10-29"))
        #expect(try school.refusal(of: topic) == nil)
    }

    // MARK: M12

    @Test func m12PublishingDoesNotNeedTheWindow() throws {
        try school.run(Self.write)
        try school.run("UPDATE marks SET published_at = NULL \(RuleSchool.cell(.anna, at: .recent))")
        try school.today("2026-12-01")
        let publish = "UPDATE marks SET published_at = now() \(RuleSchool.cell(.anna, at: .recent))"
        #expect(try school.refusal(of: publish) == nil)
        let change = "UPDATE marks SET published_at = now(), number = 4 \(RuleSchool.cell(.anna, at: .recent))"
        #expect(try school.refusal(of: change) == .editWindowClosed)
    }

    @Test func m12MarkIsPublishedByDefault() throws {
        try school.run(Self.write)
        #expect(try school.value("SELECT published_at IS NOT NULL FROM marks") == "t")
    }
}

extension String {
    /// Without Foundation there is no `replacing` for strings.
    fileprivate func replacingFirst(_ part: String, with other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        return self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}
