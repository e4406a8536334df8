import DiaryTestSupport
import Postgres
import TestSupport
import Testing

/// What the server's role could do in SQL to get round a rule, and may not.
@Suite struct ServersRoleRuleTests {
    let school: RuleSchool

    init() throws {
        school = try RuleSchool()
        try school.run(
            """
            INSERT INTO user_roles (school_id, user_id, role)
                VALUES (lyceum.current_school(), \(RuleKey.deputyHead), 'deputy_head')
            """)
    }

    /// M4: no setting moves the day. Asked of a database as the migrations leave it: tests have a clock of their own.
    @Test func m4DayIsTheClocks() throws {
        let database = try TestDatabase(.shipped)
        let connection = try BlockingConnection(url: database.serverURL)
        try connection.execute("SET lyceum.today = '2001-02-03'")
        #expect(try connection.query("SELECT lyceum.today() = (now() AT TIME ZONE 'UTC')::date").first == "t")
    }

    /// PostgreSQL takes any offset as a time zone, up to a week.
    @Test(arguments: ["XXX+167", "XXX-167", "Pacific/Kiritimati", "Pacific/Midway"])
    func m4TheDayStaysWithinADayOfUTC(_ zone: String) throws {
        let database = try TestDatabase(.shipped)
        let connection = try BlockingConnection(url: database.serverURL)
        try connection.execute("SET lyceum.time_zone = '\(zone)'")
        #expect(
            try connection.query("SELECT abs(lyceum.today() - (now() AT TIME ZONE 'UTC')::date) <= 1").first == "t")
    }

    @Test func noTablesOfItsOwn() throws {
        for statement in [
            "CREATE TEMP TABLE t (a int)", "CREATE TABLE public.t (a int)", "CREATE TABLE lyceum.t (a int)",
            "CREATE FUNCTION lyceum.today() RETURNS date RETURN '2001-02-03'::date",
        ] {
            #expect(try school.refusal(of: statement)?.state == "42501", "\(statement)")
        }
    }

    /// The migrations take away what a new database gives to everybody.
    @Test func noTablesOfItsOwnInANewDatabase() throws {
        let database = try TestDatabase(.empty)
        let superuser = try BlockingConnection(url: database.superuserURL)
        try superuser.execute("GRANT TEMPORARY ON DATABASE \(database.name) TO PUBLIC")
        try Migrator(url: database.ownerURL, Migrations.load(directory: TestDatabase.migrations)).up()
        for role in ["lyceum_app", "lyceum_server"] {
            let may = "SELECT has_database_privilege('\(role)', current_database(), 'TEMPORARY')"
            #expect(try superuser.query(may).first == "f", "\(role)")
        }
    }

    /// A5, K2: rows of the log come from triggers, and from functions that say themselves what they record.
    @Test(arguments: [
        "SELECT lyceum.record_audit('delete', 'marks', gen_random_uuid(), '{}')",
        "SELECT lyceum.record_reading(\(RuleKey.anna), 'marks', gen_random_uuid())",
        "INSERT INTO audit_log (school_id, entity, action) VALUES (lyceum.current_school(), 'marks', 'delete')",
    ])
    func a5RecordsAreNotForged(_ statement: String) throws {
        #expect(try school.refusal(of: statement) == .noPrivilege)
    }

    @Test func k2ReadingsAreStillRecorded() throws {
        try school.set("user_id", to: RuleKey.deputyHead.uuid)
        try school.run("SELECT lyceum.record_reading(\(RuleKey.anna))")
        try school.run(
            """
            INSERT INTO student_documents (school_id, id, student_id, kind, number)
                VALUES (lyceum.current_school(), \(RuleKey.new), \(RuleKey.anna), 'other', '1');
            SELECT lyceum.record_document_reading(\(RuleKey.new));
            """)
        let read = """
            SELECT entity || ' ' || entity_id FROM audit_log
            WHERE action = 'read' AND changed_by = \(RuleKey.deputyHead) ORDER BY id
            """
        #expect(
            try school.values(read) == ["students \(RuleKey.anna.uuid)", "student_documents \(RuleKey.new.uuid)"])
    }

    @Test func a5RecoveryCodesAreRecordedWithoutTheCodes() throws {
        try school.run(
            """
            INSERT INTO second_factors (school_id, user_id, secret)
                VALUES (lyceum.current_school(), \(RuleKey.teacher), 'x');
            INSERT INTO recovery_codes (school_id, user_id, code_hash) SELECT lyceum.current_school(), \(RuleKey.teacher),
                decode(n, 'hex') FROM unnest(ARRAY['01', '02']) n;
            UPDATE recovery_codes SET used_at = now() WHERE code_hash = '\\x01';
            """)
        let log = try school.rows(
            "SELECT action, entity_id, after FROM audit_log WHERE entity = 'recovery_codes' ORDER BY id")
        #expect(log == [["insert", RuleKey.teacher.uuid, nil], ["use", RuleKey.teacher.uuid, nil]])
    }

    /// M4: an unlock is what a head or a deputy head grants, in their own name.
    @Test(arguments: [
        (RuleKey.deputyHead, RuleKey.deputyHead, SQLRefusal?.none),
        (.teacher, .teacher, SQLRefusal("LYM06", "forbidden")),
        (.teacher, .deputyHead, SQLRefusal("LYM06", "forbidden")),
        (.deputyHead, .teacher, SQLRefusal("LYM06", "forbidden")),
    ])
    func m4UnlockIsGrantedByADeputyHead(_ user: RuleKey, _ by: RuleKey, _ wanted: SQLRefusal?) throws {
        try school.set("user_id", to: user.uuid)
        let unlock = """
            INSERT INTO unlocks (school_id, id, section_id, starts_on, ends_on, expires_on, reason, granted_by)
                VALUES (lyceum.current_school(), \(RuleKey.new), \(RuleKey.maths7), '2026-09-01', '2026-10-24',
                    '2026-12-31', 'Приказ 17', \(by))
            """
        #expect(try school.refusal(of: unlock) == wanted)
    }

    @Test func m4UnlockIsOnlyRevoked() throws {
        try school.run(RuleSchool.unlock(.maths7, from: "2026-09-01", to: "2026-10-24", until: "2026-12-31"))
        let change = { RuleSchool.update("unlocks", .new, $0) }
        for assignment in [
            "expires_on = '2027-12-31'", "starts_on = '2026-01-01'", "section_id = \(RuleKey.maths1)",
            "granted_by = \(RuleKey.teacher)", "reason = 'x'",
        ] {
            #expect(try school.refusal(of: change(assignment)) == SQLRefusal("LYM06", "not_movable"), "\(assignment)")
        }
        try school.run(RuleSchool.revocation())
        #expect(try school.refusal(of: change("revoked_at = NULL")) == SQLRefusal("LYM06", "not_movable"))
    }

    /// M1: the second half of the year begins in its middle third: 1 December to 1 March.
    @Test(arguments: [
        ("2026-09-02", SQLRefusal?.some(.check("academic_years_second_half"))),
        ("2026-11-30", .check("academic_years_second_half")), ("2026-12-01", nil), ("2027-01-11", nil),
        ("2027-03-01", nil), ("2027-03-02", .check("academic_years_second_half")),
    ])
    func m1SecondHalfIsNotTheBeginning(_ day: String, _ wanted: SQLRefusal?) throws {
        let move = RuleSchool.update("academic_years", .year, "second_half_starts_on = '\(day)'")
        #expect(try school.refusal(of: move) == wanted)
    }

    /// M1: a year that is stretched or shortened would move its middle third.
    @Test(arguments: [
        ("2026-01-01", "2027-05-31", "2026-09-01", SQLRefusal?.some(.check("academic_years_length"))),
        ("2026-08-01", "2026-10-31", "2026-09-01", .check("academic_years_length")),
        ("2026-09-01", "2027-09-05", "2027-01-11", nil),
        ("2026-09-01", "2027-09-06", "2027-01-11", .check("academic_years_length")),
        ("2026-09-01", "2027-04-28", "2027-01-11", nil),
        ("2026-09-01", "2027-04-27", "2027-01-11", .check("academic_years_length")),
    ])
    func m1YearHasTheLengthOfAYear(_ starts: String, _ ends: String, _ half: String, _ wanted: SQLRefusal?) throws {
        let dates = "starts_on = '\(starts)', ends_on = '\(ends)', second_half_starts_on = '\(half)'"
        #expect(try school.refusal(of: RuleSchool.update("academic_years", .year, dates)) == wanted)
        let insert = """
            INSERT INTO academic_years (school_id, id, name, starts_on, ends_on, second_half_starts_on)
            VALUES (lyceum.current_school(), \(RuleKey.new), 'Иной', '\(starts)'::date + 3650, '\(ends)'::date + 3650,
                '\(half)'::date + 3650)
            """
        #expect(try school.refusal(of: insert) == wanted)
    }

    /// M1: the middle third of a year whose lessons have records stays where it is.
    @Test func m1YearWithRecordsKeepsItsFirstDay() throws {
        let move = { (day: String) in RuleSchool.update("academic_years", .year, "starts_on = '\(day)'") }
        #expect(try school.refusal(of: move("2026-08-15")) == nil)
        try school.run(RuleSchool.mark(.anna, at: .recent))
        #expect(try school.refusal(of: move("2026-08-15")) == .check("academic_years_first_day"))
        #expect(try school.refusal(of: RuleSchool.update("academic_years", .year, "ends_on = '2027-06-10'")) == nil)
        try school.run("UPDATE marks SET (kind, number) = (NULL, NULL)")
        #expect(try school.refusal(of: move("2026-08-15")) == nil)
        try school.run(RuleSchool.attendance(.anna, at: .recent))
        #expect(try school.refusal(of: move("2026-08-15")) == .check("academic_years_first_day"))
    }

    /// M1, M2: a section with marks or final marks keeps its grading.
    @Test func m1SectionWithMarksKeepsItsGrading() throws {
        let change = { (grading: String) in RuleSchool.update("sections", .maths7, "grading = '\(grading)'") }
        #expect(try school.refusal(of: change("none")) == nil)
        try school.run(RuleSchool.mark(.anna, at: .recent))
        #expect(try school.refusal(of: change("none")) == .check("sections_grading"))
        #expect(try school.refusal(of: change("pass_fail")) == .check("sections_grading"))
        #expect(try school.refusal(of: change("marks")) == nil)
        try school.run("UPDATE marks SET (kind, number) = (NULL, NULL)")
        #expect(try school.refusal(of: change("none")) == nil)
        try school.run(RuleSchool.final(.anna, "year", nil, .number(5), section: .maths7))
        #expect(try school.refusal(of: change("none")) == .check("sections_grading"))
    }

    /// A year from before these bounds stays as it is, and is closed, until somebody changes its dates.
    @Test func m1YearsFromBeforeTheBoundsStand() throws {
        let database = try TestDatabase(.empty)
        let migrator = try Migrator(url: database.ownerURL, Migrations.load(directory: TestDatabase.migrations))
        try migrator.up(to: 9)
        let owner = try BlockingConnection(url: database.superuserURL)
        try owner.execute(
            """
            INSERT INTO schools (id, code, name) OVERRIDING SYSTEM VALUE VALUES (1, 'old', 'Старая');
            SET lyceum.school_id = '1';
            INSERT INTO academic_years (school_id, id, name, starts_on, ends_on, second_half_starts_on)
                VALUES (1, gen_random_uuid(), '2025', '2025-01-01', '2026-05-31', '2025-02-01');
            """)
        try migrator.up(allowDestructive: true)
        try owner.execute("UPDATE academic_years SET state = 'closed'")
        let failure = try #require(throws: BlockingConnection.Failure.self) {
            try owner.execute("UPDATE academic_years SET ends_on = '2026-05-30'")
        }
        #expect(SQLRefusal(failure) == .check("academic_years_length"))
        try owner.execute("UPDATE academic_years SET starts_on = '2025-09-01', second_half_starts_on = '2026-01-12'")
    }
}
