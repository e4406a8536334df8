import DiaryTestSupport
import Testing

/// C3: one digest for each student and week, at the end of the school week, if there is something to tell.
@Suite struct WeekDigestRuleTests {
    let school: RuleSchool

    /// Grade 1 has six days. Anna and the first grader have news this week, Boris had some last week.
    init() throws {
        school = try RuleSchool()
        try school.become(.owner)
        try school.run(
            """
            INSERT INTO school_settings (school_id, six_day_grade_levels, week_digest_at) VALUES (\(school.id), '{1}', '00:00')
                ON CONFLICT (school_id) DO UPDATE SET six_day_grade_levels = '{1}', week_digest_at = '00:00';
            INSERT INTO notifications (school_id, student_id, kind, entity, entity_id, created_at)
            SELECT \(school.id), n.student, 'mark', 'marks', gen_random_uuid(), n.at::timestamptz
            FROM (VALUES
                (\(RuleKey.anna), '2026-10-13 09:00+03'), (\(RuleKey.firstGrader), '2026-10-12 00:00+03'),
                (\(RuleKey.boris), '2026-10-11 23:59+03')
            ) n (student, at);
            """)
        try school.become(.server)
    }

    private func digests(on day: String) throws -> [String] {
        try school.today(day)
        try school.run("SELECT lyceum.write_week_digests()")
        return try school.rows(
            """
            SELECT right(student_id::text, 3), entity, once FROM notifications
            WHERE school_id = \(school.id) AND kind = 'week_digest' ORDER BY student_id
            """
        ).map { $0.map { $0 ?? "-" }.joined(separator: " ") }
    }

    /// The 16th is a Friday.
    @Test func c3TheDigestComesOnTheLastSchoolDayOnce() throws {
        #expect(try digests(on: "2026-10-15") == [])
        #expect(try digests(on: "2026-10-16") == ["201 students 2026-10-12"])
        #expect(try digests(on: "2026-10-17") == ["201 students 2026-10-12", "205 students 2026-10-12"])
        #expect(try digests(on: "2026-10-18") == ["201 students 2026-10-12", "205 students 2026-10-12"])
    }

    @Test func c3AFamilyWithNewsOnTheLastDayStillGetsIt() throws {
        _ = try digests(on: "2026-10-16")
        try school.become(.owner)
        try school.run(
            """
            INSERT INTO notifications (school_id, student_id, kind, entity, entity_id, created_at)
            VALUES (\(school.id), \(RuleKey.vera), 'mark', 'marks', gen_random_uuid(), '2026-10-17 10:00+03')
            """)
        try school.become(.server)
        #expect(try digests(on: "2026-10-18").count == 3)
    }

    @Test func c3TheHourIsTheSchoolsAndNoneTurnsItOff() throws {
        try school.become(.owner)
        try school.run("UPDATE school_settings SET week_digest_at = '24:00' WHERE school_id = \(school.id)")
        try school.become(.server)
        #expect(try digests(on: "2026-10-16") == [])
        try school.become(.owner)
        try school.run("UPDATE school_settings SET week_digest_at = NULL WHERE school_id = \(school.id)")
        try school.become(.server)
        #expect(try digests(on: "2026-10-18") == [])
    }

    @Test func a3TheDigestReachesGuardiansWithAccess() throws {
        try school.run(
            RuleSchool.guardianship(.mother, from: "2026-09-01", id: RuleKey(971))
                + RuleSchool.guardianship(.father, access: "none", from: "2026-09-01", id: RuleKey(972)))
        _ = try digests(on: "2026-10-16")
        #expect(
            try school.values(
                """
                SELECT lyceum.told(n.school_id, n.person_id, n.student_id) FROM notifications n
                WHERE n.school_id = \(school.id) AND n.kind = 'week_digest' ORDER BY 1
                """) == [RuleKey.anna.uuid, RuleKey.mother.uuid])
    }
}
