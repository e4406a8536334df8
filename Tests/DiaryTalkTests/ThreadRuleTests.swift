import DiaryTestSupport
import Postgres
import TestSupport
import Testing

/// C1 with the server's role in SQL: what it can do with threads beside the API.
@Suite struct ThreadRuleTests {
    let school: RuleSchool
    private static let notFound = SQLRefusal("LYC11", "not_found")

    init() throws {
        school = try RuleSchool()
        try school.run(RuleSchool.guardianship(.mother, from: "2026-09-01"))
    }

    /// A thread of the teacher with Anna's mother.
    private func begin() throws -> String {
        try #require(
            try school.value("SELECT lyceum.begin_thread(\(RuleKey.anna), ARRAY[\(RuleKey.mother)], 'Тема', 'Текст')"))
    }

    private func message(_ thread: String, by author: RuleKey) -> String {
        """
        INSERT INTO messages (school_id, id, thread_id, number, author_id, text)
        VALUES (\(RuleSchool.school), gen_random_uuid(), '\(thread)', 1, \(author), 'Ещё')
        """
    }

    @Test func c1_nobodyWritesForAnother() throws {
        let thread = try begin()
        #expect(try school.refusal(of: message(thread, by: .teacher)) == nil)
        #expect(try school.refusal(of: message(thread, by: .mother)) == Self.notFound)
        #expect(
            try school.refusal(
                of: """
                    INSERT INTO threads (school_id, id, subject, student_id, created_by)
                    VALUES (\(RuleSchool.school), gen_random_uuid(), 'Тема', \(RuleKey.anna), \(RuleKey.mother))
                    """) == Self.notFound)
        try school.set("user_id", to: "")
        #expect(try school.refusal(of: message(thread, by: .teacher)) == Self.notFound)
        try school.set("user_id", to: RuleKey.father.uuid)
        #expect(try school.refusal(of: message(thread, by: .father)) == Self.notFound)
    }

    /// The number and the time of a message are the database's.
    @Test func messagesAreNumberedByTheDatabase() throws {
        let thread = try begin()
        try school.run(message(thread, by: .teacher))
        #expect(
            try school.rows("SELECT number, version FROM messages WHERE thread_id = '\(thread)' ORDER BY number")
                == [["1", "1"], ["2", "1"]])
    }

    @Test(arguments: [
        "UPDATE threads SET subject = 'x'", "UPDATE threads SET latest_at = '2020-01-01'",
        "UPDATE thread_participants SET left_at = now()", "UPDATE thread_participants SET capacity = 'staff'",
        "DELETE FROM thread_participants", "UPDATE messages SET written_at = now() - interval '4 years'",
        "UPDATE messages SET author_id = author_id",
        "INSERT INTO thread_receipts SELECT 1, gen_random_uuid(), gen_random_uuid(), 1",
        "DELETE FROM message_versions", "UPDATE thread_reports SET note = 'x'",
    ])
    func theServerHasNoPrivilegeFor(_ statement: String) throws {
        _ = try begin()
        #expect(try school.refusal(of: statement) == .noPrivilege)
    }

    @Test func k1_recentMessagesAreNotDeleted() throws {
        _ = try begin()
        #expect(try school.affected(by: "DELETE FROM messages") == 0)
        #expect(try school.affected(by: "DELETE FROM threads") == 0)
    }

    @Test func k1_recentReportsAreNotDeleted() throws {
        let thread = try begin()
        try school.run(
            """
            INSERT INTO thread_reports (school_id, id, thread_id, reason)
                VALUES (\(RuleSchool.school), gen_random_uuid(), '\(thread)', 'Груб')
            """)
        #expect(try school.affected(by: "DELETE FROM thread_reports") == 0)
    }

    /// A participant is never added afterwards, not even by whoever began the thread.
    @Test func a1_participantsAreNotAddedLater() throws {
        let own = try RuleSchool(in: try TestDatabase(.migrated))
        try own.run(RuleSchool.guardianship(.mother, from: "2026-09-01"))
        let thread = try #require(
            try own.value("SELECT lyceum.begin_thread(\(RuleKey.anna), ARRAY[\(RuleKey.mother)], 'Тема', 'Текст')"))
        try own.commit()
        let server = try own.connect(as: .teacher)
        let error = try #require(throws: BlockingConnection.Failure.self) {
            try server.execute(
                """
                INSERT INTO thread_participants (school_id, thread_id, person_id, capacity)
                VALUES (lyceum.current_school(), '\(thread)', \(RuleKey.deputyHead), 'staff')
                """)
        }
        #expect(error.message == "not_found")
    }

    /// Two requests of one person at once do not pass the limit together.
    @Test func c1_theLimitOfNewThreadsHoldsForTwoRequestsAtOnce() throws {
        let own = try RuleSchool(in: try TestDatabase(.migrated))
        try own.run(
            """
            INSERT INTO school_settings (school_id, family_threads_per_day) VALUES (\(RuleSchool.school), 1)
            ON CONFLICT (school_id) DO UPDATE SET family_threads_per_day = 1;
            """ + RuleSchool.guardianship(.mother, from: "2026-09-01"))
        try own.commit()
        let begin = "SELECT lyceum.begin_thread(\(RuleKey.anna), ARRAY[\(RuleKey.teacher)], 'Тема', 'Текст');"
        let refusal = try own.race(begin, then: begin, as: .mother)
        #expect(refusal == SQLRefusal("LYC12", "too_many_threads"))
    }

    /// Staff who are guardians of the student are guardians in threads about the student.
    @Test func a3_aTeacherWhoIsAGuardianDoesNotWriteToTheOtherGuardian() throws {
        try school.run("RESET ROLE; SET LOCAL ROLE lyceum_owner")
        try school.run(
            """
            INSERT INTO guardians (school_id, id) VALUES (\(RuleSchool.school), \(RuleKey.teacher));
            SET LOCAL lyceum.user_id = '';
            """
                + RuleSchool.guardianship(
                    .teacher, access: "none", from: "2026-09-01", relation: "father", id: RuleKey(9002)))
        try school.enter()
        func mayWrite(_ sender: RuleKey, _ recipient: RuleKey, _ student: RuleKey?) throws -> String? {
            try school.value(
                "SELECT lyceum.may_write(\(RuleSchool.school), \(sender), \(recipient), \(student.map { "\($0)" } ?? "NULL"))"
            )
        }
        #expect(try mayWrite(.teacher, .mother, .anna) == "f")
        #expect(try mayWrite(.mother, .teacher, .anna) == "f")
        #expect(try mayWrite(.teacher, .deputyHead, .anna) == "f")
        #expect(try mayWrite(.teacher, .deputyHead, nil) == "t")
    }
}
