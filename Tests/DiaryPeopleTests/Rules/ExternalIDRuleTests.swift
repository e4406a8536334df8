import DiaryTestSupport
import Testing

/// The school's own keys: unique within a school, repeatable in another.
@Suite struct ExternalIDRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    static let tables = [
        "users", "academic_years", "terms", "holidays", "bell_schedules", "rooms", "subjects", "categories", "groups",
        "classes", "enrollments", "curriculum_plans", "plan_topics", "sections", "timetable_entries", "lessons",
        "line_items", "clients", "orders",
    ]

    /// A second row where the rule school has one or none.
    static let more = """
        INSERT INTO academic_years (school_id, id, name, starts_on, ends_on, second_half_starts_on) VALUES
            (lyceum.current_school(), \(RuleKey.new), '2027/28', '2027-09-01', '2028-05-31', '2028-01-10');
        INSERT INTO bell_schedules (school_id, id, academic_year_id, name) VALUES
            (lyceum.current_school(), \(RuleKey.new), \(RuleKey.new), 'Звонки');
        INSERT INTO curriculum_plans (school_id, id, academic_year_id, subject_id, grade_level, title) VALUES
            (lyceum.current_school(), \(RuleKey.new), \(RuleKey.year), \(RuleKey.maths), 7, 'Математика'),
            (lyceum.current_school(), \(RuleKey.other), \(RuleKey.year), \(RuleKey.maths), 7, 'Математика');
        INSERT INTO plan_topics (school_id, id, plan_id, position, title) VALUES
            (lyceum.current_school(), \(RuleKey.new), \(RuleKey.new), 1, 'Дроби'),
            (lyceum.current_school(), \(RuleKey.other), \(RuleKey.new), 2, 'Проценты');
        INSERT INTO timetable_entries (school_id, id, section_id, bell_schedule_id, weekday, slot, starts_on) VALUES
            (lyceum.current_school(), \(RuleKey.new), \(RuleKey.maths7), \(RuleKey.bells), 1, 1, '2026-09-01'),
            (lyceum.current_school(), \(RuleKey.other), \(RuleKey.maths7), \(RuleKey.bells), 2, 1, '2026-09-01');
        SET LOCAL lyceum.user_id = '';
        INSERT INTO orders (school_id, id, kind, number, issued_on, text, signatory) VALUES
            (lyceum.current_school(), \(RuleKey.new), 'other', '1', '2026-09-01', 'Приказ', 'Директор'),
            (lyceum.current_school(), \(RuleKey.other), 'other', '2', '2026-09-01', 'Приказ', 'Директор');
        INSERT INTO clients (school_id, id, kind, name, scopes) VALUES
            (lyceum.current_school(), \(RuleKey.new), 'integration', '1С', '{school.read}'),
            (lyceum.current_school(), \(RuleKey.other), 'integration', 'Сайт', '{school.read}');
        """

    @Test(arguments: tables)
    func externalIDIsOneInASchool(_ table: String) throws {
        try school.run(Self.more)
        let all = { (value: String) in
            "UPDATE \(table) SET external_id = \(value) WHERE school_id = lyceum.current_school()"
        }
        #expect(try school.refusal(of: all("'1С-17'")) == .duplicate("\(table)_external_id"))
        #expect(try school.refusal(of: all("id::text")) == nil)
        #expect(try school.refusal(of: all("NULL")) == nil)
    }

    @Test(arguments: tables)
    func anotherSchoolHasTheSameExternalID(_ table: String) throws {
        try school.run(Self.more)
        let neighbour = try school.neighbour()
        // In no person's name: teachers write no orders.
        let all = """
            SET LOCAL lyceum.user_id = '';
            UPDATE \(table) SET external_id = id::text WHERE school_id = lyceum.current_school()
            """
        try school.run(all)
        try neighbour.enter()
        try neighbour.run(Self.more)
        try neighbour.run(all)
        try school.become(.owner)
        let pairs = """
            SELECT count(*) > 1 FROM \(table) a JOIN \(table) b USING (external_id)
            WHERE a.school_id = \(school.id) AND b.school_id = \(neighbour.id)
            """
        #expect(try school.value(pairs) == "t")
    }

    @Test func everyTableWithAnExternalIDIsInTheTable() throws {
        let tables = try school.values(
            """
            SELECT c.table_name FROM information_schema.columns c
            JOIN information_schema.tables t USING (table_schema, table_name)
            WHERE c.table_schema = 'public' AND c.column_name = 'external_id' AND t.table_type = 'BASE TABLE'
            """
        )
        #expect(Set(tables) == Set(Self.tables))
    }
}
