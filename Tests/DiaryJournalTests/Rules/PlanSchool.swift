import DiaryTestSupport

/// Rows of curriculum plans for a rule school. Mathematics 7А has eight lessons and a plan of eight hours; today is
/// 15 October.
///
///     lesson   29 Sep  6 Oct      9 Oct  14 Oct  | 16 Oct  20 Oct  22 Oct  3 Nov
///     state    held    cancelled  held   held    | planned
///     topic    A       –          A      B       |
///     plan     A 2 h from 29 Sep, B 1 h 9 Oct, C 2 h 14 Oct, D 2 h 20 Oct, E 1 h 3 Nov
struct PlanSchool {
    let school: RuleSchool

    static let (base, plan, unit, correction) = (RuleKey(9900), RuleKey(9901), RuleKey(9902), RuleKey(9903))
    static let topics = (1...5).map { RuleKey(9910 + $0) }
    static let (a, b, c, d, e) = (topics[0], topics[1], topics[2], topics[3], topics[4])
    static let own = RuleSchool.school

    init() throws {
        school = try RuleSchool()
        try school.become(.owner)
        try school.run(
            """
            INSERT INTO user_roles (school_id, user_id, role)
                VALUES (\(Self.own), \(RuleKey.deputyHead), 'deputy_head'), (\(Self.own), \(RuleKey.teacher), 'teacher')
                ON CONFLICT DO NOTHING
            """)
        try school.enter()
    }

    func act(as person: RuleKey) throws { try school.set("user_id", to: person.uuid) }

    /// What `body` does, as a deputy head.
    func asDeputy(_ body: () throws -> Void) throws {
        try act(as: .deputyHead)
        try body()
        try act(as: .teacher)
    }

    /// A draft.
    static func draft(
        _ id: RuleKey = plan, section: RuleKey? = nil, subject: RuleKey = .maths, grade: Int = 7,
        copiedFrom: RuleKey? = nil
    ) -> String {
        """
        INSERT INTO curriculum_plans (school_id, id, academic_year_id, subject_id, grade_level, section_id, copied_from_id, title)
        VALUES (\(own), \(id), \(RuleKey.year), \(subject), \(grade), \(section?.description ?? "NULL"),
            \(copiedFrom?.description ?? "NULL"), 'КТП');
        """
    }

    static func topic(
        _ id: RuleKey, of plan: RuleKey = plan, at position: Int, hours: Int = 1, on day: String? = nil
    ) -> String {
        """
        INSERT INTO plan_topics (school_id, id, plan_id, position, title, hours, planned_on)
        VALUES (\(own), \(id), \(plan), \(position), 'Тема \(position)', \(hours), \(day.map { "'\($0)'" } ?? "NULL"));
        """
    }

    static func approve(_ plan: RuleKey = plan) -> String {
        "UPDATE curriculum_plans SET state = 'approved' WHERE school_id = \(own) AND id = \(plan);"
    }

    /// The plan and the lessons above, without topics at the lessons.
    func loadPlan() throws {
        let hours = [(2, "2026-09-29"), (1, "2026-10-09"), (2, "2026-10-14"), (2, "2026-10-20"), (1, "2026-11-03")]
        try school.run(Self.draft(section: .maths7))
        for (index, (count, day)) in hours.enumerated() {
            try school.run(Self.topic(Self.topics[index], at: index + 1, hours: count, on: day))
        }
        try asDeputy {
            try school.run(Self.approve())
            for (index, day) in ["2026-10-06", "2026-10-20", "2026-10-22", "2026-11-03"].enumerated() {
                try school.run(
                    RuleSchool.lesson(RuleKey(9920 + index), of: .maths7, on: day, at: "12:00", to: "12:40"))
            }
            try school.run(RuleSchool.update("lessons", RuleKey(9920), "state = 'cancelled'"))
        }
    }

    func give(_ topic: RuleKey, at lessons: RuleKey...) throws {
        for lesson in lessons {
            try school.run(RuleSchool.update("lessons", lesson, "state = 'held', plan_topic_id = \(topic)"))
        }
    }

    func giveFirstTopics() throws {
        try give(Self.a, at: .old, .substituted)
        try give(Self.b, at: .recent)
    }

    static func correct(
        _ items: [(kind: String, topic: RuleKey, column: String?, value: String)], of plan: RuleKey = plan
    )
        -> String
    {
        """
        INSERT INTO plan_corrections (school_id, id, plan_id, reason) VALUES (\(own), \(correction), \(plan), 'Карантин');

        """
            + items.enumerated().map { index, item in
                """
                INSERT INTO plan_correction_items
                    (school_id, correction_id, position, plan_id, kind, topic_id\(item.column.map { ", \($0)" } ?? ""))
                VALUES (\(own), \(correction), \(index + 1), \(plan), '\(item.kind)', \(item.topic)\(item.column == nil ? "" : ", \(item.value)"));
                """
            }.joined()
    }

    static let approveCorrection =
        "UPDATE plan_corrections SET approved_at = now() WHERE school_id = \(own) AND id = \(correction);"
}
