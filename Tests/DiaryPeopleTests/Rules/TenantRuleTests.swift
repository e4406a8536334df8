import DiaryTestSupport
import Testing

/// Row-level security isolates schools in every statement.
@Suite struct TenantRuleTests {
    let school: RuleSchool

    init() throws {
        school = try RuleSchool()
        try school.run(RuleSchool.mark(.anna, at: .recent))
        try school.run(RuleSchool.attendance(.anna, at: .recent))
        try school.run(RuleSchool.final(.anna, "year", nil, .number(5)))
        try school.run(RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16"))
        try school.run(RuleSchool.unlock(.maths7, from: "2026-09-01", to: "2026-09-30", until: "2026-10-15"))
        try school.run("DELETE FROM holidays WHERE id = \(RuleKey.firstGradeHolidays)")
    }

    /// All tables of the schema except the list of schools and the migrations' own, with the number of rows of a
    /// school.
    private func counts() throws -> [String: String?] {
        let tables = try school.values(
            """
            SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
                AND relname NOT IN ('schools', 'schema_migrations', 'schema_functions')
            """)
        var counts: [String: String?] = [:]
        for case let table? in tables {
            counts[table] = try school.value("SELECT count(*) FROM \(table) WHERE school_id = \(school.id)")
        }
        return counts
    }

    @Test func everyTableIsProtected() throws {
        let open = try school.values(
            """
            SELECT c.relname FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm', 'f')
                AND c.relname NOT IN ('schools', 'schema_migrations', 'schema_functions')
                AND NOT (c.relrowsecurity AND (
                    SELECT count(*) = 1 AND bool_and(p.polcmd = '*' AND p.polqual IS NOT NULL
                        AND p.polwithcheck IS NOT NULL)
                    FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive))
            """)
        #expect(open == [])
        #expect(
            try school.values(
                """
                SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname IN ('lyceum', 'public') AND c.relkind IN ('v', 'm')
                    AND NOT coalesce(c.reloptions::text[] @> '{security_invoker=true}', false)
                """) == [])
        #expect(
            try school.value("SELECT bool_or(rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname = current_user")
                == "f")
    }

    @Test func ownSchoolIsVisibleAndNothingElse() throws {
        let own = try counts()
        try school.become(.owner)
        #expect(try counts() == own)
        try school.become(.server)
        #expect(own["marks"] == "1" && own["mark_history"] == "1" && own["users"] == "18" && own["changes"] != "0")
        _ = try school.neighbour()
        for table in own.keys where table != "school_settings" {
            let foreign = "SELECT count(*) FROM \(table) WHERE school_id <> \(school.id)"
            #expect(try school.value(foreign) == "0", "\(table)")
        }
    }

    @Test(arguments: ["", "0", "neighbour"])
    func withoutTheSchoolNothingIsVisibleAndNothingIsReached(_ other: String) throws {
        let filled = try counts().filter { $0.value != "0" }.keys
        let neighbour = try school.neighbour()
        let set = other == "neighbour" ? "\(neighbour.id)" : other
        #expect(try school.value("SELECT count(*) FROM lyceum.lesson_locks WHERE school_id = \(school.id)") != "0")
        try school.set("school_id", to: set)
        for table in filled {
            let rows = "SELECT count(*) FROM \(table) WHERE school_id = \(school.id)"
            #expect(try school.value(rows) == "0", "\(table)")
        }
        #expect(try school.value("SELECT count(*) FROM lyceum.lesson_locks WHERE school_id = \(school.id)") == "0")
        #expect(try school.value("SELECT count(*) FROM schools WHERE id = \(school.id)") == "1")
        let mark = "\(school.id), \(RuleKey.recent.column), \(RuleKey.boris), 'number', 5, NULL"
        #expect(try school.value("SELECT lyceum.mark_refusal(\(mark))") == "not_found")
        #expect(try school.value("SELECT count(*) FROM lyceum.seen_students(\(school.id), \(RuleKey.anna))") == "0")

        let update = "UPDATE students SET phone = '1' WHERE school_id = \(school.id)"
        let delete = "DELETE FROM holidays WHERE school_id = \(school.id)"
        for statement in [update, delete] {
            #expect(try school.affected(by: statement) == 0)
        }
        let insert = "INSERT INTO rooms (school_id, id, name) VALUES (\(school.id), \(RuleKey.new), '103')"
        #expect(try school.refusal(of: insert) == .rowSecurity)

        // The same statement reaches its own school.
        try school.set("school_id", to: "\(school.id)")
        #expect(try school.value("SELECT lyceum.mark_refusal(\(mark))") == nil)
        #expect(try school.affected(by: update) == 9)
        #expect(try school.affected(by: delete) == 1)
        #expect(try school.refusal(of: insert) == nil)
    }

    @Test(arguments: ["rooms", "subjects", "holidays", "categories"])
    func noRowMovesToAnotherSchool(_ table: String) throws {
        let neighbour = try school.neighbour()
        let move = { (id: Int) in "UPDATE \(table) SET school_id = \(id)" }
        #expect(try school.refusal(of: move(neighbour.id)) == .rowSecurity)
        #expect(try school.refusal(of: move(school.id)) == nil)
    }

    @Test func keysNeverCrossSchools() throws {
        // The neighbour's students have the same ids; an id that only the neighbour has is not found here.
        let neighbour = try school.neighbour()
        try neighbour.enter()
        try neighbour.run(
            """
            INSERT INTO users (school_id, id, last_name, first_name)
                VALUES (lyceum.current_school(), \(RuleKey.new), 'Фамилия', 'Имя');
            INSERT INTO students (school_id, id) VALUES (lyceum.current_school(), \(RuleKey.new));
            """)
        let enroll = """
            INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
                VALUES (lyceum.current_school(), \(RuleKey.new), \(RuleKey.new), \(RuleKey.class7), '2026-10-15')
            """
        #expect(try neighbour.refusal(of: enroll) == nil)
        try school.enter()
        #expect(
            try school.refusal(of: enroll) == .foreignKey("enrollments_school_id_student_id_fkey"))
    }

    @Test(arguments: [
        "UPDATE schools SET name = 'x'", "DELETE FROM schools", "INSERT INTO schools (code, name) VALUES ('x', 'x')",
        "CREATE TABLE public.x ()", "CREATE FUNCTION lyceum.x() RETURNS int LANGUAGE sql RETURN 1",
        "CALL lyceum.protect('schools', 'select')",
        "DELETE FROM students", "DELETE FROM users", "TRUNCATE rooms CASCADE",
    ])
    func serverChangesNeitherSchoolsNorTheSchema(_ statement: String) throws {
        #expect(try school.refusal(of: statement) == .noPrivilege)
        #expect(try school.refusal(of: "SELECT FROM schools") == nil)
    }

    @Test(arguments: [
        "ALTER TABLE marks DISABLE TRIGGER USER", "ALTER TABLE marks DISABLE ROW LEVEL SECURITY", "DROP TABLE marks",
    ])
    func serverOwnsNothing(_ statement: String) throws {
        #expect(try school.refusal(of: statement)?.state == "42501")
        try school.become(.owner)
        #expect(
            try school.value(
                "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'marks'::regclass") == "lyceum_owner")
    }

    @Test func historyIsWrittenIntoTheOwnSchoolOnly() throws {
        let neighbour = try school.neighbour()
        try school.become(.owner)
        let foreign = "SELECT count(*) FROM mark_history WHERE school_id = \(neighbour.id)"
        #expect(try school.value(foreign) == "0")
        #expect(try school.value("SELECT count(*) FROM mark_history WHERE school_id = \(school.id)") == "1")
        #expect(
            try school.value(
                "SELECT count(DISTINCT school_id) FROM audit_log WHERE school_id IN (\(school.id), \(neighbour.id))")
                == "2")
    }
}
