import DiaryTestSupport
import Testing

/// A1, A3: what families see. A4: where teachers write. A2, A6: codes and sessions.
@Suite struct AccessRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    private func seen(by user: RuleKey) throws -> [String?] {
        try school.values("SELECT student_id FROM lyceum.seen_students(\(school.id), \(user)) ORDER BY 1")
    }

    // MARK: A1

    @Test func a1PupilSeesItself() throws {
        #expect(try seen(by: .anna) == [RuleKey.anna.uuid])
        #expect(try seen(by: .newcomer) == [RuleKey.newcomer.uuid])
    }

    @Test func a1GuardianSeesOwnChildren() throws {
        #expect(try seen(by: .mother) == [])
        try school.run(RuleSchool.guardianship(.mother, of: .anna, from: "2026-09-01"))
        try school.run(RuleSchool.guardianship(.mother, of: .firstGrader, from: "2026-09-01", id: .other))
        #expect(try seen(by: .mother) == [RuleKey.anna.uuid, RuleKey.firstGrader.uuid])
        #expect(try seen(by: .father) == [])
    }

    @Test func a1TeacherSeesNoPupilAsFamily() throws {
        #expect(try seen(by: .teacher) == [])
        try school.set("user_id", to: RuleKey.deputyHead.uuid)
        try school.run(
            """
            INSERT INTO guardians (school_id, id) VALUES (lyceum.current_school(), \(RuleKey.teacher));
            \(RuleSchool.guardianship(.teacher, of: .boris, from: "2026-09-01"))
            """)
        #expect(try seen(by: .teacher) == [RuleKey.boris.uuid])
    }

    // MARK: A3

    @Test(arguments: [
        ("full", "2026-09-01", String?.none, true),
        ("none", "2026-09-01", nil, false),
        ("full", "2026-09-01", "2026-10-15", true),  // ends today
        ("full", "2026-09-01", "2026-10-14", false),  // ended yesterday
        ("full", "2026-10-15", nil, true),  // begins today
        ("full", "2026-10-16", nil, false),  // begins tomorrow
        ("none", "2026-10-15", "2026-10-15", false),
    ])
    func a3AccessAndDatesDecide(_ access: String, _ starts: String, _ ends: String?, _ sees: Bool) throws {
        try school.run(RuleSchool.guardianship(.mother, access: access, from: starts, to: ends))
        #expect(try seen(by: .mother) == (sees ? [RuleKey.anna.uuid] : []))
        for pupil in [RuleKey.anna, .boris] {
            let answer = try school.value("SELECT lyceum.sees_student(\(school.id), \(RuleKey.mother), \(pupil))")
            #expect(answer == (sees && pupil == .anna ? "t" : "f"))
        }
    }

    @Test func a3LimitByACourtClosesAtOnceAndForTheOneGuardian() throws {
        try school.run(RuleSchool.guardianship(.mother, from: "2026-09-01"))
        try school.run(RuleSchool.guardianship(.father, from: "2026-09-01", relation: "father", id: .other))
        try school.run(RuleSchool.update("guardianships", .other, "access = 'none'"))
        #expect(try seen(by: .father) == [])
        #expect(try seen(by: .mother) == [RuleKey.anna.uuid])
    }

    @Test(arguments: [
        (RuleKey.mother, "2026-12-31", SQLRefusal?.some(.overlap("guardianships_no_overlap"))),
        (.mother, "2027-01-01", nil), (.father, "2026-12-31", nil),
    ])
    func a3OneGuardianshipOfAPairAtATime(_ guardian: RuleKey, _ starts: String, _ wanted: SQLRefusal?) throws {
        try school.run(RuleSchool.guardianship(.mother, from: "2026-09-01", to: "2026-12-31"))
        #expect(try school.refusal(of: RuleSchool.guardianship(guardian, from: starts, id: .other)) == wanted)
    }

    @Test(arguments: [
        ("mother", "full", nil), ("father", "none", nil), ("legal_guardian", "full", nil),
        ("organisation", "full", nil),
        ("aunt", "full", SQLRefusal.check("guardianships_relation")),
        ("mother", "some", .check("guardianships_access")),
    ])
    func a3RelationAndAccessAreOfTheRule(_ relation: String, _ access: String, _ wanted: SQLRefusal?) throws {
        let guardianship = RuleSchool.guardianship(.mother, access: access, from: "2026-09-01", relation: relation)
        #expect(try school.refusal(of: guardianship) == wanted)
    }

    // MARK: A4

    @Test(arguments: [
        (RuleKey.formerTeacher, "2026-10-12", true), (.formerTeacher, "2026-10-13", false),
        (.formerTeacher, "2026-08-31", false), (.teacher, "2026-10-12", false), (.teacher, "2026-10-13", true),
        (.substitute, "2026-10-13", false),
    ])
    func a4TeacherOfASectionOnADate(_ teacher: RuleKey, _ date: String, _ teaches: Bool) throws {
        let answer = try school.value("SELECT lyceum.teaches(\(school.id), \(teacher), \(RuleKey.maths7), '\(date)')")
        #expect(answer == (teaches ? "t" : "f"))
        let days = try school.value(
            "SELECT coalesce('\(date)'::date <@ lyceum.taught_days(\(school.id), \(teacher), \(RuleKey.maths7)), false)"
        )
        #expect(days == answer)
    }

    @Test(arguments: [
        (RuleKey.substitute, RuleKey.substituted, true), (.substitute, .recent, false),
        (.formerTeacher, .substituted, true), (.formerTeacher, .recent, false), (.teacher, .recent, true),
        (.deputyHead, .recent, false),
    ])
    func a4SubstituteInThatLessonOnly(_ teacher: RuleKey, _ lesson: RuleKey, _ teaches: Bool) throws {
        let answer = try school.value("SELECT lyceum.teaches_lesson(\(school.id), \(teacher), \(lesson))")
        #expect(answer == (teaches ? "t" : "f"))
    }

    @Test(arguments: [
        (RuleKey.anna, "2026-10-15", true), (.anna, "2026-09-30", false), (.tenthGrader, "2026-10-15", false),
        (.leaver, "2026-10-10", true), (.leaver, "2026-10-11", false), (.homePupil, "2026-10-15", true),
    ])
    func a4ClassTeacherOfTheDatesPupils(_ pupil: RuleKey, _ date: String, _ leads: Bool) throws {
        try school.run(
            """
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on) VALUES
                (lyceum.current_school(), \(RuleKey.new), \(RuleKey.class7), \(RuleKey.teacher), '2026-10-01')
            """)
        let answer = try school.value(
            "SELECT lyceum.is_class_teacher(\(school.id), \(RuleKey.teacher), \(pupil), '\(date)')")
        #expect(answer == (leads ? "t" : "f"))
    }

    @Test func a4OneLeadAtATimeAndAnyNumberBeside() throws {
        let teacher = { (role: String, from: String) in
            """
            INSERT INTO section_teachers (school_id, id, section_id, teacher_id, role, starts_on, ends_on) VALUES
                (lyceum.current_school(), \(RuleKey.new), \(RuleKey.maths7), \(RuleKey.substitute), '\(role)', '\(from)',
                    '2026-10-31')
            """
        }
        #expect(try school.refusal(of: teacher("lead", "2026-10-12")) == .overlap("section_teachers_one_lead"))
        #expect(try school.refusal(of: teacher("co", "2026-10-12")) == nil)
        try school.run("UPDATE section_teachers SET ends_on = '2026-10-20' WHERE id = \(RuleKey(702))")
        #expect(try school.refusal(of: teacher("lead", "2026-10-20")) == .overlap("section_teachers_one_lead"))
        #expect(try school.refusal(of: teacher("lead", "2026-10-21")) == nil)
    }

    // MARK: A2, A6

    @Test(arguments: [
        ("administrator", true), ("head", true), ("deputy_head", true), ("teacher", true), ("guardian", false),
        ("student", false),
    ])
    func a2StaffIsWhoHoldsARoleOfStaff(_ role: String, _ isStaff: Bool) throws {
        try school.run(
            """
            INSERT INTO user_roles (school_id, user_id, role) VALUES
                (lyceum.current_school(), \(RuleKey.mother), '\(role)'),
                (lyceum.current_school(), \(RuleKey.father), 'guardian')
            """)
        for (person, wanted) in [(RuleKey.mother, isStaff), (.father, false), (.anna, false)] {
            #expect(try school.value("SELECT lyceum.is_staff(\(school.id), \(person))") == (wanted ? "t" : "f"))
        }
    }

    @Test(arguments: [
        ("2026-10-15", "NULL", true), ("2026-10-01", "'2026-10-15'", true), ("2026-10-01", "'2026-10-14'", false),
        ("2026-10-16", "NULL", false),
    ])
    func a2WhoLeadsAClassTodayIsStaff(_ starts: String, _ ends: String, _ isStaff: Bool) throws {
        try school.run(
            """
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on, ends_on) VALUES
                (lyceum.current_school(), \(RuleKey.new), \(RuleKey.class7), \(RuleKey.teacher), '\(starts)', \(ends))
            """)
        let answer = try school.value("SELECT lyceum.is_staff(\(school.id), \(RuleKey.teacher))")
        #expect(answer == (isStaff ? "t" : "f"))
    }

    /// The class teacher of 2А, who teaches mathematics in 7А.
    @Test(arguments: [
        (RuleKey.secondGrader, true), (.anna, true), (.deputyHead, true), (.mother, true), (.homePupil, false),
        (.firstGrader, false), (.leaver, false), (.newcomer, false), (.father, false),
    ])
    func a2ATeacherSeesTheOwnClassItsGuardiansPupilsTaughtAndColleagues(_ person: RuleKey, _ sees: Bool) throws {
        try school.run(
            """
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on) VALUES
                (lyceum.current_school(), \(RuleKey.new), \(RuleKey.class2), \(RuleKey.teacher), '2026-10-01');
            INSERT INTO user_roles (school_id, user_id, role) VALUES
                (lyceum.current_school(), \(RuleKey.deputyHead), 'deputy_head');
            \(RuleSchool.guardianship(.mother, of: .secondGrader, access: "none", from: "2026-09-01", id: .other))
            \(RuleSchool.guardianship(.father, of: .secondGrader, from: "2026-09-01", to: "2026-10-14", relation: "father",
                id: RuleKey(9998)))
            """)
        let answer = try school.value(
            "SELECT lyceum.knows_person(\(school.id), \(RuleKey.teacher), \(person))")
        #expect(answer == (sees ? "t" : "f"))
    }

    /// The role of a teacher opens nothing by itself. The rest is another administrator's to give, or the command
    /// line's.
    @Test(arguments: [
        (RuleKey.teacher, "head", true), (.teacher, "deputy_head", true), (.teacher, "administrator", true),
        (.teacher, "teacher", false), (.teacher, "guardian", false), (.substitute, "head", false),
    ])
    func a2NobodyGrantsThemselvesARoleThatReadsMore(_ person: RuleKey, _ role: String, _ isOwn: Bool) throws {
        let granted = """
            INSERT INTO user_roles (school_id, user_id, role) VALUES (lyceum.current_school(), \(person), '\(role)')
                ON CONFLICT (school_id, user_id, role) DO NOTHING;
            """
        #expect(try school.refusal(of: granted) == (isOwn ? SQLRefusal("LYA08", "own_role") : nil))
        try school.set("user_id", to: "")
        try school.run(granted)
        // To name a role that is there already is no grant.
        try school.set("user_id", to: RuleKey.teacher.uuid)
        #expect(try school.refusal(of: granted) == nil)
    }

    @Test func a2OneLiveCodeOfAPerson() throws {
        let code = { (id: RuleKey, user: RuleKey) in
            """
            INSERT INTO activation_codes (school_id, id, user_id, code_hash, expires_at)
                VALUES (lyceum.current_school(), \(id), \(user), '\\x01', now() + interval '14 days');
            """
        }
        try school.run(code(.new, .anna))
        #expect(try school.refusal(of: code(.other, .anna)) == .duplicate("activation_codes_one_live"))
        #expect(try school.refusal(of: code(.other, .boris)) == nil)
        for column in ["revoked_at", "used_at"] {
            let spent = RuleSchool.update("activation_codes", .new, "\(column) = now()")
            #expect(try school.refusal(of: spent + code(.other, .anna)) == nil)
        }
    }

    @Test func a2LoginIsOneWithoutRegardToCase() throws {
        try school.run(RuleSchool.update("users", .anna, "login = 'Anna.K'"))
        #expect(try school.value("SELECT login FROM users WHERE id = \(RuleKey.anna)") == "anna.k")
        let login = { (login: String) in RuleSchool.update("users", .boris, "login = '\(login)'") }
        #expect(try school.refusal(of: login("ANNA.K")) == .duplicate("users_login_key"))
        #expect(try school.refusal(of: login("anna k")) == .check("users_login"))
        #expect(try school.refusal(of: login("boris.k")) == nil)
    }

    @Test(arguments: [
        ("", nil), ("UPDATE sessions SET ended_at = now()", SQLRefusal("LYA00", "invalid_token")),
        ("UPDATE sessions SET expires_at = now()", SQLRefusal("LYA00", "invalid_token")),
        ("UPDATE users SET state = 'blocked' WHERE login = 'teacher'", SQLRefusal("LYA00", "invalid_token")),
        ("SET LOCAL lyceum.session_id = ''", SQLRefusal("LYA00", "invalid_token")),
        ("SET LOCAL lyceum.user_id = '\(RuleKey.substitute.uuid)'", SQLRefusal("LYA00", "invalid_token")),
    ])
    func a6EndedSessionWritesNothing(_ change: String, _ wanted: SQLRefusal?) throws {
        try school.run(
            """
            UPDATE users SET login = 'teacher', password_hash = 'x', state = 'active' WHERE id = \(RuleKey.teacher)
                AND school_id = lyceum.current_school();
            INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at) VALUES
                (lyceum.current_school(), \(RuleKey.new), \(RuleKey.teacher), 'web', '\\x01', now() + interval '1 day');
            SET LOCAL lyceum.session_id = '\(RuleKey.new.uuid)';
            """)
        #expect(try school.refusal(of: change + "; SELECT lyceum.require_session()") == wanted)
    }
}
