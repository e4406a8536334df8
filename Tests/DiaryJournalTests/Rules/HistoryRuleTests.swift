import DiaryTestSupport
import Testing

/// A5: the histories record who changed what, when, why, and in which request; nobody can rewrite them.
@Suite struct HistoryRuleTests {
    let school: RuleSchool

    init() throws {
        school = try RuleSchool()
        try school.set("reason", to: "Ошибка в журнале")
    }

    /// The columns of every history.
    static let context = "changed_by, reason, request_id, changed_at = now()"
    static let said = [RuleKey.teacher.uuid, "Ошибка в журнале", "request-1", "t"]

    @Test func a5EveryVersionOfAMark() throws {
        try school.run(RuleSchool.mark(.anna, at: .recent))
        try school.run(RuleSchool.change(.anna, at: .recent, to: .owed(until: "2026-10-20")))
        try school.run(RuleSchool.change(.anna, at: .recent, to: .nothing))
        let history = try school.rows(
            """
            SELECT version, old_kind, old_number, old_code, old_due_on, new_kind, new_number, new_code, new_due_on,
                student_id, line_item_id, \(Self.context)
            FROM mark_history ORDER BY version
            """)
        let cell: [String?] = [RuleKey.anna.uuid, RuleKey.recent.column.uuid]
        #expect(
            history == [
                ["1", nil, nil, nil, nil, "number", "5", nil, nil] + cell + Self.said,
                ["2", "number", "5", nil, nil, "code", nil, "owed", "2026-10-20"] + cell + Self.said,
                ["3", "code", nil, "owed", "2026-10-20", nil, nil, nil, nil] + cell + Self.said,
            ])
    }

    @Test func a5HistoryRecordsWhoMadeTheChange() throws {
        try school.run(RuleSchool.mark(.anna, at: .recent))
        try school.set("user_id", to: RuleKey.substitute.uuid)
        try school.set("request_id", to: "request-2")
        try school.set("reason", to: "")
        try school.run(RuleSchool.change(.anna, at: .recent, to: .number(4)))
        let history = try school.rows(
            "SELECT changed_by, reason, request_id FROM mark_history ORDER BY version")
        #expect(
            history == [
                [RuleKey.teacher.uuid, "Ошибка в журнале", "request-1"], [RuleKey.substitute.uuid, nil, "request-2"],
            ])
    }

    @Test func a5EveryMarkOfABatch() throws {
        try school.run(
            """
            INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number)
                SELECT lyceum.current_school(), gen_random_uuid(), \(RuleKey.recent.column), pupil, 'number', 5
                FROM unnest(array[\(RuleKey.anna), \(RuleKey.boris), \(RuleKey.vera)]) pupil
            """)
        try school.run("UPDATE marks SET number = 4 WHERE student_id <> \(RuleKey.vera)")
        let history = try school.values(
            """
            SELECT right(student_id::text, 3) || ' ' || version || ' ' || new_number FROM mark_history
            ORDER BY student_id, version
            """)
        #expect(history == ["201 1 5", "201 2 4", "202 1 5", "202 2 4", "203 1 5"])
    }

    @Test func m12HistoryRecordsPublishing() throws {
        try school.run(RuleSchool.mark(.anna, at: .recent))
        try school.run("UPDATE marks SET published_at = NULL; UPDATE marks SET published_at = now()")
        let history = try school.values("SELECT published_at IS NULL FROM mark_history ORDER BY version")
        #expect(history == ["f", "t", "f"])
    }

    @Test func a5EveryVersionOfAttendance() throws {
        try school.run(RuleSchool.attendance(.anna, at: .recent, "late", minutes: 5, label: .labelLate))
        try school.run(RuleSchool.decision(.anna, at: .recent, "excused"))
        let history = try school.rows(
            """
            SELECT version, old_meaning, old_minutes, old_decided_meaning, new_meaning, new_minutes,
                new_decided_meaning, new_code_id, \(Self.context)
            FROM attendance_history ORDER BY version
            """)
        let first: [String?] = ["1", nil, nil, nil, "late", "5", nil, RuleKey.labelLate.uuid] + Self.said
        let second: [String?] = ["2", "late", "5", nil, "late", "5", "excused", RuleKey.labelLate.uuid]
        let byClassTeacher: [String?] = [RuleKey.classTeacher.uuid] + Array(Self.said.dropFirst())
        #expect(history == [first, second + byClassTeacher])
    }

    @Test func a5EveryVersionOfAFinalMark() throws {
        try school.run(RuleSchool.final(.anna, "exam", nil, .number(4), points: 60))
        try school.run("UPDATE final_marks SET number = 5, exam_points = 80")
        let history = try school.rows(
            """
            SELECT version, old_kind, old_number, old_exam_points, new_kind, new_number, new_exam_points, \(Self.context)
            FROM final_mark_history ORDER BY version
            """)
        #expect(
            history == [
                ["1", nil, nil, nil, "number", "4", "60"] + Self.said,
                ["2", "number", "4", "60", "number", "5", "80"] + Self.said,
            ])
    }

    // MARK: The audit log

    @Test(arguments: [
        ("students", RuleKey.anna, "phone = '+7 900 000-00-00'", "phone"),
        ("guardians", .mother, "email = 'a@example.org'", "email"),
        ("staff", .teacher, "position = 'Учитель'", "position"),
        ("users", .anna, "last_name = 'Иванова'", "last_name"),
        ("terms", .quarter1, "marks_close_on = '2026-10-30'", "marks_close_on"),
        ("academic_years", .year, "state = 'closed'", "state"),
        ("enrollments", RuleSchool.enrollment(.anna), "end_reason = 'Переезд'", "end_reason"),
        ("section_teachers", RuleKey(702), "role = 'co'", "role"),
    ])
    func a5ProfilesAndTeachingLoadAreRecorded(_ table: String, _ id: RuleKey, _ change: String, _ column: String) throws
    {
        let old = try school.value("SELECT \(column) FROM \(table) WHERE id = \(id)")
        try school.run(RuleSchool.update(table, id, change))
        let new = try school.value("SELECT \(column) FROM \(table) WHERE id = \(id)")
        let record = try school.rows(
            """
            SELECT before ->> '\(column)', after ->> '\(column)', (SELECT count(*) FROM jsonb_object_keys(after)),
                \(Self.context)
            FROM audit_log WHERE entity = '\(table)' AND entity_id = \(id) AND action = 'update'
            """)
        #expect(record == [[old, new, "1"] + Self.said])
    }

    @Test func a5SettingsAreRecorded() throws {
        try school.run("UPDATE school_settings SET edit_window_days = 7 WHERE school_id = lyceum.current_school()")
        let record = try school.rows(
            """
            SELECT before, after, \(Self.context) FROM audit_log
            WHERE entity = 'school_settings' AND action = 'update'
            """)
        #expect(record == [[#"{"edit_window_days": 14}"#, #"{"edit_window_days": 7}"#] + Self.said])
    }

    @Test func a5CredentialsAreRecordedWithoutTheSecret() throws {
        try school.run(RuleSchool.update("users", .anna, "login = 'anna', password_hash = 'scrypt-secret'"))
        try school.run(
            """
            INSERT INTO activation_codes (school_id, id, user_id, code_hash, expires_at) VALUES
                (lyceum.current_school(), \(RuleKey.new), \(RuleKey.anna), 'scrypt-secret', now())
            """)
        let log = "SELECT after ->> 'password_hash', after ->> 'code_hash' FROM audit_log WHERE "
        #expect(
            try school.rows(log + "entity = 'users' AND entity_id = \(RuleKey.anna) AND action = 'update'")
                == [["hidden", nil]])
        #expect(try school.rows(log + "entity = 'activation_codes'") == [[nil, "hidden"]])
        #expect(try school.value("SELECT count(*) FROM audit_log WHERE after::text ~ 'secret|7363727970'") == "0")
    }

    @Test func a5RolesGrantedOrWithdrawnAndDeletedGuardianshipsAreRecorded() throws {
        try school.run(
            """
            INSERT INTO user_roles (school_id, user_id, role)
                VALUES (lyceum.current_school(), \(RuleKey.teacher), 'teacher');
            DELETE FROM user_roles WHERE user_id = \(RuleKey.teacher);
            \(RuleSchool.guardianship(.mother, from: "2026-09-01"))
            DELETE FROM guardianships;
            """)
        let log = try school.values(
            """
            SELECT entity || ' ' || action || ' ' || coalesce(after ->> 'role', before ->> 'role', before ->> 'relation', '')
            FROM audit_log WHERE entity IN ('user_roles', 'guardianships') AND NOT (entity, action) = ('guardianships', 'insert')
            ORDER BY id
            """)
        #expect(log == ["user_roles insert teacher", "user_roles delete teacher", "guardianships delete mother"])
    }

    @Test func a5EventsWithoutAChangedRowAreRecordedByName() throws {
        let call = "SELECT lyceum.record_audit('read', 'profile', \(RuleKey.anna), '{\"fields\": 3}')"
        #expect(try school.refusal(of: call) == .noPrivilege)
        try school.become(.owner)
        try school.run(call)
        try school.become(.server)
        let record = try school.rows(
            "SELECT school_id, entity_id, after ->> 'fields', \(Self.context) FROM audit_log WHERE action = 'read'")
        #expect(record == [["\(school.id)", RuleKey.anna.uuid, "3"] + Self.said])
    }

    @Test func a5UnchangedRowIsNotRecorded() throws {
        try school.run(RuleSchool.update("students", .anna, "phone = phone"))
        #expect(
            try school.value("SELECT count(*) FROM audit_log WHERE entity = 'students' AND action = 'update'") == "0")
        try school.run(RuleSchool.update("students", .anna, "phone = '1'"))
        #expect(
            try school.value("SELECT count(*) FROM audit_log WHERE entity = 'students' AND action = 'update'") == "1")
    }

    // MARK: Append-only

    @Test(arguments: ["mark_history", "attendance_history", "final_mark_history", "audit_log", "changes"])
    func a5ServerOnlyReads(_ table: String) throws {
        try school.run(RuleSchool.mark(.anna, at: .recent))
        try school.run(RuleSchool.attendance(.anna, at: .recent))
        try school.run(RuleSchool.final(.anna, "year", nil, .number(5)))
        try school.run("DELETE FROM holidays WHERE id = \(RuleKey.firstGradeHolidays)")
        #expect(try school.value("SELECT count(*) > 0 FROM \(table)") == "t")
        for statement in [
            "INSERT INTO \(table) (school_id) VALUES (lyceum.current_school())",
            "UPDATE \(table) SET school_id = school_id",
            "DELETE FROM \(table)", "TRUNCATE \(table)",
        ] {
            #expect(try school.refusal(of: statement) == .noPrivilege, "\(statement)")
        }
    }
}
