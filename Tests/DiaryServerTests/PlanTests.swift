import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// The plans of the statements that a school's day consists of. PostgreSQL's module auto_explain sends each plan with
/// the answer, as a warning; the server prepares its statements, so plans are forced to be generic.
@Suite(.serialized) struct PlanTests {
    let server: TestServer
    let warnings: Warnings
    let ids: DemoSchoolIDs

    init() async throws {
        server = try await TestServer.of(Self.self) {
            let server = try await TestServer()
            let superuser = try BlockingConnection(url: server.database.superuserURL)
            for setting in [
                "session_preload_libraries = auto_explain", "auto_explain.log_min_duration = 0",
                "auto_explain.log_level = warning", "auto_explain.log_nested_statements = on",
                "auto_explain.log_analyze = on", "auto_explain.log_timing = off",
                "plan_cache_mode = force_generic_plan",
            ] {
                try superuser.execute("ALTER ROLE lyceum_server IN DATABASE \(server.database.name) SET \(setting)")
            }
            try Self.converse(superuser)
            try superuser.execute(Self.talk)
            try superuser.execute(Self.weeksOfNotifications)
            return try await TestServer(over: server.database)
        }
        warnings = server.warnings
        ids = try DemoSchoolIDs(server)
    }

    /// Tables that grow each day.
    static let growing = [
        "lessons", "line_items", "marks", "mark_history", "attendance", "attendance_history", "homework", "feedback",
        "final_marks", "final_mark_history", "substitutions", "homework_students", "homework_completions", "changes",
        "audit_log", "notifications", "notification_receipts", "threads", "thread_participants", "thread_receipts",
        "messages", "announcements", "announcement_receipts", "consultations", "contacts",
    ]

    /// Threads of the class teacher with all guardians of the school, two for each child and guardian, as after a year.
    private static func converse(_ superuser: BlockingConnection) throws {
        try superuser.execute(
            """
            SET session_replication_role = replica;
            INSERT INTO threads (school_id, id, subject, student_id, created_by, last_number, last_sequence, latest_at)
            SELECT g.school_id, gen_random_uuid(), g.guardian_id::text, g.student_id, u.id, 2, 2, now() - n * interval '1 hour'
            FROM users u
            JOIN guardianships g ON g.school_id = u.school_id AND g.access = 'full'
            CROSS JOIN generate_series(1, 2) n
            WHERE u.login = 'teacher';
            INSERT INTO thread_participants (school_id, thread_id, person_id, capacity, unread, latest_at)
            SELECT t.school_id, t.id, t.created_by, 'staff', 0, t.latest_at FROM threads t
            UNION ALL
            SELECT t.school_id, t.id, t.subject::uuid, 'guardian', 1, t.latest_at FROM threads t;
            INSERT INTO messages (school_id, id, thread_id, number, sequence, author_id, text, written_at)
            SELECT t.school_id, gen_random_uuid(), t.id, n, n, t.created_by, 'Собрание в пятницу, ' || t.id, t.latest_at
            FROM threads t CROSS JOIN generate_series(1, 2) n;
            INSERT INTO thread_receipts (school_id, thread_id, person_id, sequence)
            SELECT t.school_id, t.id, t.subject::uuid, 1 FROM threads t;
            ANALYZE threads, thread_participants, thread_receipts, messages;
            """)
    }

    /// A year's announcements of the school, most of them read by some guardians, ten years' consultations, and twenty
    /// contacts of each family.
    static let talk = """
        SET session_replication_role = replica;
        INSERT INTO announcements (school_id, id, author_id, title, text, audience, starts_at, ends_at)
            SELECT 1, gen_random_uuid(), (SELECT id FROM users WHERE school_id = 1 AND login = 'head'), 'Т', 'Т',
                ARRAY['guardians/' || CASE WHEN n % 10 = 0 THEN 'school' ELSE 'class/' || c.ids[1 + n % cardinality(c.ids)] END],
                now() - n * interval '6 hours', CASE WHEN n % 3 > 0 THEN now() - n * interval '6 hours' + interval '7 days' END
            FROM generate_series(1, 4000) n
            CROSS JOIN (SELECT array_agg(id ORDER BY id) AS ids FROM classes WHERE school_id = 1) c;
        INSERT INTO announcement_receipts (school_id, announcement_id, person_id, text_version)
            SELECT 1, a.id, g.id, 1
            FROM announcements a
            CROSS JOIN (SELECT id FROM guardians WHERE school_id = 1 ORDER BY id LIMIT 10) g
            WHERE a.school_id = 1;
        INSERT INTO consultations (school_id, id, asker_id, category, subject, waiting_since, state, closed_at)
            SELECT 1, gen_random_uuid(), g.ids[1 + n % cardinality(g.ids)], 'other', 'Т', now() - n * interval '1 day',
                CASE WHEN n < 40 THEN 'open' ELSE 'closed' END, CASE WHEN n >= 40 THEN now() END
            FROM generate_series(1, 2500) n
            CROSS JOIN (SELECT array_agg(id ORDER BY id) AS ids FROM guardians WHERE school_id = 1) g;
        INSERT INTO contacts (school_id, id, student_id, date, means, outcome, text, author_id)
            SELECT s.school_id, gen_random_uuid(), s.id, '2025-11-20'::date - n, 'phone', 'reached', 'Т',
                (SELECT id FROM users WHERE school_id = 1 AND login = 'teacher')
            FROM students s CROSS JOIN generate_series(1, 20) n WHERE s.school_id = 1;
        SET session_replication_role = origin;
        ANALYZE announcements, announcement_receipts, consultations, contacts;
        """

    /// How many rows of a growing table one node of a plan may read: a year of one student or section has fewer, the
    /// school's term has more.
    static let mostRows = 3000

    /// Two weeks of every student, which the mother has read. Transactions write few of them each.
    static let weeksOfNotifications = """
        INSERT INTO notifications (school_id, student_id, kind, entity, entity_id, created_at, xid)
            SELECT s.school_id, s.id, 'homework', 'homework', gen_random_uuid(), now() - n * interval '4 hours',
                (10 + (row_number() OVER ()) / 20)::text::xid8
            FROM students s CROSS JOIN generate_series(1, 60) n;
        INSERT INTO notification_receipts (school_id, person_id, notification_id)
            SELECT n.school_id, u.id, n.id
            FROM users u
            JOIN guardianships g ON g.school_id = u.school_id AND g.guardian_id = u.id
            JOIN notifications n ON n.school_id = g.school_id AND n.student_id = g.student_id
            WHERE u.login = 'parent';
        ANALYZE notifications;
        ANALYZE notification_receipts;
        """

    struct Case: Sendable, CustomTestStringConvertible {
        let login: String
        let path: String
        /// For reads about a class or the school.
        var mostRows = PlanTests.mostRows
        var testDescription: String { "\(login) \(path)" }
    }

    static let cases = [
        Case(login: "parent", path: "/v1/students/{child}/diary"),
        Case(login: "teacher", path: "/v1/students/{child}/diary"),
        Case(login: "parent", path: "/v1/students/{child}/marks"),
        Case(login: "parent", path: "/v1/students/{child}/homework"),
        Case(login: "parent", path: "/v1/students/{child}/feedback"),
        Case(login: "parent", path: "/v1/students/{child}/conduct-notes"),
        Case(login: "parent", path: "/v1/students/{child}/acknowledgements"),
        Case(login: "teacher", path: "/v1/students/{child}/acknowledgements?open=true"),
        Case(login: "parent", path: "/v1/students/{child}/owed"),
        Case(login: "teacher", path: "/v1/sections/{section}/owed"),
        Case(login: "parent", path: "/v1/students/{child}/changes?since={cursor}"),
        Case(login: "parent", path: "/v1/events?wait=0&since={cursor}"),
        Case(login: "parent", path: "/v1/me"),
        Case(login: "parent", path: "/v1/me/day"),
        Case(login: "teacher", path: "/v1/me/day"),
        Case(login: "deputy", path: "/v1/me/day"),
        Case(login: "teacher", path: "/v1/sections/{section}/journal"),
        Case(login: "deputy", path: "/v1/sections/{section}/journal"),
        Case(login: "teacher", path: "/v1/sections/{section}/finals"),
        Case(login: "parent", path: "/v1/students/{child}/finals"),
        // The class average stands on all marks of the class.
        Case(login: "parent", path: "/v1/students/{child}/averages", mostRows: 20_000),
        Case(login: "parent", path: "/v1/students/{child}/digest", mostRows: 20_000),
        // All announcements of the time may be for the class.
        Case(login: "teacher", path: "/v1/classes/{class}/informing", mostRows: 10_000),
        Case(login: "teacher", path: "/v1/classes/{class}/unreached", mostRows: 10_000),
        Case(login: "deputy", path: "/v1/contacts?class_id={class}"),
        Case(login: "parent", path: "/v1/students/{child}/goals?subject_id={subject}&target=5"),
        Case(login: "deputy", path: "/v1/unfinished-lessons?from=2025-11-10&to=2025-11-19"),
        Case(login: "deputy", path: "/v1/lessons?from=2025-11-10&to=2025-11-16"),
        Case(login: "teacher", path: "/v1/lessons?section_id={section}"),
        Case(login: "deputy", path: "/v1/substitutions?date=2025-11-19"),
        Case(login: "parent", path: "/v1/timetable?student_id={child}&from=2025-11-10&to=2025-11-16"),
        Case(login: "parent", path: "/v1/timetable?student_id={child}&from=2025-12-08&to=2025-12-14"),
        Case(login: "deputy", path: "/v1/timetable?class_id={class}&from=2025-12-08&to=2025-12-14"),
        Case(login: "deputy", path: "/v1/timetable?room_id={room}&from=2025-11-10&to=2025-11-16"),
        Case(login: "parent", path: "/v1/students/{child}/attendance"),
        Case(login: "parent", path: "/v1/students/{child}/attendance?from=2025-09-01&to=2025-11-19"),
        Case(login: "teacher", path: "/v1/classes/{class}/attendance?date=2025-11-19"),
        // All lessons of a class, and all absences from them.
        Case(login: "teacher", path: "/v1/classes/{class}/attendance-totals"),
        Case(login: "parent", path: "/v1/students/{child}/plans"),
        Case(login: "teacher", path: "/v1/sections/{section}/plan"),
        Case(login: "parent", path: "/v1/students/{child}/debts"),
        Case(login: "deputy", path: "/v1/debts"),
        Case(login: "deputy", path: "/v1/students/{child}/transfer-sheet"),
        Case(login: "deputy", path: "/v1/control-works?from=2025-11-10&to=2025-11-16"),
        Case(login: "deputy", path: "/v1/lessons?class_id={class}"),
        Case(login: "deputy", path: "/v1/lessons/{lesson}/substitutes"),
        Case(login: "parent", path: "/v1/notifications"),
        Case(login: "parent", path: "/v1/notifications?unread=true&kind=absence"),
        Case(login: "teacher", path: "/v1/notifications"),
        Case(login: "parent", path: "/v1/recipients"),
        Case(login: "teacher", path: "/v1/recipients?q=%D0%BA%D0%BE"),
        Case(login: "deputy", path: "/v1/recipients?student_id={child}"),
        Case(login: "parent", path: "/v1/threads"),
        Case(login: "teacher", path: "/v1/threads"),
        Case(login: "teacher", path: "/v1/threads?order=unread_first"),
        Case(login: "parent", path: "/v1/threads/{thread}"),
        Case(login: "teacher", path: "/v1/threads/{thread}/messages"),
        Case(login: "parent", path: "/v1/messages?q=%D0%BF%D1%8F%D1%82%D0%BD"),
        // All messages of the person may match.
        Case(login: "teacher", path: "/v1/messages?q=%D0%BF%D1%8F%D1%82%D0%BD", mostRows: 10_000),
        Case(login: "parent", path: "/v1/announcements"),
        Case(login: "parent", path: "/v1/announcements?view=past"),
        Case(login: "teacher", path: "/v1/announcements?view=kept"),
        Case(login: "deputy", path: "/v1/announcements?view=kept"),
        Case(login: "deputy", path: "/v1/announcements/{announcement}/readers"),
        Case(login: "parent", path: "/v1/consultations"),
        Case(login: "admin", path: "/v1/consultations?state=open"),
        Case(login: "admin", path: "/v1/consultations?overdue=true"),
    ]

    @Test(arguments: cases) func hotReadsUseIndexes(_ read: Case) throws {
        var path = read.path.replacing("{child}", with: ids.child).replacing("{section}", with: ids.section)
            .replacing("{class}", with: ids.class7A).replacing("{lesson}", with: ids.lesson)
            .replacing("{subject}", with: ids.rows["{marked_subject_id}"] ?? "")
            .replacing("{room}", with: ids.rows["{room_id}"] ?? "")
            .replacing("{announcement}", with: ids.rows["{announcement_id}"] ?? "")
        if path.contains("{thread}") {
            let threads = try server.client("parent").get("/v1/threads?student_id=\(ids.child)").json["items"]
            path = path.replacing("{thread}", with: threads?[0]?["id"]?.string ?? "")
        }
        if path.contains("{cursor}") {
            let feed = try server.client(read.login).get("/v1/students/\(ids.child)/changes").json
            path = path.replacing("{cursor}", with: feed["cursor"]?.string ?? "")
        }
        try expectIndexes(mostRows: read.mostRows) {
            let answer = try server.client(read.login).get(path)
            #expect(answer.status == 200, "\(answer.text)")
        }
    }

    @Test func journalBatchUsesIndexes() throws {
        let marks = ids.others.prefix(20).map {
            """
            {"lesson_id": "\(ids.lesson)", "student_id": "\($0)", "value": {"kind": "number", "number": 4}, "version": 0}
            """
        }
        try expectIndexes {
            let answer = try server.client("teacher").patch(
                "/v1/sections/\(ids.section)/journal?partial=true",
                json: #"{"marks": [\#(marks.joined(separator: ","))]}"#)
            #expect(answer.status == 200, "\(answer.text)")
        }
    }

    @Test func writingMessagesUsesIndexes() throws {
        let threads = try server.client("parent").get("/v1/threads?student_id=\(ids.child)").json["items"]
        let thread = try #require(threads?[0]?["id"]?.string)
        try expectIndexes {
            let answer = try server.client("parent").post("/v1/threads/\(thread)/messages", json: #"{"text": "Будем"}"#)
            #expect(answer.status == 201, "\(answer.text)")
        }
        try expectIndexes {
            let answer = try server.client("teacher").post(
                "/v1/threads",
                json: #"{"class_id": "\#(ids.class7A)", "subject": "Собрание", "text": "В пятницу"}"#)
            #expect(answer.status == 200, "\(answer.text)")
        }
    }

    /// Shows that the tests above can fail.
    @Test func aSequentialScanIsFound() throws {
        #expect(Self.scans("Seq Scan on lessons l  (cost=0.00..1.00 rows=1 width=4)") == ["lessons"])
        #expect(Self.scans("Index Scan using lessons_pkey on lessons l\nSeq Scan on rooms r") == [])
        #expect(Self.scans("Seq Scan on lessons l  (cost=0.00..1.00 rows=1 width=4) (never executed)") == [])
    }

    @Test func aScanOfTheWholeSchoolIsFound() throws {
        let plan = """
            ->  Nested Loop  (cost=1.00..2.00 rows=9 width=4) (actual rows=9000 loops=1)
                  ->  Index Scan using lessons_by_date on lessons l  (cost=1.00..2.00 rows=9 width=4) (actual rows=200 loops=10)
                        Index Cond: (school_id = $1)
                        Rows Removed by Filter: 150
                  ->  Index Scan using rooms_pkey on rooms r  (cost=1.00..2.00 rows=9 width=4) (actual rows=1 loops=9000)
            """
        #expect(Self.reads(plan).map(\.table) == ["lessons"])
        #expect(Self.reads(plan).map(\.rows) == [3500])
    }

    private func expectIndexes(mostRows: Int = PlanTests.mostRows, _ act: () throws -> Void) throws {
        let before = Set(warnings.all)
        try act()
        let plans = warnings.all.filter { !before.contains($0) && $0.contains("plan:") }
        #expect(!plans.isEmpty, "auto_explain sent no plan")
        for plan in plans {
            let large = Self.reads(plan).filter { $0.rows > mostRows }
            let scans = Self.scans(plan)
            if !scans.isEmpty || !large.isEmpty {
                let faults = scans.map { "all rows of \($0)" } + large.map { "\($0.rows) rows of \($0.table)" }
                Issue.record("\(faults) \(plan.prefix(4000))")
            }
        }
    }

    /// The growing tables that a plan reads from the beginning to the end.
    private static func scans(_ plan: String) -> [String] {
        let lines = plan.split(separator: "\n")
        return growing.filter { table in
            lines.contains {
                ($0.contains("Seq Scan on \(table) ") || $0.hasSuffix("Seq Scan on \(table)"))
                    && !$0.hasSuffix("(never executed)")
            }
        }
    }

    /// How many rows of growing tables the nodes of a plan read, with those that a filter removed.
    private static func reads(_ plan: String) -> [(table: String, rows: Int)] {
        var reads: [(table: String, rows: Int)] = []
        var loops = 0
        for line in plan.split(separator: "\n") {
            if let node = line.firstMatch(of: /\(actual rows=(\d+) loops=(\d+)\)/) {
                loops = 0
                guard let table = growing.first(where: { line.contains(" on \($0) ") }) else { continue }
                loops = Int(node.2)!
                reads.append((table, Int(node.1)! * loops))
            } else if loops > 0, let removed = line.firstMatch(of: /Rows Removed by Filter: (\d+)/) {
                reads[reads.count - 1].rows += Int(removed.1)! * loops
            }
        }
        return reads
    }
}
