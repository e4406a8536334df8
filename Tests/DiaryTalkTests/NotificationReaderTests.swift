import DiaryTestSupport
import Testing

/// A1, A3: whom a notification reaches is decided when it is read.
@Suite struct NotificationReaderTests {
    let school: ToldSchool

    /// The grandmother has no access, the uncle's guardianship has ended, and the aunt represents Boris.
    init() throws {
        school = try ToldSchool()
        try school.told(
            RuleSchool.guardianship(
                .grandmother, access: "none", from: "2026-09-01", relation: "legal_guardian", id: RuleKey(9303))
                + RuleSchool.guardianship(
                    .uncle, from: "2026-09-01", to: "2026-10-14", relation: "legal_guardian", id: RuleKey(9304)))
        try school.told(RuleSchool.mark(.anna, at: .recent))
    }

    private func reach(_ person: RuleKey, today: String = "2026-10-15") throws -> [String?] {
        try school.rows(
            """
            SELECT n.kind
            FROM (SELECT set_config('lyceum.today', '\(today)', false)) t
            CROSS JOIN LATERAL (SELECT n.* FROM lyceum.notifications_for(\(RuleSchool.school), \(person)) n OFFSET 0) n
            """
        ).map { $0[0] }
    }

    private func unread(_ person: RuleKey) throws -> String? {
        try school.value("SELECT lyceum.unread_notifications(\(RuleSchool.school), \(person))")
    }

    private static func receipt(_ person: RuleKey, of kind: String = "mark") -> String {
        """
        INSERT INTO notification_receipts (school_id, person_id, notification_id)
        SELECT \(RuleSchool.school), \(person), n.id
        FROM notifications n WHERE n.school_id = \(RuleSchool.school) AND n.kind = '\(kind)'
        ON CONFLICT DO NOTHING;
        """
    }

    @Test(arguments: [
        (RuleKey.anna, true), (.mother, true), (.father, true), (.grandmother, false), (.uncle, false), (.boris, false),
        (.teacher, false), (.classTeacher, false), (.deputyHead, false),
    ]) func a3_itReachesTheStudentAndGuardiansWithAccess(_ person: RuleKey, _ isTold: Bool) throws {
        #expect(try reach(person) == (isTold ? ["mark"] : []))
        #expect(
            try school.value(
                """
                SELECT coalesce(bool_or(t.id = \(person)), false)::text FROM notifications n
                CROSS JOIN LATERAL lyceum.told(n.school_id, n.person_id, n.student_id) t (id)
                WHERE n.school_id = \(RuleSchool.school)
                """) == (isTold ? "true" : "false"), "lyceum.told says the same")
    }

    @Test func a3_theEndOfAGuardianshipClosesWhatWasTold() throws {
        #expect(try reach(.uncle, today: "2026-10-14") == ["mark"])
        #expect(try reach(.uncle) == [])
        try school.told(RuleSchool.update("guardianships", RuleKey(9301), "access = 'none', basis = 'Решение суда'"))
        #expect(try reach(.mother) == [])
        #expect(try reach(.father) == ["mark"])
    }

    /// A member of staff is told about students at work, and about an own child only as a guardian with access.
    @Test func a3_staffWhoseAccessToAnOwnChildHasEndedAreToldNothing() throws {
        func tell(_ person: RuleKey) throws {
            try school.rewrite(
                """
                INSERT INTO notifications (school_id, person_id, student_id, kind, entity, entity_id)
                VALUES (\(RuleSchool.school), \(person), \(RuleKey.anna), 'message', 'messages', gen_random_uuid());
                """)
        }
        try tell(.teacher)
        #expect(try reach(.teacher) == ["message"])
        try school.rewrite(
            "INSERT INTO guardians (school_id, id) VALUES (\(RuleSchool.school), \(RuleKey.teacher));"
                + RuleSchool.guardianship(
                    .teacher, access: "none", from: "2026-09-01", relation: "legal_guardian", id: RuleKey(9309)))
        #expect(try reach(.teacher) == [])
        try tell(.classTeacher)
        #expect(try reach(.classTeacher) == ["message"])
        try school.rewrite("UPDATE staff SET left_on = '2026-10-14' WHERE id = \(RuleKey.classTeacher);")
        #expect(try reach(.classTeacher) == [])
    }

    @Test func a3_whoHasReadItIsEachPersonsOwn() throws {
        #expect(try [unread(.mother), unread(.father), unread(.anna)] == ["1", "1", "1"])
        try school.told(Self.receipt(.mother), by: .mother)
        try school.told(Self.receipt(.mother), by: .mother)
        #expect(try [unread(.mother), unread(.father), unread(.anna)] == ["0", "1", "1"])
    }

    @Test func a1_aReceiptIsForWhatOneIsTold() throws {
        #expect(try school.refusal(of: Self.receipt(.father), by: .mother) == .rowSecurity)
        let foreign = SQLRefusal.foreignKey("notification_receipts_school_id_notification_id_fkey")
        for person in [RuleKey.uncle, .grandmother, .boris, .teacher] {
            #expect(try school.refusal(of: Self.receipt(person), by: person) == foreign, "\(person)")
        }
    }

    @Test(arguments: [
        "INSERT INTO notifications (school_id, student_id, kind, entity, entity_id) VALUES (\(RuleSchool.school), \(RuleKey.anna), 'mark', 'marks', \(RuleKey.new))",
        "UPDATE notifications SET kind = 'absence' WHERE school_id = \(RuleSchool.school)",
        "UPDATE notifications SET closed_at = now() WHERE school_id = \(RuleSchool.school)",
        "UPDATE notification_receipts SET read_at = now() WHERE school_id = \(RuleSchool.school)",
        "DELETE FROM notification_receipts WHERE school_id = \(RuleSchool.school)",
        "INSERT INTO notification_receipts (school_id, person_id, notification_id, read_at) SELECT school_id, \(RuleKey.teacher), id, '2026-01-01' FROM notifications WHERE school_id = \(RuleSchool.school)",
        "SELECT lyceum.notify_of_absence(\(RuleSchool.school), \(RuleKey.new))",
        "SELECT lyceum.close_first_absence(\(RuleSchool.school), \(RuleKey.anna), '2026-10-14', '2026-10-14')",
        "SELECT lyceum.notify_of_homework(\(RuleSchool.school), \(RuleKey.new), NULL)",
        "SELECT lyceum.notify_of_substitution(\(RuleSchool.school), \(RuleKey.new))",
    ]) func c3_theServersRoleWritesNoNotification(_ sql: String) throws {
        #expect(try school.refusal(of: sql) == .noPrivilege)
    }

    @Test func c3_theServersRoleDeletesNoYoungNotification() throws {
        try school.told("DELETE FROM notifications WHERE school_id = \(RuleSchool.school)")
        #expect(try reach(.anna) == ["mark"])
    }

    @Test func c3_preferencesAreEachPersonsOwn() throws {
        let write = { (person: RuleKey) in
            "INSERT INTO notification_preferences (school_id, person_id) VALUES (\(RuleSchool.school), \(person))"
        }
        #expect(try school.refusal(of: write(.father), by: .mother) == .rowSecurity)
        try school.told(write(.mother), by: .mother)
        try school.told(
            "UPDATE notification_preferences SET school_quiet_hours = false WHERE school_id = \(RuleSchool.school)",
            by: .father)
        #expect(
            try school.rows("SELECT count(*) FROM notification_preferences WHERE school_quiet_hours") == [["0"]],
            "the teacher of the connection sees no row")
        #expect(try maySend(.mother, at: "23:00") == "2026-10-16 07:00", "it is as it was")
    }

    // MARK: Channels and quiet hours

    private func maySend(
        _ person: RuleKey, _ kind: String = "mark", _ channel: String = "push", urgent: Bool = false, at time: String
    ) throws -> String? {
        try school.value(
            """
            SELECT to_char(
                lyceum.may_send(
                    \(RuleSchool.school), \(person), '\(kind)', '\(channel)', \(urgent),
                    timestamp '2026-10-15 \(time)' AT TIME ZONE 'Europe/Moscow'
                ) AT TIME ZONE 'Europe/Moscow', 'YYYY-MM-DD HH24:MI')
            """)
    }

    @Test(arguments: [
        ("06:59", "2026-10-15 07:00"), ("07:00", "2026-10-15 07:00"), ("12:00", "2026-10-15 12:00"),
        ("20:59", "2026-10-15 20:59"), ("21:00", "2026-10-16 07:00"), ("23:59", "2026-10-16 07:00"),
    ]) func c3_quietHoursOfTheSchoolHoldBack(_ time: String, _ moment: String) throws {
        #expect(try maySend(.mother, at: time) == moment)
        #expect(try maySend(.mother, "first_absence", urgent: true, at: time) == "2026-10-15 \(time)")
    }

    @Test func c3_aPersonChoosesKindsAndQuietHours() throws {
        try school.told(
            """
            INSERT INTO notification_preferences (school_id, person_id, choices, school_quiet_hours, quiet_from, quiet_to)
            VALUES (\(RuleSchool.school), \(RuleKey.mother),
                '{"mark": {"push": false, "mail": true}, "first_absence": {"push": false}, "absence": "?"}', false, '13:00', '15:00')
            """, by: .mother)
        #expect(try maySend(.mother, "mark", "push", at: "12:00") == nil)
        #expect(try maySend(.mother, "mark", "mail", at: "12:00") == "2026-10-15 12:00")
        #expect(try maySend(.mother, "mark", "mail", at: "14:59") == "2026-10-15 15:00")
        #expect(try maySend(.mother, "mark", "mail", at: "15:00") == "2026-10-15 15:00")
        #expect(try maySend(.mother, "mark", "mail", at: "23:00") == "2026-10-15 23:00")
        #expect(try maySend(.mother, "first_absence", "push", urgent: true, at: "12:00") == nil)
        #expect(try maySend(.mother, "absence", "push", at: "12:00") == "2026-10-15 12:00", "a choice that is none")
        #expect(try maySend(.mother, "mark", "pigeon", at: "12:00") == nil)
        #expect(try maySend(.mother, "unknown", at: "12:00") == nil)
        #expect(try maySend(.father, "mark", "mail", at: "12:00") == nil, "the default")
        try school.told(
            "UPDATE notification_preferences SET quiet_from = NULL, quiet_to = NULL WHERE school_id = \(RuleSchool.school)",
            by: .mother)
        #expect(try maySend(.mother, "mark", "mail", at: "23:00") == "2026-10-15 23:00")
    }
}
