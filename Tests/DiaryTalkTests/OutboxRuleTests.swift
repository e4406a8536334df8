import DiaryTestSupport
import Testing

/// C3, A3: the planner of the channels: who is sent what, through which channel, and when.
@Suite struct OutboxRuleTests {
    let school: RuleSchool

    /// Anna has a mother and a father; an uncle without access; a grandmother whose guardianship has ended. Boris belongs
    /// to another family. All of them have a device and an address. Nobody has quiet hours, and marks are mailed, too.
    init() throws {
        school = try RuleSchool()
        try school.become(.owner)
        try school.run(
            """
            SET LOCAL lyceum.user_id = '';
            UPDATE users SET state = 'active', login = 'u' || right(id::text, 3), password_hash = 'x' WHERE school_id = \(RuleSchool.school);
            \(RuleSchool.guardianship(.mother, from: "2026-09-01", id: RuleKey(9101)))
            \(RuleSchool.guardianship(.father, from: "2026-09-01", relation: "father", id: RuleKey(9102)))
            \(RuleSchool.guardianship(.uncle, access: "none", from: "2026-09-01", id: RuleKey(9103)))
            \(RuleSchool.guardianship(.grandmother, from: "2026-09-01", to: "2026-10-14", id: RuleKey(9104)))
            INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at)
                SELECT school_id, id, id, 'test', '\\x00', now() + interval '1 day' FROM users WHERE school_id = \(RuleSchool.school);
            INSERT INTO push_subscriptions (school_id, id, person_id, session_id, endpoint, p256dh, auth, created_at)
                SELECT school_id, id, id, id, 'https://push.example/' || id, decode(repeat('04', 65), 'hex'),
                    decode(repeat('00', 16), 'hex'), now() - interval '1 hour'
                FROM users WHERE school_id = \(RuleSchool.school);
            INSERT INTO email_addresses (school_id, person_id, id, address, confirmed_at)
                SELECT school_id, id, id, 'a@example.org', now() - interval '1 hour' FROM users WHERE school_id = \(RuleSchool.school);
            INSERT INTO notification_preferences (school_id, person_id, school_quiet_hours, choices)
                SELECT school_id, id, false, '{"mark": {"push": true, "mail": true}}' FROM users WHERE school_id = \(RuleSchool.school);
            """)
        try school.enter()
    }

    private func plan(_ channels: String...) throws {
        for channel in channels.isEmpty ? ["push", "mail"] : channels {
            try school.run("SELECT lyceum.plan_deliveries('\(channel)', interval '15 minutes')")
        }
    }

    /// As the owner, because the server's role writes notifications by triggers only.
    private func notify(_ columns: String = "kind", _ values: String = "'mark'", for pupil: RuleKey = .anna) throws {
        try asOwner(
            """
            INSERT INTO notifications (school_id, student_id, entity, entity_id, \(columns))
            VALUES (\(RuleSchool.school), \(pupil), 'nothing', \(RuleKey.recent), \(values))
            """)
    }

    private func asOwner(_ sql: String) throws {
        try school.become(.owner)
        try school.run(sql)
        try school.become(.server)
    }

    /// What waits: channel, the last three digits of the person, the number of notifications, and whether it is urgent.
    private func waiting() throws -> [String] {
        try school.rows(
            """
            SELECT channel, right(person_id::text, 3), cardinality(notifications), is_urgent FROM deliveries
            WHERE school_id = \(RuleSchool.school) AND started_at IS NULL ORDER BY 1, 2, 4
            """
        ).map { $0.map { $0 ?? "" }.joined(separator: " ") }
    }

    private let family = [
        "mail 201 1 f", "mail 301 1 f", "mail 302 1 f", "push 201 1 f", "push 301 1 f", "push 302 1 f",
    ]

    @Test func a3_aMarkIsPlannedForTheStudentAndGuardiansWithAccess() throws {
        try school.run(RuleSchool.mark(.anna, at: .recent))
        try plan()
        #expect(try waiting() == family)
        let pieces = try school.rows(
            """
            SELECT p.kind, count(*) FROM pending p JOIN deliveries d ON d.school_id = p.school_id AND d.id = p.id
            WHERE p.school_id = \(RuleSchool.school) AND p.due_at = d.due_at AND p.due_at <= now() GROUP BY 1 ORDER BY 1
            """)
        #expect(pieces == [["send_mail", "3"], ["send_push", "3"]])
    }

    @Test func nothingIsPlannedTwiceAndNewsIsGathered() throws {
        try notify()
        try plan()
        try plan()
        #expect(try waiting() == family)
        try notify()
        try plan()
        #expect(try waiting() == family.map { $0.replacing(" 1 ", with: " 2 ") })
        // An attempt fixes the list: the next notification gets a delivery of its own.
        try school.run("UPDATE deliveries SET started_at = now() WHERE school_id = \(RuleSchool.school)")
        try notify()
        try plan()
        #expect(try waiting() == family)
    }

    /// Another process may have the other channel: it finds the same notifications.
    @Test func eachChannelHasItsOwnCursor() throws {
        try notify()
        try plan("push")
        try plan("push")
        #expect(try waiting() == family.filter { $0.hasPrefix("push") })
        try plan("mail")
        #expect(try waiting() == family)
    }

    /// A cursor that is old, or comes from another cluster, reads one day by age and not everything since then.
    @Test(arguments: [
        "seen_at = now() - interval '40 days'", "seen = '3:3:', seen_at = NULL", "seen = '1000000000:1000000000:'",
    ])
    func anOldCursorFindsTheLastDay(_ change: String) throws {
        try notify()
        try plan()
        try notify("kind, created_at", "'mark', now() - interval '25 hours'")
        try notify("kind, created_at", "'mark', now() - interval '23 hours 59 minutes'")
        try school.run("UPDATE deliveries SET started_at = now() WHERE school_id = \(RuleSchool.school)")
        try asOwner(
            """
            UPDATE delivery_cursors SET \(change) WHERE school_id = \(RuleSchool.school);
            UPDATE push_subscriptions SET created_at = now() - interval '2 days' WHERE school_id = \(RuleSchool.school);
            UPDATE email_addresses SET confirmed_at = now() - interval '2 days' WHERE school_id = \(RuleSchool.school);
            """)
        try plan()
        #expect(try waiting() == family, "the first one is not planned again")
    }

    /// A subscription whose last message was refused is not over.
    @Test func aFailingSubscriptionIsStillTold() throws {
        try asOwner("UPDATE push_subscriptions SET failing_since = now() WHERE school_id = \(RuleSchool.school)")
        try notify()
        try plan("push")
        #expect(try waiting() == family.filter { $0.hasPrefix("push") })
    }

    @Test func piecesToldApartByUrgencyAndServer() throws {
        try asOwner(
            """
            UPDATE push_subscriptions SET endpoint = 'https://Other.example:8443/' || id
            WHERE school_id = \(RuleSchool.school) AND person_id = \(RuleKey.mother)
            """)
        try notify("kind, is_urgent", "'first_absence', true")
        try notify()
        try plan()
        let pieces = try school.rows(
            """
            SELECT p.kind, p.is_urgent, count(*), count(DISTINCT p.target), count(p.target) FROM pending p
            WHERE p.school_id = \(RuleSchool.school) AND p.kind LIKE 'send%' GROUP BY 1, 2 ORDER BY 1, 2
            """
        ).map { $0.map { $0 ?? "" }.joined(separator: " ") }
        #expect(pieces == ["send_mail f 3 1 3", "send_mail t 3 1 3", "send_push f 3 2 3", "send_push t 3 2 3"])
        let other = """
            SELECT count(*) FROM pending
            WHERE target = lyceum.target('https://user:secret@other.EXAMPLE:8443?x') AND school_id = \(RuleSchool.school)
            """
        #expect(try school.value(other) == "2")
    }

    /// Quiet hours around the present moment; urgent news passes them.
    @Test func c3_aMarkWaitsForTheEndOfQuietHoursAndAFirstAbsenceDoesNot() throws {
        try asOwner(
            """
            UPDATE notification_preferences SET quiet_from = (now() AT TIME ZONE 'Europe/Moscow')::time - interval '1 hour',
                quiet_to = (now() AT TIME ZONE 'Europe/Moscow')::time + interval '2 hours'
            WHERE school_id = \(RuleSchool.school)
            """)
        try notify()
        try notify("kind, is_urgent", "'first_absence', true")
        try plan()
        let rows = try school.rows(
            """
            SELECT DISTINCT d.channel, d.is_urgent, round(extract(epoch FROM p.due_at - now()) / 60)
            FROM deliveries d JOIN pending p ON p.school_id = d.school_id AND p.id = d.id
            WHERE d.school_id = \(RuleSchool.school) ORDER BY 1, 2
            """)
        #expect(
            rows == [
                ["mail", "f", "120"], ["mail", "t", "0"], ["push", "f", "120"], ["push", "t", "0"],
            ])
    }

    @Test func aMailWaitsForTheIntervalUnlessItIsUrgent() throws {
        try school.run(
            """
            INSERT INTO deliveries (school_id, channel, person_id, is_urgent, notifications, due_at, ended_at, outcome)
            VALUES (\(RuleSchool.school), 'mail', \(RuleKey.mother), false, '{}', now(), now() - interval '5 minutes', 'sent')
            """)
        try notify()
        try notify("kind, is_urgent", "'first_absence', true")
        try plan()
        let minutes = try school.values(
            """
            SELECT round(extract(epoch FROM due_at - now()) / 60) FROM deliveries
            WHERE school_id = \(RuleSchool.school) AND person_id = \(RuleKey.mother) AND started_at IS NULL AND ended_at IS NULL
            ORDER BY channel, is_urgent
            """)
        #expect(minutes == ["10", "0", "0", "0"])
    }

    @Test(arguments: [
        // A choice of the person
        "UPDATE notification_preferences SET choices = '{\"mark\": {\"push\": false, \"mail\": false}}' WHERE person_id = {mother}",
        "UPDATE users SET state = 'blocked' WHERE id = {mother}",
        "UPDATE guardianships SET access = 'none', basis = 'Решение суда' WHERE guardian_id = {mother}",
        "UPDATE guardianships SET ends_on = '2026-10-14' WHERE guardian_id = {mother}",
        // Older than the device and the address
        """
        UPDATE push_subscriptions SET created_at = now() + interval '1 second' WHERE person_id = {mother};
        UPDATE email_addresses SET confirmed_at = now() + interval '1 second' WHERE person_id = {mother};
        """,
        """
        DELETE FROM push_subscriptions WHERE person_id = {mother};
        UPDATE email_addresses SET failing_since = now() WHERE person_id = {mother};
        """,
        "DELETE FROM push_subscriptions WHERE person_id = {mother}; DELETE FROM email_addresses WHERE person_id = {mother};",
        "UPDATE users SET depersonalised_at = now() WHERE id = {mother}",
    ])
    func a3_whoIsNotToldGetsNothing(_ change: String) throws {
        try asOwner(
            change.replacing("{mother}", with: "\(RuleKey.mother)").replacing(
                " WHERE ", with: " WHERE school_id = \(RuleSchool.school) AND "))
        try notify()
        try plan()
        #expect(try waiting() == family.filter { !$0.contains("301") })
    }

    @Test func whatIsOldOrSettledIsNotPlanned() throws {
        try notify("kind, created_at", "'mark', now() - interval '25 hours'")
        try notify("kind, closed_at", "'mark', now()")
        try plan()
        #expect(try waiting() == [])
    }

    /// A3, M12: what a delivery says is decided again when it is sent.
    @Test(arguments: [
        "UPDATE guardianships SET access = 'none', basis = 'Решение суда' WHERE guardian_id = {mother}",
        "UPDATE guardianships SET ends_on = '2026-10-14' WHERE guardian_id = {mother}",
        "UPDATE users SET state = 'blocked' WHERE id = {mother}",
        "UPDATE notifications SET closed_at = now() WHERE entity = 'marks'",
        "DELETE FROM notifications WHERE entity = 'marks'",
        "UPDATE marks SET published_at = now() + interval '1 day' WHERE student_id = {anna}",
        "UPDATE notification_preferences SET choices = '{\"mark\": {\"push\": false, \"mail\": false}}' WHERE person_id = {mother}",
        """
        INSERT INTO notification_receipts (school_id, person_id, notification_id)
        SELECT school_id, {mother}, id FROM notifications WHERE entity = 'marks'
        """,
    ])
    func a3_whatEndedMeanwhileIsNotSaid(_ change: String) throws {
        try school.run(RuleSchool.mark(.anna, at: .recent))
        try plan()
        let news = """
            SELECT count(n.id) FROM deliveries d LEFT JOIN LATERAL lyceum.news_of(d.school_id, d.id) n ON true
            WHERE d.school_id = \(RuleSchool.school) AND d.person_id = \(RuleKey.mother)
            """
        #expect(try school.value(news) == "2")
        try asOwner(
            change.replacing("{mother}", with: "\(RuleKey.mother)").replacing("{anna}", with: "\(RuleKey.anna)")
                .replacing(
                    " WHERE ", with: " WHERE school_id = \(RuleSchool.school) AND "))
        #expect(try school.value(news) == "0")
    }

    @Test func aPieceIsAddedForASchoolWithNewsAndTargets() throws {
        let other = try school.neighbour()
        try asOwner("SET LOCAL lyceum.school_id = '\(other.id)'")
        try notify()
        try asOwner("SET LOCAL lyceum.school_id = '\(school.id)'")
        let pieces = "SELECT count(*) FROM pending WHERE kind = 'plan_push'"
        func wake() throws -> String? {
            try school.run("SET LOCAL lyceum.school_id = '-1'; SELECT lyceum.wake_deliveries('push')")
            defer { try? school.enter() }
            return try school.value(pieces + " AND school_id = \(school.id)")
        }
        #expect(try wake() == "0")
        try notify()
        #expect(try wake() == "1")
        #expect(try wake() == "1", "the piece that waits is enough")
        // Another process has taken it: it may have read the notifications already.
        try school.run("UPDATE pending SET lease = gen_random_uuid() WHERE kind = 'plan_push'")
        try notify()
        #expect(try wake() == "2")
        try notify("kind, is_urgent", "'first_absence', true")
        #expect(try wake() == "3", "what is urgent does not wait for the other one's turn")
        #expect(try school.value("\(pieces) AND is_urgent") == "1")
        try asOwner("SET LOCAL lyceum.school_id = '\(other.id)'")
        #expect(try school.value(pieces + " AND school_id = \(other.id)") == "0", "nobody there wants to be told")
    }

    @Test func a6_aSubscriptionEndsWithItsSession() throws {
        let mine = """
            SELECT count(*) FROM push_subscriptions WHERE school_id = \(RuleSchool.school) AND person_id = \(RuleKey.mother)
            """
        #expect(try school.value(mine) == "1")
        try school.run(
            """
            UPDATE sessions SET ended_at = now(), end_reason = 'test'
            WHERE school_id = \(RuleSchool.school) AND id = \(RuleKey.mother)
            """)
        #expect(try school.value(mine) == "0")
    }

    @Test func aPersonHasAtMostTwentySubscriptions() throws {
        func insert(_ number: Int) -> String {
            """
            INSERT INTO push_subscriptions (school_id, id, person_id, session_id, endpoint, p256dh, auth)
            VALUES (\(RuleSchool.school), gen_random_uuid(), \(RuleKey.father), \(RuleKey.father), 'https://push.example/\(number)',
                decode(repeat('04', 65), 'hex'), decode(repeat('00', 16), 'hex'))
            """
        }
        for number in 2...20 { try school.run(insert(number)) }
        #expect(try school.refusal(of: insert(21)) == SQLRefusal("LYO01", "too_many_push_subscriptions"))
    }

    @Test func fiveCodesADayAreSentToAPersonAndToAnAddress() throws {
        func ask(_ person: RuleKey, _ address: String) -> String {
            "SELECT lyceum.ask_email_code(\(RuleSchool.school), \(person), gen_random_uuid(), '\(address)')"
        }
        for _ in 1...4 { try school.run(ask(.mother, "victim@example.org")) }
        try school.run(ask(.father, "Victim@example.org"))
        for statement in [ask(.uncle, "VICTIM@example.org"), ask(.mother, "victim@example.org")] {
            #expect(try school.refusal(of: statement) == SQLRefusal("LYO02", "too_many_email_codes"))
        }
        try school.run(ask(.mother, "own@example.org"))
        #expect(
            try school.refusal(of: ask(.mother, "other@example.org")) == SQLRefusal("LYO02", "too_many_email_codes"))
        #expect(
            try school.value("SELECT count(*) FROM pending WHERE kind = 'send_email_code' AND school_id = \(school.id)")
                == "6")
    }
}
