import DiaryTestSupport
import Testing

/// P2, shifts and corrections of a plan, with numbers that were worked out by hand for the plan of `PlanSchool`.
@Suite struct PlanProgressRuleTests {
    private typealias Plan = PlanSchool
    private let plans: PlanSchool
    private var school: RuleSchool { plans.school }

    init() throws {
        plans = try PlanSchool()
        try plans.loadPlan()
    }

    // MARK: P2

    /// Given and planned hours, and the percentage.
    private func coverage(on day: String) throws -> [String?] {
        try school.rows(
            """
            SELECT trim_scale(sum(least(hours, held))), trim_scale(sum(planned_hours)),
                round(sum(least(hours, held)) * 100 / nullif(sum(planned_hours), 0), 1)
            FROM lyceum.plan_progress(\(school.id), \(RuleKey.maths7), \(Plan.plan), '\(day)')
            """)[0]
    }

    @Test(
        arguments: [
            // Nothing has begun.
            ("2026-09-28", ["0", "0", nil]),
            // A: 1 of 2 hours, after one lesson; given.
            ("2026-09-29", ["1", "1", "100.0"]),
            // A: 2 of 2 hours, after two lessons, one of which was cancelled; 1 given.
            ("2026-10-08", ["1", "2", "50.0"]),
            // A 2, B 1; A 2 given.
            ("2026-10-09", ["2", "3", "66.7"]),
            // A 2, B 1, and of C 1, after one lesson; A 2 and B 1 given.
            ("2026-10-14", ["3", "4", "75.0"]),
        ] as [(String, [String?])])
    func p2CoverageIsGivenHoursByPlannedHours(_ day: String, _ wanted: [String?]) throws {
        try plans.giveFirstTopics()
        #expect(try coverage(on: day) == wanted)
    }

    /// L4: who never opens the journal reads 0 %.
    @Test func p2UnrecordedLessonsCountAsNothing() throws {
        #expect(try coverage(on: "2026-10-14") == ["0", "4", "0.0"])
    }

    /// A topic counts at most its own hours.
    @Test func p2ATopicCountsOnce() throws {
        try plans.give(Plan.b, at: .old, .substituted, .recent)
        #expect(try coverage(on: "2026-10-14") == ["1", "4", "25.0"])
    }

    /// Without dates the weeks count: the second week of the year begins on 7 September. Topics without a week begin with
    /// the topic before them.
    @Test func p2WeeksCountWithoutDates() throws {
        try school.run(
            """
            UPDATE plan_topics SET planned_on = NULL, planned_week = CASE position WHEN 1 THEN 2 WHEN 3 THEN 7 END
            WHERE plan_id = \(Plan.plan)
            """)
        #expect(
            try school.values(
                "SELECT begins_on FROM lyceum.plan_progress(\(school.id), \(RuleKey.maths7), \(Plan.plan), '2026-10-14')"
            )
                == ["2026-09-07", "2026-09-07", "2026-10-12", "2026-10-12", "2026-10-12"])
        // A and B whole, and one lesson since 12 October.
        #expect(try coverage(on: "2026-10-14") == ["0", "4", "0.0"])
        // On 8 October two lessons since 7 September.
        #expect(try coverage(on: "2026-10-08") == ["0", "2", "0.0"])
    }

    /// B was skipped, and a shift has laid it after C. C was given, so it counts from its own date.
    @Test func p2ASkippedTopicDoesNotHoldUpWhatWasGiven() throws {
        try plans.give(Plan.a, at: .old, .substituted)
        try plans.give(Plan.c, at: .recent)
        try school.run("UPDATE plan_topics SET planned_on = '2026-10-16' WHERE id = \(Plan.b)")
        #expect(try coverage(on: "2026-10-14") == ["3", "3", "100.0"])
    }

    // MARK: Shift

    /// Topic, hours left, date and week of the topics that are left.
    private func shifted(from day: String = "2026-10-15") throws -> [[String?]] {
        try school.rows(
            """
            SELECT t.title, trim_scale(x.hours_left), x.planned_on, x.planned_week
            FROM lyceum.shifted_topics(\(school.id), \(RuleKey.maths7), \(Plan.plan), '\(day)') x
            JOIN plan_topics t ON t.school_id = \(school.id) AND t.id = x.topic_id ORDER BY x.position
            """)
    }

    /// Five hours are left, C 2, D 2, E 1, and four lessons: 16, 20, 22 October and 3 November. C takes the first two, D
    /// the next two, and E finds none. 12 October is the Monday of week 7.
    @Test func p1ShiftLaysTheRestOnTheLessonsLeft() throws {
        try plans.giveFirstTopics()
        #expect(
            try school.values("SELECT date FROM lyceum.lessons_left(\(school.id), \(RuleKey.maths7), '2026-10-15')")
                == ["2026-10-16", "2026-10-20", "2026-10-22", "2026-11-03"])
        #expect(
            try shifted() == [
                ["Тема 3", "2", "2026-10-16", "7"], ["Тема 4", "2", "2026-10-22", "8"], ["Тема 5", "1", nil, nil],
            ])
        // From 20 October there are three lessons.
        #expect(
            try shifted(from: "2026-10-20") == [
                ["Тема 3", "2", "2026-10-20", "8"], ["Тема 4", "2", "2026-11-03", "10"], ["Тема 5", "1", nil, nil],
            ])
    }

    /// A topic that has begun keeps its date, and needs only its last hour.
    @Test func p1ShiftLeavesATopicThatHasBegun() throws {
        try plans.give(Plan.a, at: .old, .substituted)
        try plans.give(Plan.c, at: .recent)
        #expect(
            try shifted() == [
                ["Тема 2", "1", "2026-10-16", "7"], ["Тема 3", "1", "2026-10-14", nil],
                ["Тема 4", "2", "2026-10-22", "8"], ["Тема 5", "1", nil, nil],
            ])
    }

    /// Lessons that the timetable will have count too: Thursdays from 5 November, without the autumn holidays.
    @Test func p1ShiftCountsLessonsOfTheTimetable() throws {
        try plans.giveFirstTopics()
        try school.run(LessonGenerationRuleTests.bells)
        try school.run(
            """
            INSERT INTO timetable_entries (school_id, id, section_id, bell_schedule_id, weekday, slot, starts_on, ends_on)
            VALUES (\(Plan.own), \(RuleKey(9990)), \(RuleKey.maths7), \(RuleKey.bells), 4, 5, '2026-10-26', '2026-11-12')
            """)
        #expect(
            try school.rows(
                "SELECT date, lesson_id IS NULL FROM lyceum.lessons_left(\(school.id), \(RuleKey.maths7), '2026-10-23')"
            )
                == [["2026-11-03", "f"], ["2026-11-05", "t"], ["2026-11-12", "t"]])
        #expect(try shifted().last == ["Тема 5", "1", "2026-11-05", "10"])
    }

    // MARK: Corrections

    private var topicsOfPlan: [[String?]] {
        get throws {
            try school.rows(
                """
                SELECT title, trim_scale(hours), correction_id IS NOT NULL, merged_into_id IS NOT NULL FROM plan_topics
                WHERE plan_id = \(Plan.plan) ORDER BY position
                """)
        }
    }

    /// D gets one hour less: four hours on four lessons.
    @Test func p1AnApprovedCorrectionMakesThePlanFit() throws {
        try plans.giveFirstTopics()
        try school.run(Plan.correct([("hours", Plan.d, "hours", "1")]))
        let figures = "SELECT trim_scale(hours_before), trim_scale(hours_after), lessons_left"
        #expect(
            try school.rows("\(figures) FROM lyceum.correction_figures(\(school.id), \(Plan.correction))")
                == [["5", "4", "4"]])
        #expect(try topicsOfPlan[3][1] == "2", "nothing changes before the approval")
        #expect(try school.refusal(of: Plan.approveCorrection) == SQLRefusal("LYP01", "forbidden"))
        try plans.asDeputy { try school.run(Plan.approveCorrection) }
        #expect(try topicsOfPlan[3][1] == "1")
        #expect(
            try school.rows("\(figures), approved_by FROM plan_corrections WHERE id = \(Plan.correction)")
                == [["5", "4", "4", RuleKey.deputyHead.uuid]])
        #expect(
            try shifted() == [
                ["Тема 3", "2", "2026-10-16", "7"], ["Тема 4", "1", "2026-10-22", "8"],
                ["Тема 5", "1", "2026-11-03", "10"],
            ])
        // A5
        try school.become(.owner)
        #expect(
            try school.values("SELECT action FROM audit_log WHERE entity_id = \(Plan.correction) ORDER BY id")
                == ["insert", "update"])
    }

    /// E before D, D merged into C, and L3 then suggests C.
    @Test func p1ACorrectionMergesAndMoves() throws {
        try plans.giveFirstTopics()
        try school.run(
            Plan.correct([("move", Plan.e, "after_id", "\(Plan.b)"), ("merge", Plan.d, "into_id", "\(Plan.c)")]))
        try plans.asDeputy { try school.run(Plan.approveCorrection) }
        #expect(
            try topicsOfPlan == [
                ["Тема 1", "2", "f", "f"], ["Тема 2", "1", "f", "f"], ["Тема 5", "1", "f", "f"],
                ["Тема 3", "2", "f", "f"], ["Тема 4", "2", "t", "t"],
            ])
        #expect(try school.value("SELECT lyceum.next_topic(\(school.id), \(RuleKey.maths7))") == Plan.e.uuid)
        #expect(
            try school.refusal(of: RuleSchool.update("lessons", .tomorrow, "plan_topic_id = \(Plan.d)"))
                == SQLRefusal("LYP05", "not_in_section"))
    }

    /// A topic that the sheet itself drops or merges can take in no other, in whichever order the items come.
    @Test func p1NothingIsMergedIntoATopicThatIsDropped() throws {
        let dropped = SQLRefusal("LYP06", "topic_dropped")
        let merge: (String, RuleKey, String?, String) = ("merge", Plan.d, "into_id", "\(Plan.e)")
        for other in [("drop", Plan.e, nil, ""), ("merge", Plan.e, "into_id", "\(Plan.c)")]
            as [(String, RuleKey, String?, String)]
        {
            #expect(try school.refusal(of: Plan.correct([merge, other])) == dropped)
            #expect(try school.refusal(of: Plan.correct([other, merge])) == dropped)
        }
    }

    @Test func p1WhatWasGivenStays() throws {
        try plans.giveFirstTopics()
        let given = SQLRefusal("LYP06", "topic_given")
        #expect(try school.refusal(of: Plan.correct([("drop", Plan.b, nil, "")])) == given)
        #expect(try school.refusal(of: Plan.correct([("merge", Plan.a, "into_id", "\(Plan.c)")])) == given)
        #expect(try school.refusal(of: Plan.correct([("hours", Plan.a, "hours", "1")])) == given)
        #expect(try school.refusal(of: Plan.correct([("hours", Plan.a, "hours", "3")])) == nil)
        // Given between the proposal and the approval
        try school.run(Plan.correct([("drop", Plan.c, nil, "")]))
        try plans.asDeputy {
            try school.run(RuleSchool.update("lessons", .recent, "plan_topic_id = \(Plan.c)"))
            #expect(try school.refusal(of: Plan.approveCorrection) == given)
        }
    }

    @Test func p1AnApprovedCorrectionStays() throws {
        try school.run(Plan.correct([("drop", Plan.e, nil, "")]))
        try plans.asDeputy { try school.run(Plan.approveCorrection) }
        let stays = SQLRefusal("LYP06", "correction_approved")
        try plans.act(as: .deputyHead)
        #expect(try school.refusal(of: "DELETE FROM plan_corrections WHERE id = \(Plan.correction)") == stays)
        #expect(
            try school.refusal(of: "UPDATE plan_corrections SET reason = 'x' WHERE id = \(Plan.correction)") == stays)
        let another = Plan.correct([("drop", Plan.e, nil, "")]).replacing(
            "\(Plan.correction)", with: "\(RuleKey(9904))")
        #expect(try school.refusal(of: another) == SQLRefusal("LYP06", "topic_dropped"))
        #expect(
            try school.refusal(
                of: "UPDATE plan_correction_items SET kind = 'hours' WHERE correction_id = \(Plan.correction)")
                == .noPrivilege)
    }

    @Test func p1CorrectionsAreForApprovedPlansOfSections() throws {
        try school.run(Plan.draft(Plan.base) + Plan.topic(RuleKey(9940), of: Plan.base, at: 1))
        let drop = Plan.correct([("drop", RuleKey(9940), nil, "")], of: Plan.base)
        #expect(try school.refusal(of: drop) == SQLRefusal("LYP04", "plan_not_approved"))
        try plans.act(as: .formerTeacher)
        #expect(
            try school.refusal(of: Plan.correct([("drop", Plan.e, nil, "")])) == SQLRefusal("LYP01", "not_your_plan"))
    }
}
