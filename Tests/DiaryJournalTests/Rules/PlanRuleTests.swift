import DiaryTestSupport
import Testing

/// P1 and L3 in the database, for every writer: who writes and approves a plan, what is fixed, which plan a lesson follows.
@Suite struct PlanRuleTests {
    private typealias Plan = PlanSchool
    private let plans: PlanSchool
    private var school: RuleSchool { plans.school }

    init() throws { plans = try PlanSchool() }

    // MARK: P1: who writes

    @Test func p1ATeacherWritesPlansOfWhatTheTeacherTeaches() throws {
        let notYours = SQLRefusal("LYP01", "not_your_plan")
        #expect(try school.refusal(of: Plan.draft()) == nil)
        #expect(try school.refusal(of: Plan.draft(section: .maths7)) == nil)
        #expect(try school.refusal(of: Plan.draft(subject: .russian)) == notYours)
        #expect(try school.refusal(of: Plan.draft(grade: 8)) == notYours)
        #expect(try school.refusal(of: Plan.draft(section: .english7, subject: .english)) == notYours)
        // A former teacher of the section still teaches the subject, but not the section.
        try plans.act(as: .formerTeacher)
        #expect(try school.refusal(of: Plan.draft(section: .maths7)) == notYours)
    }

    @Test func p1OnlyTheAuthorAndManagersWriteAPlanOfTheBase() throws {
        try school.run(Plan.draft() + Plan.topic(Plan.a, at: 1))
        let changes = [
            "UPDATE curriculum_plans SET title = 'Чужой' WHERE id = \(Plan.plan)",
            "UPDATE plan_topics SET title = 'Чужая' WHERE id = \(Plan.a)",
            Plan.topic(Plan.b, at: 2), "DELETE FROM plan_topics WHERE id = \(Plan.a)",
            "DELETE FROM curriculum_plans WHERE id = \(Plan.plan)",
        ]
        for sql in changes { #expect(try school.refusal(of: sql) == nil, "\(sql)") }
        try plans.act(as: .formerTeacher)
        for sql in changes {
            #expect(try school.refusal(of: sql) == SQLRefusal("LYP01", "not_your_plan"), "\(sql)")
        }
        try plans.act(as: .deputyHead)
        for sql in changes { #expect(try school.refusal(of: sql) == nil, "\(sql)") }
        // The author is the person of the transaction.
        #expect(
            try school.value("SELECT author_id FROM curriculum_plans WHERE id = \(Plan.plan)") == RuleKey.teacher.uuid)
        #expect(
            try school.refusal(of: "UPDATE curriculum_plans SET author_id = NULL WHERE id = \(Plan.plan)")
                == SQLRefusal("LYL02", "not_movable"))
    }

    @Test(arguments: [(RuleKey.english, 7), (.maths, 8)])
    func p1APlanOfASectionHasItsSubjectAndGradeLevel(_ subject: RuleKey, _ grade: Int) throws {
        try plans.act(as: .deputyHead)
        #expect(
            try school.refusal(of: Plan.draft(section: .maths7, subject: subject, grade: grade))
                == SQLRefusal("LYP02", "plan_not_of_section"))
    }

    @Test func p1APlanOfASectionHasItsYear() throws {
        try plans.act(as: .deputyHead)
        try school.run(
            """
            INSERT INTO academic_years (school_id, id, name, starts_on, ends_on, second_half_starts_on)
                VALUES (\(Plan.own), \(RuleKey(2)), '2027/28', '2027-09-01', '2028-05-31', '2028-01-11')
            """)
        let sql = Plan.draft(section: .maths7).replacing("\(RuleKey.year)", with: "\(RuleKey(2))")
        #expect(try school.refusal(of: sql) == SQLRefusal("LYP02", "plan_not_of_section"))
    }

    @Test func p1ASectionHasOnePlan() throws {
        try school.run(Plan.draft(section: .maths7))
        #expect(
            try school.refusal(of: Plan.draft(RuleKey(9999), section: .maths7))
                == .duplicate("curriculum_plans_one_per_section"))
    }

    // MARK: P1: approval

    @Test func p1AHeadOrDeputyHeadApproves() throws {
        try school.run(Plan.draft())
        #expect(try school.refusal(of: Plan.approve()) == SQLRefusal("LYP04", "plan_empty"))
        try school.run(Plan.topic(Plan.a, at: 1))
        #expect(try school.refusal(of: Plan.approve()) == SQLRefusal("LYP01", "forbidden"))
        try plans.asDeputy { try school.run(Plan.approve()) }
        let approval =
            "SELECT state, approved_by, approved_at IS NOT NULL, version FROM curriculum_plans WHERE id = \(Plan.plan)"
        #expect(try school.rows(approval) == [["approved", RuleKey.deputyHead.uuid, "t", "2"]])
        // Nobody writes another name, and only a head takes it back.
        try school.run("UPDATE curriculum_plans SET approved_by = author_id WHERE id = \(Plan.plan)")
        #expect(try school.rows(approval)[0][1] == RuleKey.deputyHead.uuid)
        let withdraw = "UPDATE curriculum_plans SET state = 'draft' WHERE id = \(Plan.plan)"
        #expect(try school.refusal(of: withdraw) == SQLRefusal("LYP01", "forbidden"))
        #expect(
            try school.refusal(of: withdraw.replacing("draft", with: "archived")) == SQLRefusal("LYP01", "forbidden"))
        try plans.asDeputy { try school.run(withdraw) }
        #expect(try school.rows(approval).map { $0[1] } == [nil])
        // A5
        try school.become(.owner)
        #expect(
            try school.values("SELECT action FROM audit_log WHERE entity_id = \(Plan.plan) ORDER BY id")
                == ["insert", "update", "update"])
    }

    @Test func p1AnApprovedPlanIsFixed() throws {
        try school.run(Plan.draft() + Plan.topic(Plan.a, at: 1))
        try school.run(
            "INSERT INTO plan_units (school_id, id, plan_id, position, title) VALUES (\(Plan.own), \(Plan.unit), \(Plan.plan), 1, 'Раздел')"
        )
        try plans.asDeputy { try school.run(Plan.approve()) }
        let changes = [
            "UPDATE plan_topics SET title = 'Другая' WHERE id = \(Plan.a)",
            "UPDATE plan_topics SET hours = 2 WHERE id = \(Plan.a)",
            "UPDATE plan_topics SET position = 2 WHERE id = \(Plan.a)",
            "UPDATE plan_topics SET is_control = true WHERE id = \(Plan.a)",
            "UPDATE plan_topics SET planned_week = 3 WHERE id = \(Plan.a)",
            "UPDATE plan_units SET title = 'Другой' WHERE id = \(Plan.unit)",
            "UPDATE curriculum_plans SET title = 'Другой' WHERE id = \(Plan.plan)",
            Plan.topic(Plan.b, at: 2), "DELETE FROM plan_topics WHERE id = \(Plan.a)",
            "DELETE FROM plan_units WHERE id = \(Plan.unit)", "DELETE FROM curriculum_plans WHERE id = \(Plan.plan)",
        ]
        for person in [RuleKey.teacher, .deputyHead] {
            try plans.act(as: person)
            for sql in changes {
                #expect(try school.refusal(of: sql) == SQLRefusal("LYP03", "plan_approved"), "\(sql)")
            }
        }
        // The owner's command line and imports obey it too.
        try school.become(.owner)
        try school.set("user_id", to: "")
        #expect(try school.refusal(of: changes[0]) == SQLRefusal("LYP03", "plan_approved"))
    }

    /// Weeks, dates and homework of a section's plan are the teacher's. A transaction makes one version of the plan.
    @Test func p1TeachersShiftTheApprovedPlanOfTheirSection() throws {
        try plans.loadPlan()
        let version = "SELECT version FROM curriculum_plans WHERE id = \(Plan.plan)"
        try school.run("UPDATE plan_topics SET planned_week = 9, homework = '§ 1' WHERE plan_id = \(Plan.plan)")
        try school.run("UPDATE plan_topics SET planned_on = '2026-11-01' WHERE id = \(Plan.a)")
        // The rule school is one transaction, in which the plan was made.
        #expect(try school.value(version) == "2")
        #expect(
            try school.refusal(of: "UPDATE plan_topics SET title = 'Другая' WHERE id = \(Plan.a)")
                == SQLRefusal("LYP03", "plan_approved"))
        try plans.act(as: .formerTeacher)
        #expect(
            try school.refusal(of: "UPDATE plan_topics SET planned_week = 8 WHERE id = \(Plan.a)")
                == SQLRefusal("LYP01", "not_your_plan"))
    }

    // MARK: P1: copies

    private func loadBase() throws {
        try school.run(
            Plan.draft(Plan.base) + Plan.topic(Plan.a, of: Plan.base, at: 1, hours: 2)
                + Plan.topic(Plan.b, of: Plan.base, at: 2))
    }

    private func copy(as id: RuleKey = Plan.plan) -> String {
        "SELECT lyceum.copy_plan(\(Plan.base), \(RuleKey.maths7), \(id))"
    }

    @Test func p1ACopyKeepsTheApprovalAndIsMadeOnce() throws {
        try loadBase()
        #expect(try school.refusal(of: copy()) == SQLRefusal("LYP04", "plan_not_approved"))
        try plans.asDeputy { try school.run(Plan.approve(Plan.base)) }
        #expect(try school.value(copy()) == Plan.plan.uuid)
        #expect(try school.value(copy(as: RuleKey(9999))) == Plan.plan.uuid)
        #expect(
            try school.rows("SELECT state, approved_by, copied_from_id FROM curriculum_plans WHERE id = \(Plan.plan)")
                == [["approved", RuleKey.deputyHead.uuid, Plan.base.uuid]])
        #expect(
            try school.rows(
                "SELECT title, hours, source_id FROM plan_topics WHERE plan_id = \(Plan.plan) ORDER BY position")
                == [["Тема 1", "2.0", Plan.a.uuid], ["Тема 2", "1.0", Plan.b.uuid]])
        try plans.act(as: .formerTeacher)
        #expect(try school.refusal(of: copy()) == SQLRefusal("LYP01", "not_your_plan"))
    }

    /// The approval of a copy is that of its content.
    @Test func p1ACopyWithOtherContentIsNotApproved() throws {
        try loadBase()
        try plans.asDeputy { try school.run(Plan.approve(Plan.base)) }
        let copy = Plan.draft(section: .maths7, copiedFrom: Plan.base)
        let same = Plan.topic(Plan.c, at: 1, hours: 2) + Plan.topic(Plan.d, at: 2)
        #expect(try school.refusal(of: copy + same + Plan.approve()) == nil)
        let other = Plan.topic(Plan.c, at: 1, hours: 3) + Plan.topic(Plan.d, at: 2)
        #expect(try school.refusal(of: copy + other + Plan.approve()) == SQLRefusal("LYP01", "forbidden"))
        let fewer = Plan.topic(Plan.c, at: 1, hours: 2)
        #expect(try school.refusal(of: copy + fewer + Plan.approve()) == SQLRefusal("LYP01", "forbidden"))
    }

    // MARK: L3: the topic of a lesson

    @Test func l3ALessonPointsToATopicOfThePlanThatItsSectionFollows() throws {
        let notOf = SQLRefusal("LYP05", "not_in_section")
        func pointing(_ lesson: RuleKey, to topic: RuleKey) -> String {
            RuleSchool.update("lessons", lesson, "plan_topic_id = \(topic)")
        }
        try loadBase()
        #expect(try school.refusal(of: pointing(.recent, to: Plan.a)) == notOf, "a draft of the base")
        try plans.asDeputy { try school.run(Plan.approve(Plan.base)) }
        try school.run(pointing(.recent, to: Plan.a))
        // Another grade level
        #expect(try school.refusal(of: pointing(.secondGrade, to: Plan.a)) == notOf)
        _ = try school.value(copy())
        #expect(try school.refusal(of: pointing(.tomorrow, to: Plan.b)) == notOf, "the section has its own plan")
        let copied = try #require(
            try school.value("SELECT id FROM plan_topics WHERE plan_id = \(Plan.plan) AND position = 2"))
        #expect(
            try school.refusal(of: RuleSchool.update("lessons", .tomorrow, "plan_topic_id = '\(copied)'")) == nil)
        #expect(
            try school.refusal(of: RuleSchool.update("lessons", .homeLesson, "plan_topic_id = '\(copied)'")) == notOf,
            "another section")
        // The lesson with the topic of the base counts for the copied topic: one of two hours is left.
        #expect(
            try school.value(
                "SELECT hours_left FROM lyceum.shifted_topics(\(school.id), \(RuleKey.maths7), \(Plan.plan), '2026-10-15') LIMIT 1"
            )
                == "1.0")
        // Other fields of a lesson with an old topic may change.
        #expect(try school.refusal(of: RuleSchool.update("lessons", .recent, "topic = 'Свой текст'")) == nil)
    }

    @Test func p1ATopicWithLessonsIsNotDeleted() throws {
        try school.run(Plan.draft(section: .maths7) + Plan.topic(Plan.a, at: 1))
        try school.run(RuleSchool.update("lessons", .recent, "plan_topic_id = \(Plan.a)"))
        let wanted = SQLRefusal.foreignKey("lessons_school_id_plan_topic_id_fkey")
        #expect(try school.refusal(of: "DELETE FROM plan_topics WHERE id = \(Plan.a)") == wanted)
        #expect(try school.refusal(of: "DELETE FROM curriculum_plans WHERE id = \(Plan.plan)") == wanted)
    }
}
