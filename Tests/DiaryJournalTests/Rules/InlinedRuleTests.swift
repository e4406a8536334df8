import DiaryTestSupport
import Postgres
import Testing

/// Rules that the planner inlines, so that the function call costs nothing.
@Suite struct InlinedRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    static let conditions = [
        "lyceum.holds(e.starts_on, e.ends_on, c.changed_at::date)",
        "lyceum.holds(e.starts_on, e.ends_on, lyceum.today())",
        "lyceum.holds(e.starts_on, e.ends_on, nullif(current_setting('lyceum.from', true), '')::date)",
        "lyceum.holds_between(e.starts_on, e.ends_on, (SELECT '2026-09-01'::date), (SELECT '2026-10-01'::date))",
        "lyceum.holds_between(e.starts_on, e.ends_on, least(lyceum.today(), '2026-09-01'), least(lyceum.today(), '2026-09-01'))",
        "lyceum.lasts(e.ends_on, lyceum.today())",
        "lyceum.is_before_marks(c.grade_level, lyceum.today(), (SELECT '2027-01-10'::date))",
        "lyceum.editable_until(e.starts_on, c.grade_level, e.ends_on, NULL) > '2026-09-01'",
        "lyceum.lock_reason('held', e.starts_on, e.ends_on, lyceum.today()) IS NULL",
        "lyceum.consent_holds(e.starts_on, e.ends_on)",
    ]

    @Test(arguments: conditions) func rulesAreInlined(_ condition: String) throws {
        let plan = try plan(condition)
        #expect(!plan.contains(condition.prefix { $0 != "(" } + "("), "\(plan)")
    }

    /// Shows that the test above can fail: a function that uses its day twice is not inlined when the day is a
    /// subquery.
    @Test func aRuleWithASubqueryTwiceIsNotInlined() throws {
        #expect(try plan("lyceum.holds(e.starts_on, e.ends_on, (SELECT lyceum.today()))").contains("lyceum.holds("))
    }

    private func plan(_ condition: String) throws -> String {
        try school.connection.query(
            """
            EXPLAIN (COSTS OFF, VERBOSE) SELECT FROM enrollments e
            JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
            WHERE e.school_id = 1 AND \(condition)
            """
        ).rows.compactMap { $0[0] }.joined(separator: "\n")
    }
}
