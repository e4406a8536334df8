import DiaryTestSupport
import Testing

/// S5.3: whom the system reaches, and what proves that the class teacher informed a family, with figures worked out by
/// hand.
@Suite struct InformingRuleTests {
    let school: RuleSchool

    /// Class 7: Anna's mother reads in the system; Boris's uncle has a code; Vera's grandmother was blocked on
    /// 5 October; the pupil who is taught at home has a father without access.
    init() throws {
        school = try RuleSchool()
        try school.become(.owner)
        try school.run(
            """
            \(RuleSchool.appointment)
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on, ends_on, acting) VALUES
                (\(RuleSchool.school), \(RuleKey(704)), \(RuleKey.class7), \(RuleKey.substitute), '2026-10-05',
                    '2026-10-09', true);
            \(RuleSchool.guardianship(.mother, from: "2026-09-01", id: RuleKey(971)))
            \(RuleSchool.guardianship(.uncle, of: .boris, from: "2026-09-01", id: RuleKey(972)))
            \(RuleSchool.guardianship(.grandmother, of: .vera, from: "2026-09-01", id: RuleKey(973)))
            \(RuleSchool.guardianship(.father, of: .homePupil, access: "none", from: "2026-09-01", id: RuleKey(974)))
            UPDATE users SET state = 'active', login = 'mother', password_hash = 'x', activated_at = '2026-09-05'
                WHERE school_id = \(school.id) AND id = \(RuleKey.mother);
            UPDATE users SET state = 'issued' WHERE school_id = \(school.id) AND id = \(RuleKey.uncle);
            UPDATE users SET state = 'blocked', activated_at = '2026-09-05', blocked_at = '2026-10-04 23:30+00'
                WHERE school_id = \(school.id) AND id = \(RuleKey.grandmother);
            """)
    }

    private func accounts() throws -> [String] {
        let students = [RuleKey.anna, .boris, .vera, .homePupil].map { "\($0)" }.joined(separator: ",")
        return try school.rows(
            """
            SELECT account, since FROM lyceum.family_accounts(\(school.id), ARRAY[\(students)])
            ORDER BY student_id
            """
        ).map { $0.map { $0 ?? "-" }.joined(separator: " ") }
    }

    /// 23:30 UTC on the 4th is the 5th in Moscow.
    @Test func s5_3FamiliesWithoutAnAccountAndSinceWhen() throws {
        #expect(
            try accounts() == [
                "active -", "not_activated 2026-09-01", "blocked 2026-10-05", "no_guardian 2026-09-01",
            ])
    }

    @Test func a3AnEndedGuardianshipReachesNobody() throws {
        try school.run(RuleSchool.update("guardianships", RuleKey(971), "ends_on = '2026-10-14'"))
        #expect(try accounts()[0] == "no_guardian 2026-10-15")
        // Another guardian without credentials does not change since when nobody reads.
        try school.run(RuleSchool.guardianship(.uncle, from: "2026-10-01", id: RuleKey(975)))
        try school.run("UPDATE users SET state = 'new' WHERE school_id = \(school.id) AND id = \(RuleKey.uncle)")
        #expect(try accounts()[0] == "none 2026-10-15")
        try school.run(RuleSchool.update("guardianships", RuleKey(971), "access = 'none', ends_on = NULL"))
        #expect(try accounts()[0] == "none 2026-09-01")
    }

    private func informed(_ student: RuleKey, from: String = "2026-09-01", to: String = "2026-10-15") throws -> [String]
    {
        try school.rows(
            """
            SELECT date, means, right(author_id::text, 3), is_read, read_at IS NOT NULL
            FROM lyceum.informed(\(school.id), ARRAY[\(student)], '\(from)', '\(to)') ORDER BY date, means
            """
        ).map { $0.map { $0 ?? "-" }.joined(separator: " ") }
    }

    private static func feedback(
        _ id: Int, to student: RuleKey = .anna, by author: RuleKey, at moment: String?
    ) -> String {
        """
        INSERT INTO feedback (school_id, id, student_id, section_id, text, author_id, published_at)
            VALUES (\(RuleSchool.school), \(RuleKey(id)), \(student), \(RuleKey.maths7), 'Старается', \(author),
                \(moment.map { "'\($0)'" } ?? "NULL"));
        """
    }

    private static func note(_ id: Int, by author: RuleKey, on date: String, at moment: String) -> String {
        """
        INSERT INTO conduct_notes (school_id, id, student_id, date, kind, text, author_id, published_at)
            VALUES (\(RuleSchool.school), \(RuleKey(id)), \(RuleKey.anna), '\(date)', 'remark', 'Опоздала', \(author),
                '\(moment)');
        """
    }

    @Test func s5_3WhatTheClassTeacherOfThatDayWrote() throws {
        try school.run(
            // Feedback by the class teacher counts, by the subject's teacher not. 21:30 UTC is the next day in Moscow.
            Self.feedback(1, by: .classTeacher, at: "2026-10-11 21:30+00")
                + Self.feedback(2, by: .teacher, at: "2026-10-12 09:00+00")
                // The acting class teacher's note of the 7th counts; that of the 12th, after the last day, not.
                + Self.note(3, by: .substitute, on: "2026-10-07", at: "2026-10-07 09:00+00")
                + Self.note(4, by: .substitute, on: "2026-10-12", at: "2026-10-12 09:00+00")
                    // The answer to the family's note counts; a note on paper and one without an answer do not.
                    + """
                    INSERT INTO absence_notes
                        (school_id, id, student_id, starts_on, ends_on, reason, state, meaning, by_family, answered_by, answered_at)
                    SELECT \(school.id), gen_random_uuid(), \(RuleKey.anna), '2026-10-13', '2026-10-13', 'Врач', n.state, n.meaning,
                        n.by_family, \(RuleKey.classTeacher), '2026-10-13 09:00+00'
                    FROM (VALUES ('accepted', 'ill', true), ('accepted', 'ill', false), ('sent', NULL, true))
                        n (state, meaning, by_family);
                    """)
        #expect(
            try informed(.anna) == [
                "2026-10-07 conduct_note 103 f f", "2026-10-12 feedback 105 f f", "2026-10-13 absence_note 105 f f",
            ])
        #expect(try informed(.anna, from: "2026-10-08", to: "2026-10-12") == ["2026-10-12 feedback 105 f f"])
        #expect(try informed(.boris) == [])
    }

    @Test func m12WhatIsHeldBackInformsNobody() throws {
        try school.run(
            Self.feedback(1, by: .classTeacher, at: nil) + Self.feedback(2, by: .classTeacher, at: "2999-01-01")
                + Self.feedback(3, by: .classTeacher, at: "2026-10-12 09:00+00")
                + RuleSchool.update("feedback", RuleKey(3), "deleted_at = now()"))
        #expect(try informed(.anna) == [])
    }

    @Test func s5_3AnAcknowledgementProvesTheReading() throws {
        try school.run(
            Self.feedback(1, by: .classTeacher, at: "2026-10-12 09:00+00")
                + Self.note(2, by: .classTeacher, on: "2026-10-13", at: "2026-10-13 09:00+00"))
        try school.become(.server)
        try school.set("user_id", to: RuleKey.mother.uuid)
        try school.run(
            """
            INSERT INTO acknowledgements (school_id, feedback_id, student_id, version)
            VALUES (\(school.id), \(RuleKey(1)), \(RuleKey.anna), 1)
            """)
        #expect(
            try informed(.anna) == ["2026-10-12 feedback 105 t t", "2026-10-13 conduct_note 105 f f"])
    }

    @Test func s5_3OnlyContactsThatReachedSomebodyCount() throws {
        try school.run(
            """
            INSERT INTO contacts (school_id, id, student_id, date, means, outcome, text, author_id)
            SELECT \(school.id), gen_random_uuid(), \(RuleKey.boris), c.date::date, c.means, c.outcome, 'Собрание',
                \(RuleKey.deputyHead)
            FROM (VALUES ('2026-10-13', 'phone', 'not_reached'), ('2026-10-14', 'slip', 'reached')) c (date, means, outcome)
            """)
        #expect(try informed(.boris) == ["2026-10-14 slip 104 t f"])
        #expect(try informed(.boris, to: "2026-10-13") == [])
    }

    /// Rows of threads, announcements and receipts as they are, without their rules.
    private func load(_ sql: String) throws {
        try school.run("RESET ROLE; SET LOCAL session_replication_role = replica; \(sql)")
        try school.run("SET LOCAL session_replication_role = origin")
        try school.become(.owner)
    }

    private static func thread(_ id: Int, by teacher: RuleKey, to person: RuleKey, as capacity: String) -> String {
        """
        INSERT INTO threads (school_id, id, subject, student_id, created_by)
            VALUES (\(RuleSchool.school), \(RuleKey(id)), 'Тема', \(RuleKey.anna), \(teacher));
        INSERT INTO thread_participants (school_id, thread_id, person_id, capacity) VALUES
            (\(RuleSchool.school), \(RuleKey(id)), \(teacher), 'staff'),
            (\(RuleSchool.school), \(RuleKey(id)), \(person), '\(capacity)');
        """
    }

    private static func message(_ number: Int, in thread: Int, by author: RuleKey, at moment: String) -> String {
        """
        INSERT INTO messages (school_id, id, thread_id, number, sequence, author_id, text, written_at)
            VALUES (\(RuleSchool.school), gen_random_uuid(), \(RuleKey(thread)), \(number), \(number), \(author), 'Текст',
                '\(moment)');
        """
    }

    @Test func s5_3MessagesToAGuardianAndUntilWhereTheyAreRead() throws {
        try load(
            Self.thread(1, by: .classTeacher, to: .mother, as: "guardian")
                + Self.message(1, in: 1, by: .classTeacher, at: "2026-10-12 09:00+00")
                + Self.message(2, in: 1, by: .mother, at: "2026-10-12 10:00+00")
                + Self.message(3, in: 1, by: .classTeacher, at: "2026-10-13 09:00+00")
                // Neither a message to the student nor one of the subject's teacher is the class teacher's informing.
                + Self.thread(2, by: .classTeacher, to: .anna, as: "student")
                + Self.message(1, in: 2, by: .classTeacher, at: "2026-10-12 09:00+00")
                + Self.thread(3, by: .teacher, to: .mother, as: "guardian")
                + Self.message(1, in: 3, by: .teacher, at: "2026-10-12 09:00+00")
                    // The teacher's own receipt proves nothing.
                    + """
                    INSERT INTO thread_receipts (school_id, thread_id, person_id, sequence, read_at) VALUES
                        (\(school.id), \(RuleKey(1)), \(RuleKey.mother), 2, '2026-10-12 10:00+00'),
                        (\(school.id), \(RuleKey(1)), \(RuleKey.classTeacher), 3, '2026-10-13 09:00+00');
                    """)
        #expect(try informed(.anna) == ["2026-10-12 message 105 t t", "2026-10-13 message 105 f f"])
        #expect(
            try school.value(
                """
                SELECT min(read_at) AT TIME ZONE 'UTC' FROM lyceum.informed(
                    \(school.id), ARRAY[\(RuleKey.anna)], '2026-10-12', '2026-10-12')
                """) == "2026-10-12 10:00:00")
    }

    /// What the guardian has read is the earlier text.
    @Test func s5_3AMessageThatIsChangedAfterItWasReadIsNotRead() throws {
        try school.become(.server)
        try school.set("user_id", to: RuleKey.classTeacher.uuid)
        let thread = try #require(
            try school.value("SELECT lyceum.begin_thread(\(RuleKey.anna), ARRAY[\(RuleKey.mother)], 'Тема', 'Текст')"))
        func informed() throws -> [String] {
            try load("UPDATE messages SET written_at = '2026-10-12 09:00+00' WHERE thread_id = '\(thread)'")
            return try self.informed(.anna)
        }
        try school.set("user_id", to: RuleKey.mother.uuid)
        try school.run("SELECT lyceum.read_thread('\(thread)', 1)")
        try school.set("user_id", to: RuleKey.classTeacher.uuid)
        try school.run("UPDATE messages SET text = 'Иной текст' WHERE thread_id = '\(thread)'")
        #expect(try informed() == ["2026-10-12 message 105 f f"])
        let versions = """
            SELECT version, read_version
            FROM lyceum.informed(\(school.id), ARRAY[\(RuleKey.anna)], '2026-10-12', '2026-10-12')
            """
        #expect(try school.rows(versions) == [["2", "1"]])
        try school.become(.server)
        try school.set("user_id", to: RuleKey.mother.uuid)
        try school.run("SELECT lyceum.read_thread('\(thread)', 2)")
        #expect(try informed() == ["2026-10-12 message 105 t t"])
        #expect(try school.rows(versions) == [["2", "2"]])
    }

    @Test func s5_3AnAnnouncementThatIsChangedAfterItWasReadIsNotRead() throws {
        try load(
            Self.announcement(1, to: "guardians/class/\(RuleKey.class7.uuid)", on: "2026-09-14")
                + """
                INSERT INTO announcement_receipts (school_id, announcement_id, person_id, text_version, read_at)
                    VALUES (\(school.id), \(RuleKey(1)), \(RuleKey.mother), 1, '2026-09-14 18:00+00');
                INSERT INTO notifications (school_id, id, person_id, kind, entity, entity_id, created_at)
                    VALUES (\(school.id), \(RuleKey(5)), \(RuleKey.mother), 'announcement', 'announcements', \(RuleKey(1)),
                        '2026-09-14 09:00+00');
                INSERT INTO notification_receipts (school_id, person_id, notification_id, read_at)
                    VALUES (\(school.id), \(RuleKey.mother), \(RuleKey(5)), '2026-09-14 19:00+00');
                UPDATE announcements SET text = 'В пятницу', text_version = 2, version = 2,
                    text_changed_at = '2026-09-15 09:00+00';
                """)
        #expect(try informed(.anna) == ["2026-09-14 announcement 105 f f"])
        #expect(try unreached(announcement: 1).contains("201 unread"))
        let versions = """
            SELECT version, read_version
            FROM lyceum.informed(\(school.id), ARRAY[\(RuleKey.anna)], '2026-09-14', '2026-09-14')
            """
        #expect(try school.rows(versions) == [["2", "1"]])
        try load(
            """
            INSERT INTO announcement_receipts (school_id, announcement_id, person_id, text_version, read_at)
                VALUES (\(school.id), \(RuleKey(1)), \(RuleKey.mother), 2, '2026-09-16 18:00+00');
            """)
        #expect(try informed(.anna) == ["2026-09-14 announcement 105 t t"])
        #expect(try school.rows(versions) == [["2", "2"]])
    }

    /// The acknowledgement names a version, and a change is told by another notification.
    @Test func s5_3FeedbackThatIsChangedAfterItWasReadIsNotRead() throws {
        try school.run(Self.feedback(1, by: .classTeacher, at: "2026-10-12 09:00+00"))
        try load(
            """
            INSERT INTO acknowledgements (school_id, student_id, feedback_id, guardian_id, version, acknowledged_at)
                VALUES (\(school.id), \(RuleKey.anna), \(RuleKey(1)), \(RuleKey.mother), 1, '2026-10-12 10:00+00');
            INSERT INTO notifications (school_id, id, student_id, kind, entity, entity_id, created_at)
                VALUES (\(school.id), \(RuleKey(5)), \(RuleKey.anna), 'feedback', 'feedback', \(RuleKey(1)), '2026-10-12 09:00+00');
            INSERT INTO notification_receipts (school_id, person_id, notification_id)
                VALUES (\(school.id), \(RuleKey.mother), \(RuleKey(5)));
            """)
        #expect(try informed(.anna) == ["2026-10-12 feedback 105 t t"])
        try load("UPDATE feedback SET text = 'Иное', version = 2, changed_at = '2026-10-13 09:00+00'")
        #expect(try informed(.anna) == ["2026-10-12 feedback 105 f f"])
    }

    private static func announcement(
        _ id: Int, to audience: String, by author: RuleKey = .classTeacher, on date: String = "2026-10-14",
        withdrawn: Bool = false
    ) -> String {
        """
        INSERT INTO announcements (school_id, id, author_id, title, text, audience, starts_at, withdrawn_at)
            VALUES (\(RuleSchool.school), \(RuleKey(id)), \(author), 'Собрание', 'В четверг', '{\(audience)}',
                '\(date) 09:00+00', \(withdrawn ? "now()" : "NULL"));
        """
    }

    private func unreached(_ notification: Int? = nil, announcement: Int? = nil) throws -> [String] {
        let students = [RuleKey.anna, .boris, .vera, .homePupil].map { "\($0)" }.joined(separator: ",")
        return try school.rows(
            """
            SELECT right(student_id::text, 3), reason FROM lyceum.unreached(
                \(school.id), ARRAY[\(students)], \(RuleSchool.sql(notification.map { RuleKey($0) })),
                \(RuleSchool.sql(announcement.map { RuleKey($0) })))
            ORDER BY student_id
            """
        ).map { $0.map { $0 ?? "-" }.joined(separator: " ") }
    }

    @Test func s5_3AnnouncementsToTheGuardiansOfTheClass() throws {
        let ofClass = "guardians/class/\(RuleKey.class7.uuid)"
        try load(
            Self.announcement(1, to: ofClass, on: "2026-09-14")
                + Self.announcement(2, to: "students/class/\(RuleKey.class7.uuid)", on: "2026-09-15")
                + Self.announcement(3, to: ofClass, by: .deputyHead, on: "2026-09-16")
                + Self.announcement(4, to: ofClass, on: "2026-09-17", withdrawn: true)
                    + """
                    INSERT INTO announcement_receipts (school_id, announcement_id, person_id, text_version, read_at)
                        VALUES (\(school.id), \(RuleKey(1)), \(RuleKey.mother), 1, '2026-09-14 18:00+00');
                    """)
        #expect(try informed(.anna) == ["2026-09-14 announcement 105 t t"])
        #expect(try informed(.vera) == ["2026-09-14 announcement 105 f f"])
        #expect(try informed(.tenthGrader) == [])
        // Reached and not reached are the whole class, also the child without a guardian.
        let others = ["202 not_activated", "203 blocked", "204 no_guardian"]
        #expect(try unreached(announcement: 1) == others)
        #expect(try unreached(announcement: 3) == ["201 unread"] + others)
        #expect(try unreached(announcement: 2) == [])
        #expect(try unreached() == others)
        try school.run(
            """
            INSERT INTO contacts (school_id, id, student_id, date, means, outcome, entity, entity_id, author_id)
            SELECT \(school.id), gen_random_uuid(), c.student, '2026-10-14', 'phone', c.outcome, 'announcements',
                \(RuleKey(1)), \(RuleKey.classTeacher)
            FROM (VALUES (\(RuleKey.boris), 'reached'), (\(RuleKey.vera), 'not_reached')) c (student, outcome)
            """)
        #expect(try unreached(announcement: 1) == ["203 blocked", "204 no_guardian"])
        #expect(try unreached(announcement: 3) == ["201 unread"] + others)
    }

    /// The mother reads it for Anna; a court has ended her access to Boris.
    @Test func a3WhoHasNoAccessInformsNoFamily() throws {
        try school.run(
            RuleSchool.guardianship(.mother, of: .boris, access: "none", from: "2026-09-01", id: RuleKey(979)))
        try load(
            Self.announcement(1, to: "guardians/school", on: "2026-09-14")
                + """
                INSERT INTO announcement_receipts (school_id, announcement_id, person_id, text_version, read_at)
                    VALUES (\(school.id), \(RuleKey(1)), \(RuleKey.mother), 1, '2026-09-14 18:00+00');
                """)
        #expect(try unreached(announcement: 1) == ["202 not_activated", "203 blocked", "204 no_guardian"])
        #expect(
            try school.rows(
                """
                SELECT lyceum.family_announcement_read_at(\(school.id), \(RuleKey.anna), \(RuleKey(1))) IS NOT NULL,
                    lyceum.family_announcement_read_at(\(school.id), \(RuleKey.boris), \(RuleKey(1))) IS NULL
                """) == [["t", "t"]])
    }

    @Test func s5_3AReceiptOfTheNotificationProvesTheReading() throws {
        try school.run(Self.feedback(1, by: .classTeacher, at: "2026-10-12 09:00+00"))
        try load(
            """
            INSERT INTO notifications (school_id, id, student_id, kind, entity, entity_id, created_at)
                VALUES (\(school.id), \(RuleKey(5)), \(RuleKey.anna), 'feedback', 'feedback', \(RuleKey(1)), '2026-10-12 09:00+00');
            INSERT INTO notification_receipts (school_id, person_id, notification_id)
                VALUES (\(school.id), \(RuleKey.anna), \(RuleKey(5)));
            """)
        #expect(try informed(.anna) == ["2026-10-12 feedback 105 f f"], "the student's receipt is not a guardian's")
        #expect(try unreached(5) == ["201 unread"])
        try load(
            """
            INSERT INTO notification_receipts (school_id, person_id, notification_id)
                VALUES (\(school.id), \(RuleKey.mother), \(RuleKey(5)));
            """)
        #expect(try informed(.anna) == ["2026-10-12 feedback 105 t t"])
        #expect(try unreached(5) == [])
    }
}
