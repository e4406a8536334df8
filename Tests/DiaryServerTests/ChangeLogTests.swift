import DiaryTestSupport
import Postgres
import TestSupport
import Testing

/// The log of changes: which tables it covers, what it says about a change, and its partitions.
@Suite struct ChangeLogTests {
    /// Tables that need no declaration, and why.
    static let exempt: [String: String] = [
        "schools": "has no school_id; the trigger lyceum.log_schools is written by hand",
        "changes": "is the log",
        "audit_log": "each row comes with the change that it records",
        "mark_history": "each row comes with the change that it records",
        "attendance_history": "each row comes with the change that it records",
        "final_mark_history": "each row comes with the change that it records",
        "transferred_mark_history": "each row comes with the change that it records",
        "class_changes": "each row comes with the enrollments of the class change",
        "plan_units": "a change of them is a change of their plan (lyceum.keep_plan_content)",
        "plan_topics": "a change of them is a change of their plan (lyceum.keep_plan_content)",
        "plan_correction_items": "each row comes with its correction",
        "ended_memberships": "each row comes with the memberships that it records",
        "idempotency_keys": "answers of writes, for repeats of the same request only",
        "notifications": "each row comes with the change that it tells of",
        "notification_receipts": "read when it is shown, never kept; no feed shows it",
        "threads": "read by its participants only, and no circle is as small: notifications tell of messages",
        "thread_participants": "as threads",
        "thread_receipts": "as threads",
        "messages": "as threads",
        "message_versions": "as threads",
        "thread_reports": "as threads",
        "announcement_receipts": "read when they are used, never kept",
        "consultation_history": "each row comes with the change that it records",
        "pseudonym_keys": "a secret of exports; no answer shows it",
        "pending": "the server's work, not data of the school",
        "webhook_positions": "the server's work, not data of the school",
        "webhook_deliveries": "tells of changes that the log has",
        "webhook_attempts": "tells of changes that the log has",
        "deliveries": "the server's work, not data of the school",
        "delivery_cursors": "the server's work, not data of the school",
        "report_jobs": "of one person, who polls them; gone after a day",
        "report_results": "of one person; gone after a day",
        "email_codes": "addresses that are not confirmed; no answer is kept that shows one",
        "activity_days": "counts days for reports; no answer shows it",
        "sessions": "sign-in: read when it is used, never kept",
        "sign_in_failures": "sign-in: read when it is used, never kept",
        "activation_codes": "sign-in: read when it is used, never kept",
        "authorization_codes": "sign-in: read when it is used, never kept",
        "client_secrets": "sign-in: read when it is used, never kept",
        "second_factors": "sign-in: read when it is used, never kept",
        "recovery_codes": "sign-in: read when it is used, never kept",
    ]

    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    @Test func everyTableIsDeclaredOrExempt() throws {
        let tables = try school.rows(
            """
            SELECT c.relname, (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname IN ('log_made', 'log_changed', 'log_deleted'))
            FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                AND c.relname NOT IN ('schema_migrations', 'schema_functions')
            """)
        for row in tables {
            let table = row[0] ?? ""
            if Self.exempt[table] == nil {
                #expect(row[1] == "3", "\(table) is neither declared in functions/base/changes.sql nor exempt here")
            } else if table != "schools" {
                #expect(row[1] == "0", "\(table) is exempt, but declared")
            }
        }
        #expect(Set(Self.exempt.keys).isSubset(of: tables.compactMap { $0[0] }))
    }

    /// Compares the log's rows of some statements: the circle, with `*` if it is the home circle, the entity, the
    /// operation and the number of ids.
    private func logged(_ sql: String, expecting rows: [String], _ location: SourceLocation = #_sourceLocation) throws {
        let before = try school.value("SELECT coalesce(max(number), 0) FROM changes") ?? "0"
        try school.run(sql)
        let found = try school.rows(
            """
            SELECT circle || CASE WHEN is_home THEN '*' ELSE '' END, entity, operation, cardinality(ids)
            FROM changes WHERE number > \(before) ORDER BY circle, entity, operation, number
            """
        ).map { $0.map { $0 ?? "" }.joined(separator: " ") }
        #expect(found == rows.sorted(), sourceLocation: location)
    }

    @Test func aBatchIsOneRowForEachDiaryAndOneForTheJournal() throws {
        try logged(
            RuleSchool.mark(.anna, at: .recent) + RuleSchool.mark(.boris, at: .recent),
            expecting: ["diary marks made 1", "diary marks made 1", "journal* marks made 1", "journal* marks made 1"])
        try logged(
            "UPDATE marks SET number = 4 WHERE school_id = \(RuleSchool.school) AND line_item_id = \(RuleKey.recent.column)",
            expecting: ["diary marks changed 1", "diary marks changed 1", "journal* marks changed 2"])
        try logged(
            RuleSchool.change(.anna, at: .recent, to: .nothing),
            expecting: ["diary marks deleted 1", "journal* marks deleted 1"])
    }

    @Test func m12FamiliesAreToldWhenAMarkAppearsAndDisappears() throws {
        let cell = RuleSchool.cell(.anna, at: .recent)
        func publish(_ moment: String) -> String { "UPDATE marks SET published_at = \(moment) \(cell)" }
        try school.run(RuleSchool.mark(.anna, at: .recent))
        try logged(publish("NULL"), expecting: ["diary marks hidden 1", "journal* marks changed 1"])
        try logged(
            "UPDATE marks SET number = 3 \(cell)", expecting: ["diary marks concealed 1", "journal* marks changed 1"])
        try logged(
            publish("now() + interval '1 hour'"), expecting: ["diary marks concealed 1", "journal* marks changed 1"])
        try logged(publish("now()"), expecting: ["diary marks made 1", "journal* marks changed 1"])
        try logged(
            """
            INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number, published_at)
            VALUES (\(RuleSchool.school), gen_random_uuid(), \(RuleKey.recent.column), \(RuleKey.boris), 'number', 5, NULL)
            """, expecting: ["diary marks concealed 1", "journal* marks made 1"])
    }

    /// Families never saw such a mark, or know that it is gone.
    @Test func m12AHeldBackMarkIsNotToldWhenItIsClearedWrittenAgainOrDeleted() throws {
        let cell = RuleSchool.cell(.anna, at: .recent)
        try school.run(RuleSchool.mark(.anna, at: .recent))
        try school.run("UPDATE marks SET published_at = NULL \(cell)")
        try logged(
            "UPDATE marks SET kind = NULL, number = NULL, published_at = now() \(cell)",
            expecting: ["diary marks concealed 1", "journal* marks deleted 1"])
        try logged(
            "UPDATE marks SET kind = 'number', number = 3, published_at = NULL \(cell)",
            expecting: ["diary marks concealed 1", "journal* marks changed 1"])
        try logged(
            "RESET ROLE; SET LOCAL ROLE lyceum_owner; DELETE FROM marks \(cell)",
            expecting: ["diary marks concealed 1", "journal* marks deleted 1"])
    }

    /// A time of change after the publication would hide that the row is to be published.
    @Test(arguments: [
        "feedback (school_id, id, student_id, section_id, lesson_id, text, published_at, version, changed_at) VALUES "
            + "(\(RuleSchool.school), gen_random_uuid(), \(RuleKey.anna), \(RuleKey.maths7), \(RuleKey.recent), 'Молодец'",
        "conduct_notes (school_id, id, student_id, lesson_id, date, kind, text, published_at, version, changed_at) VALUES "
            + "(\(RuleSchool.school), gen_random_uuid(), \(RuleKey.anna), \(RuleKey.recent), '2026-10-14', 'praise', 'Помог'",
    ])
    func m12TheDatabaseStampsTheFirstVersion(_ row: String) throws {
        let table = row.prefix { $0 != " " }
        try school.run("INSERT INTO \(row), now() + interval '1 hour', 7, now() + interval '1 day')")
        #expect(try school.rows("SELECT version, changed_at = now() FROM \(table)") == [["1", "t"]])
    }

    @Test func aNameIsLoggedInAllCirclesAndALocaleInThePersonsOwn() throws {
        let anna = "WHERE school_id = \(RuleSchool.school) AND id = \(RuleKey.anna)"
        try logged(
            "UPDATE users SET locale = 'en' \(anna)",
            expecting: ["person* students changed 1", "person* users changed 1"])
        try logged(
            "UPDATE users SET last_name = 'Иная' \(anna)",
            expecting: ["person*", "school", "student", "group", "group"].flatMap {
                ["\($0) students changed 1", "\($0) users changed 1"]
            })
    }

    @Test func anUpdateThatChangesNothingIsNotLogged() throws {
        try school.run("RESET ROLE; SET LOCAL ROLE lyceum_owner")
        // In a transaction of its own, like a request: a row counts as changed if this transaction made its version.
        let database = try TestDatabase(.migrated)
        let other = try RuleSchool(in: database)
        try other.commit()
        try other.run("BEGIN")
        try other.enter()
        let before = try other.value("SELECT count(*) FROM changes")
        try other.run("UPDATE subjects SET name = name WHERE school_id = \(other.id)")
        #expect(try other.value("SELECT count(*) FROM changes") == before)
        try other.run("ROLLBACK")
    }

    /// A circle that loses a row is told so. The test switches off the trigger that refuses to move such a row; rows of
    /// other tables may be moved.
    @Test func aCircleThatLosesARowIsTold() throws {
        try school.run(
            """
            RESET ROLE; SET LOCAL ROLE lyceum_owner; SET CONSTRAINTS ALL IMMEDIATE;
            ALTER TABLE section_teachers DISABLE TRIGGER fixed;
            """)
        let lead = "WHERE school_id = \(RuleSchool.school) AND section_id = \(RuleKey.maths7) AND ends_on IS NULL"
        try logged(
            "UPDATE section_teachers SET teacher_id = (SELECT id FROM staff WHERE id <> teacher_id LIMIT 1) \(lead)",
            expecting: [
                "person section_teachers changed 1", "person section_teachers hidden 1", "person sections changed 1",
                "person sections hidden 1", "person students changed 4", "person students hidden 4",
                "section* section_teachers changed 1", "section* sections changed 1",
            ])
    }

    // MARK: Partitions

    private struct Partitions {
        let database: TestDatabase
        let owner: BlockingConnection

        init() throws {
            database = try TestDatabase(.migrated)
            owner = try BlockingConnection(url: database.ownerURL)
            // The bounds of the template lie where the cluster was when it was made.
            try owner.query("SELECT lyceum.begin_changes_anew(pg_snapshot_xmin(pg_current_snapshot()))")
        }

        func ranges() throws -> [[String?]] {
            try owner.query("SELECT lower, upper FROM lyceum.change_partitions ORDER BY lower").rows
        }

        func tend() throws -> String? { try owner.query("SELECT lyceum.tend_changes('60 days')").first }

        func write() throws { try owner.execute("UPDATE schools SET name = name || '!'") }

        func count() throws -> String? { try owner.query("SELECT count(*) FROM changes").first }

        /// Moves the bounds of the partitions so that the transactions of the first one are used up.
        func useUp() throws {
            try owner.execute(
                """
                DO $$
                DECLARE
                    v_lower text := (SELECT min(lower)::text FROM lyceum.change_partitions);
                    v_upper text := (SELECT max(lower)::text FROM lyceum.change_partitions);
                    v_next text := pg_current_xact_id()::text;
                BEGIN
                    EXECUTE format('ALTER TABLE changes DETACH PARTITION partitions.changes_%s', v_lower);
                    EXECUTE format('ALTER TABLE changes DETACH PARTITION partitions.changes_%s', v_upper);
                    EXECUTE format('ALTER TABLE partitions.changes_%s RENAME TO changes_%s', v_upper, v_next);
                    EXECUTE format('ALTER TABLE changes ATTACH PARTITION partitions.changes_%s FOR VALUES FROM (%L) TO (%L)',
                        v_lower, v_lower, v_next);
                    EXECUTE format('ALTER TABLE changes ATTACH PARTITION partitions.changes_%s FOR VALUES FROM (%L) TO (MAXVALUE)',
                        v_next, v_next);
                    DELETE FROM lyceum.change_partitions;
                    INSERT INTO lyceum.change_partitions (lower, upper) VALUES
                        (v_lower::xid8, v_next::xid8), (v_next::xid8, NULL);
                END
                $$
                """)
        }
    }

    @Test func aPartitionIsAddedInTimeAndAnOldOneDropped() throws {
        let partitions = try Partitions()
        try partitions.owner.execute("INSERT INTO schools (code, name) VALUES ('a', 'A')")
        #expect(try partitions.tend() == "0")
        #expect(try partitions.ranges().count == 2)
        let before = try partitions.count()
        try partitions.owner.execute("SET lyceum.school_id = 1")
        func isExpired(_ cursor: String?) throws -> Bool {
            try partitions.owner.query("SELECT lyceum.has_expired(lyceum.change_epoch(), $1::pg_snapshot)", [cursor])
                .first == "t"
        }
        let cursor = try partitions.owner.query("SELECT lyceum.change_horizon()").first
        #expect(try !isExpired(cursor))
        try partitions.useUp()
        // The last partition has rows already; the next one begins above them.
        try partitions.write()
        #expect(try partitions.tend() == "0")
        let ranges = try partitions.ranges()
        #expect(ranges.count == 3)
        #expect(ranges.map { $0[1] } == [ranges[1][0], ranges[2][0], nil])
        try partitions.write()
        #expect(try partitions.count() == String(Int(before ?? "")! + 2))
        // The first partition was filled long enough ago, so it is dropped with its rows.
        try partitions.owner.execute(
            "UPDATE lyceum.change_partitions SET filled_at = now() - interval '61 days' WHERE filled_at IS NOT NULL")
        #expect(try partitions.tend() == "1")
        #expect(try partitions.ranges() == Array(ranges.dropFirst()))
        #expect(try partitions.count() == "2")
        #expect(try isExpired(cursor))
        try partitions.write()
        #expect(try !isExpired(try partitions.owner.query("SELECT lyceum.change_horizon()").first))
    }

    /// A dump was restored into a new cluster, where transactions begin below all partitions. Writes continue.
    @Test func theLogOfAnotherClusterIsEmptied() throws {
        let partitions = try Partitions()
        try partitions.owner.execute("INSERT INTO schools (code, name) VALUES ('a', 'A')")
        try partitions.owner.execute(
            """
            DO $$
            DECLARE v_lower text := (SELECT min(lower)::text FROM lyceum.change_partitions);
                v_upper text := (SELECT max(lower)::text FROM lyceum.change_partitions);
            BEGIN
                TRUNCATE changes;
                EXECUTE format('ALTER TABLE changes DETACH PARTITION partitions.changes_%s', v_lower);
                EXECUTE format('ALTER TABLE changes DETACH PARTITION partitions.changes_%s', v_upper);
                EXECUTE format('ALTER TABLE partitions.changes_%s RENAME TO changes_8000000000', v_lower);
                EXECUTE format('ALTER TABLE partitions.changes_%s RENAME TO changes_9000000000', v_upper);
                ALTER TABLE changes ATTACH PARTITION partitions.changes_8000000000 FOR VALUES FROM ('8000000000') TO ('9000000000');
                ALTER TABLE changes ATTACH PARTITION partitions.changes_9000000000 FOR VALUES FROM ('9000000000') TO (MAXVALUE);
                DELETE FROM lyceum.change_partitions;
                INSERT INTO lyceum.change_partitions (lower, upper) VALUES ('8000000000', '9000000000'), ('9000000000', NULL);
            END
            $$
            """)
        // An answer that is kept now stands on the log's rows.
        let snapshot = try partitions.owner.query("SELECT pg_current_snapshot()").first
        func isKeptAnswerTrue() throws -> String? {
            try partitions.owner.query(
                """
                SELECT lyceum.is_still_true(
                    1, 'UTC', NULL, NULL, NULL, 'student', NULL, true, $1, 'infinity', '{school}', ARRAY[lyceum.nobody()])
                """, [snapshot]
            ).first
        }
        #expect(try isKeptAnswerTrue() == "t")
        try partitions.write()
        #expect(try isKeptAnswerTrue() == "f")
        #expect(try partitions.count() == "1")
        #expect(try partitions.tend() == "0")
        #expect(try isKeptAnswerTrue() == "f")
        #expect(try partitions.count() == "1")
        try partitions.write()
        #expect(try partitions.count() == "2")
        #expect(
            try partitions.owner.query("SELECT min(lower) <= pg_current_xact_id() FROM lyceum.change_partitions").first
                == "t")
    }

    /// The new cluster has given out as many transactions as the first partition needs, but fewer than the log has rows of.
    @Test func rowsOfAnotherClusterEmptyTheLog() throws {
        let partitions = try Partitions()
        try partitions.owner.execute("INSERT INTO schools (code, name) VALUES ('a', 'A')")
        try partitions.write()
        #expect(try partitions.tend() == "0")
        let before = try #require(Int(try partitions.count() ?? ""))
        #expect(before > 1, "the log of this cluster stays")
        try partitions.owner.execute(
            """
            INSERT INTO changes (xid, school_id, circle, circle_id, is_home, entity, operation, ids)
            SELECT '8000000000', id, 'school', lyceum.nobody(), true, 'school', 'changed', array[lyceum.nobody()] FROM schools
            """)
        #expect(try partitions.tend() == "0")
        #expect(try partitions.count() == "1")
        #expect(
            try partitions.owner.query("SELECT max(xid) < pg_snapshot_xmax(pg_current_snapshot()) FROM changes").first
                == "t")
    }

    /// Notifications that were restored with the numbers of another cluster are not new, now or when this cluster gets to
    /// those numbers. What was written before the dump and not yet planned is still planned.
    @Test func notificationsOfAnotherClusterAreNotNew() throws {
        let partitions = try Partitions()
        let owner = partitions.owner
        try owner.execute(
            """
            INSERT INTO schools (code, name) VALUES ('a', 'A');
            UPDATE lyceum.delivery_watch SET seen = '8000000000:8000000000:';
            INSERT INTO delivery_cursors (school_id, channel, seen) SELECT id, 'push', '8000000000:8000000000:' FROM schools;
            INSERT INTO notifications (school_id, student_id, kind, entity, entity_id, xid)
            SELECT s.id, gen_random_uuid(), 'feedback', 'feedback', gen_random_uuid(), (8000000000 + n)::text::xid8
            FROM schools s CROSS JOIN generate_series(1, 25) n
            """)
        let fresh = "SELECT count(*) FROM lyceum.notifications_since(pg_current_snapshot())"
        #expect(try owner.query(fresh).first == "0")
        try owner.execute("SET lyceum.school_id = '1'")
        let ends = "SELECT pg_snapshot_xmax(lyceum.change_horizon()) <= pg_snapshot_xmax(pg_current_snapshot())"
        #expect(try owner.query(ends).first == "t")
        func restored() throws -> String? { try owner.query("SELECT lyceum.renumber_notifications(20)").first }
        #expect(try [restored(), restored(), restored()] == ["20", "5", "0"])
        #expect(
            try owner.query("SELECT count(*) FROM notifications WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())")
                .first == "0")
        #expect(
            try owner.query(
                """
                SELECT count(*) FROM notifications n, lyceum.delivery_watch w, delivery_cursors c
                WHERE w.channel = c.channel AND NOT pg_visible_in_snapshot(n.xid, w.seen) AND NOT pg_visible_in_snapshot(n.xid, lyceum.past_snapshot(c.seen))
                """
            ).first == "25")
    }
}
