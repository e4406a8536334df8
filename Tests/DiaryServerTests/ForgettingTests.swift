import Diary
import DiaryJournal
import DiaryServer
import DiaryTestSupport
import Postgres
import TestSupport
import TestTools
import Testing

/// Background work that deletes: each table has a row on either side of its limit, in two schools. The school whose
/// piece runs loses only the older row, the other school nothing.
@Suite struct ForgettingTests {
    struct Forgetting: Sendable, CustomTestStringConvertible {
        let kind: String
        let table: String
        /// The maximum age of a row.
        let limit: String
        /// The smallest difference in age that matters.
        var step = "1 minute"
        /// Inserts a row of {user}; {at} is its time.
        let row: String

        var testDescription: String { kind }

        func insert(_ user: String, _ sign: String) -> String {
            row.replacing("{user}", with: "'\(user)'").replacing(
                "{at}", with: "(now() - '\(limit)'::interval \(sign) '\(step)'::interval)")
        }
    }

    static let all: [Forgetting] = [
        Forgetting(
            kind: "forget_sign_in_failures", table: "sign_in_failures", limit: "15 minutes",
            row:
                "INSERT INTO sign_in_failures (school_id, login, address, failed_at) VALUES ($1, {user}, '10.0.0.1', {at})"
        ),
        Forgetting(
            kind: "forget_sessions", table: "sessions", limit: "1 year",
            row: """
                INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, created_at, expires_at)
                VALUES ($1, {user}, {user}, 'app', '\\x00', '2020-01-01', {at})
                """),
        // The session ended early; its tokens would have been valid longer.
        Forgetting(
            kind: "forget_sessions", table: "sessions", limit: "1 year",
            row: """
                INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, created_at, expires_at, ended_at)
                VALUES ($1, {user}, {user}, 'app', '\\x00', '2020-01-01', {at} + interval '80 days', {at})
                """),
        Forgetting(
            kind: "forget_activity_days", table: "activity_days", limit: "1 year", step: "2 days",
            row: "INSERT INTO activity_days (school_id, user_id, date) VALUES ($1, {user}, {at})"),
        Forgetting(
            kind: "forget_authorization_codes", table: "authorization_codes", limit: "1 day",
            row: """
                INSERT INTO authorization_codes (
                    school_id, id, client_id, user_id, secret_hash, redirect_uri, code_challenge, scopes, created_at, expires_at
                ) SELECT $1, {user}, c.id, {user}, '\\x00', 'https://a.test', 'x', '{person}', {at}, {at}
                FROM clients c WHERE c.school_id = $1 AND c.kind = 'app'
                """),
        Forgetting(
            kind: "forget_activation_codes", table: "activation_codes", limit: "1 year",
            row: """
                INSERT INTO activation_codes (school_id, id, user_id, code_hash, issued_at, expires_at)
                VALUES ($1, {user}, {user}, '\\x00', '2020-01-01', {at})
                """),
        Forgetting(
            kind: "forget_second_factors", table: "second_factors", limit: "1 day",
            row: "INSERT INTO second_factors (school_id, user_id, secret, begun_at) VALUES ($1, {user}, 's1:x', {at})"),
        Forgetting(
            kind: "forget_kept_answers", table: "idempotency_keys", limit: "24 hours",
            row: """
                INSERT INTO idempotency_keys (school_id, owner, key, request_hash, status, created_at)
                VALUES ($1, {user}, {user}, '\\x00', 200, {at})
                """),
        Forgetting(
            kind: "forget_webhook_deliveries", table: "webhook_deliveries", limit: "30 days",
            row: """
                INSERT INTO webhook_deliveries (school_id, id, endpoint_id, type, content, is_in_order, state, ended_at)
                SELECT e.school_id, {user}, e.id, 'test', '{}', false, 'delivered', {at}
                FROM webhook_endpoints e WHERE e.school_id = $1
                """),
        Forgetting(
            kind: "forget_notifications", table: "notifications", limit: "90 days",
            row: """
                INSERT INTO notifications (school_id, person_id, kind, entity, entity_id, created_at)
                VALUES ($1, {user}, 'mark', 'marks', {user}, {at})
                """),
        Forgetting(
            kind: "forget_messages", table: "messages", limit: "3 years",
            row: """
                WITH thread AS (
                    INSERT INTO threads (school_id, id, subject, created_by) VALUES ($1, {user}, 'x', {user})
                    RETURNING id
                )
                INSERT INTO messages (school_id, id, thread_id, number, sequence, author_id, text, written_at)
                SELECT $1, {user}, id, 1, 1, {user}, 'x', {at} FROM thread
                """),
        Forgetting(
            kind: "forget_threads", table: "threads", limit: "3 years",
            row:
                "INSERT INTO threads (school_id, id, subject, created_by, latest_at) VALUES ($1, {user}, 'x', {user}, {at})"
        ),
        Forgetting(
            kind: "forget_thread_reports", table: "thread_reports", limit: "3 years",
            row: """
                WITH thread AS (
                    INSERT INTO threads (school_id, id, subject, created_by) VALUES ($1, {user}, 'x', {user})
                    RETURNING id
                )
                INSERT INTO thread_reports
                    (school_id, id, thread_id, reported_by, reason, reported_at, closed_by, closed_at, note)
                SELECT $1, {user}, id, {user}, 'x', '2020-01-01', {user}, {at}, 'x' FROM thread
                """),
        // The text changed and the announcement ended long ago; the receipts go with it.
        Forgetting(
            kind: "forget_announcements", table: "announcement_receipts", limit: "3 years",
            row: """
                WITH announcement AS (
                    INSERT INTO announcements (school_id, id, author_id, title, text, audience, starts_at, ends_at, created_at)
                    VALUES ($1, {user}, {user}, 'x', 'x', '{staff/school}', {at} - interval '1 day', {at}, '2020-01-01')
                    RETURNING id
                )
                INSERT INTO announcement_receipts (school_id, announcement_id, person_id, text_version)
                SELECT $1, id, {user}, 1 FROM announcement
                """),
        // Without an end, it was shown for a year.
        Forgetting(
            kind: "forget_announcements", table: "announcements", limit: "3 years",
            row: """
                INSERT INTO announcements (school_id, id, author_id, title, text, audience, starts_at, created_at)
                VALUES ($1, {user}, {user}, 'x', 'x', '{staff/school}', {at} - interval '366 days', '2020-01-01')
                """),
        Forgetting(
            kind: "forget_consultations", table: "consultation_messages", limit: "3 years",
            row: """
                WITH consultation AS (
                    INSERT INTO consultations (school_id, id, asker_id, category, subject, opened_at, changed_at)
                    VALUES ($1, {user}, {user}, 'other', 'x', '2020-01-01', '2020-01-01')
                    RETURNING id
                )
                INSERT INTO consultation_messages (school_id, id, consultation_id, kind, text, author_id, written_at)
                SELECT $1, {user}, id, 'question', 'x', {user}, {at} FROM consultation
                """),
        // A visitor's name and phone.
        Forgetting(
            kind: "forget_consultations", table: "consultations", limit: "1 year",
            row: """
                INSERT INTO consultations
                    (school_id, id, visitor_name, phone, recorded_by, category, subject, opened_at, changed_at)
                VALUES ($1, {user}, 'x', 'x', {user}, 'other', 'x', '2020-01-01', {at})
                """),
        Forgetting(
            kind: "forget_contacts", table: "contacts", limit: "5 years", step: "2 days",
            row: """
                INSERT INTO contacts (school_id, id, student_id, date, means, outcome, text, author_id)
                VALUES ($1, {user}, {user}, {at}, 'phone', 'reached', 'x', {user})
                """),
        Forgetting(
            kind: "forget_deliveries", table: "deliveries", limit: "30 days",
            row: """
                INSERT INTO deliveries (school_id, channel, person_id, is_urgent, notifications, due_at, created_at, ended_at, outcome)
                VALUES ($1, 'mail', {user}, false, '{}', {at}, {at}, {at}, 'sent')
                """),
        Forgetting(
            kind: "forget_email_codes", table: "email_codes", limit: "1 day",
            row: """
                INSERT INTO email_codes (school_id, id, person_id, address, created_at)
                VALUES ($1, {user}, {user}, 'a@example.org', {at})
                """),
        Forgetting(
            kind: "forget_push_subscriptions", table: "push_subscriptions", limit: "0",
            row: """
                WITH session AS (
                    INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at)
                    VALUES ($1, {user}, {user}, 'app', '\\x00', {at})
                )
                INSERT INTO push_subscriptions (school_id, id, person_id, session_id, endpoint, p256dh, auth)
                VALUES (
                    $1, {user}, {user}, {user}, 'https://push.test/' || {user}, decode(repeat('04', 65), 'hex'),
                    decode(repeat('00', 16), 'hex')
                )
                """),
        Forgetting(
            kind: "forget_report_jobs", table: "report_jobs", limit: "0",
            row: """
                INSERT INTO report_jobs (school_id, id, person_id, report, format, parameters, language, expires_at)
                VALUES ($1, {user}, {user}, 'debts', 'pdf', '{}', 'ru', {at})
                """),
        Forgetting(
            kind: "forget_photos", table: "student_photos", limit: "0", step: "2 days",
            row: """
                WITH consent AS (
                    INSERT INTO consents (school_id, id, student_id, purpose, given_by, given_on, withdrawn_on)
                    VALUES ($1, {user}, {user}, 'photo', {user}, '2020-01-01', {at})
                )
                INSERT INTO student_photos (school_id, id, media_type, width, height, content, sha256)
                VALUES ($1, {user}, 'image/png', 1, 1, 'x', sha256('x'))
                """),
    ]

    static let old = "00000000-0000-7000-8000-000000000001"
    static let young = "00000000-0000-7000-8000-000000000002"
    /// A row as old as the deleted one, which has to be kept for another reason.
    static let other = "00000000-0000-7000-8000-000000000003"

    private func room() async throws -> BackgroundRoom {
        let room = try await BackgroundRoom(schools: 2)
        // The triggers of threads and messages set the times of new rows.
        try room.owner.execute(
            """
            ALTER TABLE threads DISABLE TRIGGER USER;
            ALTER TABLE messages DISABLE TRIGGER USER;
            ALTER TABLE thread_reports DISABLE TRIGGER USER;
            ALTER TABLE announcements DISABLE TRIGGER guard;
            ALTER TABLE announcement_receipts DISABLE TRIGGER USER;
            INSERT INTO users (school_id, id, last_name, first_name)
                SELECT s.id, u.id::uuid, 'Family', 'Given'
                FROM schools s, unnest('{\(Self.old),\(Self.young),\(Self.other)}'::text[]) u (id);
            INSERT INTO students (school_id, id, birth_date) SELECT school_id, id, '2000-01-01' FROM users;
            INSERT INTO clients (school_id, id, kind, name, redirect_uris, scopes)
                SELECT id, gen_random_uuid(), 'app', 'App', '{https://a.test}', '{person}' FROM schools;
            WITH program AS (
                INSERT INTO clients (school_id, id, kind, name, scopes)
                SELECT id, gen_random_uuid(), 'integration', 'Program', '{school.read}' FROM schools RETURNING school_id, id
            )
            INSERT INTO webhook_endpoints (school_id, id, client_id, url, secret)
                SELECT school_id, gen_random_uuid(), id, 'https://receiver.example/', 's1:x' FROM program;
            """)
        return room
    }

    private func counts(_ table: String, _ room: BackgroundRoom) throws -> [Int] {
        try room.owner.query(
            "SELECT count(t.school_id) FROM schools s LEFT JOIN \(table) t ON t.school_id = s.id GROUP BY s.id ORDER BY s.id"
        ).rows.map { Int($0[0]!)! }
    }

    @Test func everyKindIsTested() {
        let others =
            BackgroundWork.publications.map { $0.name } + [
                "begin_announcement", "take_control_snapshots", "tell_announcement", "tell_debts", "tend_changes",
                "turn_day",
                "write_week_digests",
            ]
        #expect(Set(Self.all.map { $0.kind }) == Set(BackgroundWork.all().map { $0.name }).subtracting(others))
    }

    @Test(arguments: all) func k1_onlyTheOlderRowOfTheSchoolIsDeleted(_ forgetting: Forgetting) async throws {
        let room = try await room()
        for school in ["1", "2"] {
            try room.owner.query(forgetting.insert(Self.old, "-"), [school])
            try room.owner.query(forgetting.insert(Self.young, "+"), [school])
        }
        #expect(try counts(forgetting.table, room) == [2, 2])
        let recurring = BackgroundWork.all().filter { $0.isRecurring }
        let loop = try room.loop(BackgroundWork.all())
        #expect(try await eventually { try room.pieces().count == 2 * recurring.count })
        for (school, left) in [("1", [1, 2]), ("2", [1, 1])] {
            try room.owner.query(
                "UPDATE pending SET due_at = now() WHERE kind = $1 AND school_id = $2", [forgetting.kind, school])
            let isDone = try await eventually {
                try room.owner.query(
                    "SELECT lease IS NULL AND due_at > now() FROM pending WHERE kind = $1 AND school_id = $2",
                    [forgetting.kind, school]
                ).first == "t"
            }
            #expect(isDone)
            #expect(try counts(forgetting.table, room) == left)
        }
        #expect(try room.owner.query("SELECT count(*) FROM pending WHERE failure IS NOT NULL").first == "0")
        let kept = try room.owner.query(
            "SELECT count(*) FROM \(forgetting.table) t WHERE t::text LIKE $1", ["%\(Self.young)%"])
        #expect(kept.first == "2")
        await loop.end()
    }

    /// K1: the audit log does not keep what is forgotten.
    @Test(arguments: ["announcements", "contacts"])
    func k1_whatIsForgottenIsNotCopiedIntoTheAuditLog(_ table: String) async throws {
        let room = try await room()
        let forgetting = try #require(Self.all.first { $0.table == table })
        try room.owner.query(forgetting.insert(Self.old, "-"), ["1"])
        try room.owner.execute("DELETE FROM audit_log")
        let work = try #require(BackgroundWork.all().first { $0.name == forgetting.kind })
        let loop = try room.loop([work])
        #expect(try await eventually { try room.pieces().count == 2 })
        try room.owner.execute("UPDATE pending SET due_at = now()")
        #expect(try await eventually { try counts(table, room) == [0, 0] })
        #expect(try room.owner.query("SELECT count(*) FROM audit_log WHERE entity = $1", [table]).first == "0")
        await loop.end()
    }

    @Test func manyRowsAreDeletedInBatches() async throws {
        let room = try await room()
        try room.owner.execute(
            """
            INSERT INTO sign_in_failures (school_id, login, address, failed_at)
                SELECT 1, 'x', '10.0.0.1', now() - interval '1 hour' FROM generate_series(1, 2500)
            """)
        let work = try #require(BackgroundWork.all().first { $0.name == "forget_sign_in_failures" })
        let loop = try room.loop([work])
        #expect(try await eventually { try room.pieces().count == 2 })
        try room.owner.execute("UPDATE pending SET due_at = now()")
        #expect(try await eventually { try counts("sign_in_failures", room) == [0, 0] })
        #expect(await eventually { await loop.value("lyceum_background_ended_total", ["result": "done"]) == 2 })
        #expect(await loop.value("lyceum_background_ended_total", ["result": "continued"]) == 2)
        await loop.end()
    }

    @Test func confirmedSecondFactorStays() async throws {
        let room = try await room()
        try room.owner.execute(
            """
            INSERT INTO second_factors (school_id, user_id, secret, begun_at, confirmed_at)
                VALUES (1, '\(Self.other)', 's1:x', now() - interval '9 days', now() - interval '9 days');
            INSERT INTO second_factors (school_id, user_id, secret, begun_at)
                VALUES (1, '\(Self.old)', 's1:x', now() - interval '9 days');
            """)
        let work = try #require(BackgroundWork.all().first { $0.name == "forget_second_factors" })
        let loop = try room.loop([work])
        #expect(try await eventually { try room.pieces().count == 2 })
        try room.owner.execute("UPDATE pending SET due_at = now()")
        #expect(try await eventually { try counts("second_factors", room) == [1, 0] })
        #expect(try room.owner.query("SELECT user_id FROM second_factors").first == Self.other)
        await loop.end()
    }

    /// The server's role can delete rows of sign-ins only when they are old enough, whatever its statement.
    @Test(arguments: ["sessions", "activity_days", "activation_codes"])
    func k1_serverCannotDeleteRecentRecordsOfSignIns(_ table: String) async throws {
        let room = try await room()
        for forgetting in Self.all where forgetting.table == table {
            try room.owner.execute("DELETE FROM \(table)")
            try room.owner.query(forgetting.insert(Self.old, "-"), ["1"])
            try room.owner.query(forgetting.insert(Self.young, "+"), ["1"])
            let server = try BlockingConnection(url: room.database.serverURL)
            try server.transaction {
                try server.query("SELECT set_config('lyceum.school_id', '1', true)")
                #expect(try server.query("DELETE FROM \(table)").affected == 1)
            }
            #expect(try counts(table, room) == [1, 0])
        }
    }
    /// A role that may change the end of a session could make it old, and then delete it.
    @Test(arguments: ["ended_at", "expires_at"])
    func k1_sessionWithABackdatedEndStays(_ column: String) async throws {
        let room = try await room()
        try room.owner.execute("DELETE FROM sessions")
        let id = "00000000-0000-4000-8000-000000000001"
        let server = try BlockingConnection(url: room.database.serverURL)
        try server.transaction {
            try server.query("SELECT set_config('lyceum.school_id', '1', true)")
            try server.query(
                """
                INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at)
                SELECT 1, $1, u.id, 'app', '\\x00', now() + interval '1 day' FROM users u WHERE u.school_id = 1 LIMIT 1
                """, [id])
            #expect(try server.query("UPDATE sessions SET \(column) = '2020-01-01'").affected == 1)
            #expect(try server.query("DELETE FROM sessions").affected == 0)
        }
        #expect(throws: BlockingConnection.Failure.self) {
            try server.transaction {
                try server.query("SELECT set_config('lyceum.school_id', '1', true)")
                try server.query("UPDATE sessions SET created_at = '2020-01-01'")
            }
        }
    }
}
