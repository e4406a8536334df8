import Crypto
import Diary
import DiaryJournal
import DiaryServer
import DiaryTestSupport
import Glibc
import JSON
import Postgres
import Reactor
import TestSupport
import TestTools
import Testing

/// The feeds: who gets which changes, and that nobody misses one.
@Suite(.serialized) struct ChangesTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let owner: BlockingConnection
    /// A published mark of the child that can still be edited.
    let mark: String

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        owner = try server.owner()
        mark = try #require(
            try owner.query(
                """
                SELECT k.id FROM marks k JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id
                JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
                WHERE k.student_id = $1 AND k.kind = 'number' AND l.date BETWEEN '2025-11-10' AND $2 ORDER BY k.id LIMIT 1
                """, [ids.child, TestServer.today]
            ).first)
        try enter(owner)
        // A test that failed may have left it held back.
        try change("UPDATE marks SET published_at = '2025-11-18' WHERE id = '{mark}' AND published_at IS NULL")
    }

    private func enter(_ connection: BlockingConnection) throws {
        try connection.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
    }

    private func feed(_ login: String, _ parameters: String = "") throws -> FeedReader {
        try FeedReader(server.client(login), "/v1/changes", parameters)
    }

    private func family(_ login: String = "parent", _ parameters: String = "") throws -> FeedReader {
        try FeedReader(server.client(login), "/v1/students/\(ids.child)/changes", parameters)
    }

    @discardableResult
    private func change(_ sql: String) throws -> String? { try owner.query(filled(sql)).first }

    private func filled(_ sql: String) -> String {
        [
            "school": String(ids.school), "child": ids.child, "other": ids.others[0], "section": ids.section,
            "lesson": ids.lesson, "mark": mark, "class": ids.class7A, "other_class": ids.otherClass,
        ].reduce(sql) { $0.replacing("{\($1.key)}", with: $1.value) }
    }

    /// The operations that the feed reports for a row.
    private func operations(_ reader: FeedReader, _ entity: String, _ id: String) throws -> [String] {
        try reader.read().filter { $0.entity == entity && $0.id == id }.map { $0.operation }
    }

    // MARK: Nothing is missed

    private func newRoom(_ connection: BlockingConnection, _ name: String) throws -> String {
        try connection.query(
            "INSERT INTO rooms (school_id, id, name) VALUES ($1, gen_random_uuid(), $2) RETURNING id",
            [String(ids.school), name]
        ).first!
    }

    /// In whatever order transactions begin and end, each change comes with the first poll after its commit, and once.
    @Test func transactionsCommitOutOfOrder() throws {
        let reader = try feed("head")
        let writers = try (0..<4).map { _ in try server.owner() }
        for writer in writers { try enter(writer) }
        var open: [Int: [String]] = [:]
        var random = SystemRandomNumberGenerator()
        var committed: [String] = []
        var received: [String] = []
        func poll() throws {
            received += try reader.read().map { $0.id }
            #expect(received == committed)
        }
        for step in 0..<300 {
            let writer = Int.random(in: 0..<writers.count, using: &random)
            switch open[writer] {
            case nil:
                try writers[writer].execute("BEGIN")
                // Some get their transaction number long before they write.
                if Bool.random(using: &random) { try writers[writer].execute("SELECT pg_current_xact_id()") }
                open[writer] = []
            case let rooms? where rooms.count < 2:
                open[writer] = rooms + [try newRoom(writers[writer], "Ф-\(step)")]
            case let rooms? where Int.random(in: 0..<4, using: &random) > 0:
                try writers[writer].execute("COMMIT")
                open[writer] = nil
                committed += rooms
            default:
                try writers[writer].execute("ROLLBACK")
                open[writer] = nil
            }
            try poll()
        }
        for writer in open.keys.sorted() {
            try writers[writer].execute("COMMIT")
            committed += open[writer]!
            try poll()
        }
        #expect(Set(committed).count == committed.count && committed.count > 50)
        try owner.query("DELETE FROM rooms WHERE name LIKE 'Ф-%'")
    }

    /// A long transaction delays no other change, and its own come when it ends.
    @Test func aLongTransactionDelaysNobody() throws {
        let reader = try feed("head")
        let long = try server.owner()
        try enter(long)
        try long.execute("BEGIN")
        let late = try newRoom(long, "Долгая")
        let early = try newRoom(owner, "Быстрая")
        #expect(try reader.read().map { $0.id } == [early])
        #expect(try reader.read() == [])
        try long.execute("COMMIT")
        #expect(try reader.read().map { $0.id } == [late])
        try owner.query("DELETE FROM rooms WHERE id IN ($1, $2)", [early, late])
        #expect(try Set(reader.read().map { $0.description }) == ["rooms \(early) deleted", "rooms \(late) deleted"])
    }

    /// Teachers read the positions and roles of their colleagues.
    @Test func aTeacherIsToldOfColleagues() throws {
        let reader = try feed("teacher")
        let deputy = try #require(
            try change("SELECT id FROM users WHERE login = 'deputy' AND school_id = {school}"))
        try change("UPDATE staff SET position = coalesce(position, '') || '!' WHERE id = '\(deputy)'")
        #expect(try operations(reader, "staff", deputy) == ["changed"])
        try change("INSERT INTO user_roles (school_id, user_id, role) VALUES ({school}, '\(deputy)', 'teacher')")
        #expect(try operations(reader, "staff", deputy) == ["changed"])
        try change("DELETE FROM user_roles WHERE user_id = '\(deputy)' AND role = 'teacher'")
        #expect(try operations(reader, "staff", deputy) == ["changed"])
        let made = try #require(
            try change(
                """
                WITH made AS (
                    INSERT INTO users (school_id, id, last_name, first_name)
                    VALUES ({school}, gen_random_uuid(), 'Новый', 'Учитель') RETURNING school_id, id
                )
                INSERT INTO staff (school_id, id) SELECT school_id, id FROM made RETURNING id
                """))
        #expect(try operations(reader, "staff", made) == ["made"])
    }

    /// The end itself is told; after that, the class teacher has nothing to do with the guardian.
    @Test func aClassTeacherIsNotToldOfFormerGuardians() throws {
        let reader = try feed("teacher")
        let guardianship = try #require(
            try change(
                """
                SELECT g.id FROM guardianships g
                WHERE g.student_id = '{other}' AND (SELECT count(*) FROM guardianships o WHERE o.guardian_id = g.guardian_id) = 1
                ORDER BY g.id LIMIT 1
                """))
        let guardian = try #require(
            try change(
                "UPDATE guardianships SET ends_on = '2025-11-18' WHERE id = '\(guardianship)' RETURNING guardian_id"))
        #expect(try operations(reader, "guardians", guardian) == ["deleted"])
        try change("UPDATE guardians SET phone = '+7 999 000-00-00' WHERE id = '\(guardian)'")
        try change("UPDATE users SET locale = 'en' WHERE id = '\(guardian)'")
        #expect(try operations(reader, "guardians", guardian) == [])
        try change("UPDATE guardianships SET ends_on = NULL WHERE id = '\(guardianship)'")
        #expect(try operations(reader, "guardians", guardian) == ["changed"])
    }

    /// A row of the log with many ids fills several pages. A change that is committed between two pages comes after
    /// them.
    @Test func aRowOfTheLogFillsSeveralPages() throws {
        let reader = try feed("head", "&limit=7")
        let rooms = try owner.query(
            "UPDATE rooms SET name = name || '~' WHERE school_id = $1 RETURNING id", [String(ids.school)]
        ).rows.map { $0[0]! }
        #expect(rooms.count > 20)
        #expect(
            try owner.query(
                "SELECT count(*), max(cardinality(ids)) FROM changes WHERE xid = (SELECT max(xid) FROM changes)"
            ).rows == [["1", String(rooms.count)]])
        var received: [String] = []
        var late: String?
        while true {
            let page = try reader.page()
            #expect(page.items.count <= 7)
            received += page.items.map { $0.id }
            if late == nil {
                late = try newRoom(owner, "Между")
            }
            if !page.hasMore { break }
        }
        #expect(received.sorted() == rooms.sorted())
        #expect(reader.pages == (rooms.count + 6) / 7)
        #expect(try reader.read().map { $0.id } == [late])
        try owner.query("DELETE FROM rooms WHERE id = $1", [late])
        try owner.query("UPDATE rooms SET name = left(name, -1) WHERE school_id = $1", [String(ids.school)])
    }

    // MARK: Who gets which changes

    @Test func m12AMarkThatIsHeldBackIsDeletedForFamiliesOnly() throws {
        let ofTeacher = try teachesTheMark ? ["changed"] : ["deleted"]
        let everybody = [
            "parent": try family(), "head on the student": try family("head"), "teacher": try feed("teacher"),
            "head": try feed("head"), "admin": try feed("admin"), "deputy": try feed("deputy"),
        ]
        let others = try FeedReader(server.client("student"), "/v1/students/\(try student())/changes")
        func expect(_ expected: [String: [String]], _ location: SourceLocation = #_sourceLocation) throws {
            for (name, reader) in everybody {
                let found = try operations(reader, "marks", mark)
                #expect(found == expected[name] ?? [], "\(name)", sourceLocation: location)
            }
            #expect(try others.read() == [], sourceLocation: location)
        }
        let update = "UPDATE marks SET"
        try change("\(update) published_at = NULL WHERE id = '{mark}'")
        try expect([
            "parent": ["deleted"], "head on the student": ["deleted"], "teacher": ofTeacher,
            "head": ["changed"], "deputy": ["changed"],
        ])
        // Readers who do not see it are not told of its changes.
        try change("\(update) number = CASE number WHEN 5 THEN 4 ELSE 5 END WHERE id = '{mark}'")
        try expect(["teacher": try teachesTheMark ? ["changed"] : [], "head": ["changed"], "deputy": ["changed"]])
        try change("\(update) published_at = now() WHERE id = '{mark}'")
        try expect([
            "parent": ["made"], "head on the student": ["made"], "teacher": ["made"],
            "head": ["changed"], "deputy": ["changed"],
        ])
        // A published mark is changed and then held back, before anybody polls.
        try change("\(update) comment = 'x' WHERE id = '{mark}'")
        try change("\(update) published_at = NULL WHERE id = '{mark}'")
        try expect([
            "parent": ["deleted"], "head on the student": ["deleted"], "teacher": ofTeacher,
            "head": ["changed"], "deputy": ["changed"],
        ])
        try change("\(update) published_at = now(), comment = NULL WHERE id = '{mark}'")
    }

    /// Whether `teacher` teaches the section of the mark, besides being the class teacher.
    private var teachesTheMark: Bool {
        get throws {
            try change(
                """
                SELECT EXISTS (
                    SELECT FROM marks k JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id
                    JOIN section_teachers t ON t.school_id = i.school_id AND t.section_id = i.section_id
                    JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id AND u.login = 'teacher'
                    WHERE k.id = '{mark}'
                )
                """) == "t"
        }
    }

    private func student() throws -> String {
        try #require(try change("SELECT id FROM users WHERE school_id = {school} AND login = 'student'"))
    }

    /// M12: nothing is written when the time of publication comes.
    @Test func m12AMarkIsReportedWhenItIsPublished() async throws {
        let reader = try family("parent", "&include=data")
        var configuration = Background.Configuration(work: BackgroundWork.publications)
        configuration.rhythm = 0.05
        let loop = try BackgroundLoop(
            configuration, server.database.serverURL, LogSink(descriptor: open("/dev/null", O_WRONLY)))
        let before = try change("SELECT max(number) FROM changes") ?? "0"
        try change("UPDATE marks SET published_at = clock_timestamp() + interval '1 second' WHERE id = '{mark}'")
        #expect(try operations(reader, "marks", mark) == ["deleted"])
        #expect(try change("SELECT count(*) FROM pending WHERE kind = 'publish_marks'") == "1")
        var item: FeedReader.Item?
        _ = try await eventually {
            item = try reader.read().first { $0.entity == "marks" }
            return item != nil
        }
        #expect(item?.operation == "made" && item?.id == mark)
        #expect(item?.data?["value"] != nil)
        // Postponed and then held back, or postponed and then published at once: it is not reported while hidden, nor
        // twice.
        try change("UPDATE marks SET published_at = clock_timestamp() + interval '1 second' WHERE id = '{mark}'")
        try change("UPDATE marks SET published_at = NULL WHERE id = '{mark}'")
        #expect(try operations(reader, "marks", mark) == ["deleted"])
        #expect(try await eventually { try change("SELECT count(*) FROM pending WHERE kind = 'publish_marks'") == "0" })
        #expect(try operations(reader, "marks", mark) == [])
        try change("UPDATE marks SET published_at = clock_timestamp() + interval '1 second' WHERE id = '{mark}'")
        try change("UPDATE marks SET published_at = now() WHERE id = '{mark}'")
        #expect(try await eventually { try change("SELECT count(*) FROM pending WHERE kind = 'publish_marks'") == "0" })
        #expect(try operations(reader, "marks", mark) == ["made"])
        #expect(
            try change(
                """
                SELECT count(*) FROM changes
                WHERE number > \(before) AND circle = 'diary' AND entity = 'marks' AND operation = 'made'
                """) == "2")
        await loop.end()
    }

    @Test func a3AnEndedGuardianshipClosesTheFeed() throws {
        let reader = try family()
        func set(_ access: String) throws {
            try change(
                """
                UPDATE guardianships SET access = '\(access)' WHERE student_id = '{child}'
                    AND guardian_id = (SELECT id FROM users WHERE login = 'parent' AND school_id = {school})
                """)
        }
        try set("none")
        #expect(try reader.client.get("/v1/students/\(ids.child)/changes?since=\(reader.cursor)").status == 404)
        try set("full")
        #expect(try reader.client.get("/v1/students/\(ids.child)/changes?since=\(reader.cursor)").status == 200)
    }

    /// A student who changes classes is deleted for the old class teacher and appears for the new one.
    @Test func aClassChangeIsADeletionForTheOldClassTeacherOnly() throws {
        let login = "feeds-neighbour"
        try change(
            """
            UPDATE users u SET login = '\(login)', state = 'active', password_hash = h.password_hash
            FROM users h
            WHERE h.school_id = {school} AND h.login = 'head' AND u.school_id = h.school_id AND u.id = (
                SELECT t.teacher_id FROM class_teachers t WHERE t.class_id = '{other_class}' AND t.ends_on IS NULL
            )
            """)
        let old = try feed("teacher")
        let new = try feed(login)
        let head = try feed("head")
        let deputy = try server.client("deputy")
        let student = try #require(
            try ids.others.first { student in
                let json = #"{"class_id": "\#(ids.otherClass)", "starts_on": "\#(TestServer.today)", "group_ids": []}"#
                return try deputy.post("/v1/students/\(student)/class-changes", json: json).status == 201
            }, "nobody may be moved today")
        #expect(try operations(old, "students", student) == ["deleted"])
        #expect(try operations(new, "students", student) == ["changed"])
        #expect(try operations(head, "students", student) == ["changed"])
    }

    /// What begins or ends with a day is reported on that day.
    @Test func aNewDayIsReported() throws {
        let moved = try #require(
            try change("SELECT student_id FROM enrollments WHERE school_id = {school} AND ends_on = '2025-10-12'"))
        let teacher = try feed("teacher")
        let family = try FeedReader(server.client("head"), "/v1/students/\(moved)/changes")
        #expect(try change("SELECT lyceum.log_day()") == "f")
        try change("UPDATE lyceum.change_days SET day = '2025-10-10' WHERE school_id = {school}")
        #expect(try change("SELECT lyceum.log_day()") == "t")
        #expect(try operations(teacher, "students", moved) == ["changed"])
        #expect(try operations(family, "students", moved) == ["changed"])
        #expect(try change("SELECT lyceum.log_day()") == "f")
        #expect(try teacher.read() == [])
    }

    /// A1: homework for some students is reported to their families only.
    @Test func a1HomeworkForSomeIsNotReportedToOthers() throws {
        let own = try family()
        let other = try FeedReader(server.client("student"), "/v1/students/\(try student())/changes")
        let teacher = try feed("teacher", "&include=data")
        let id = "0198c5b4-55df-7528-980a-0eb04a09aaaa"
        try owner.execute("BEGIN")
        try change(
            """
            INSERT INTO homework (school_id, id, lesson_id, section_id, text, due_on, for_all)
            SELECT school_id, '\(id)', id, section_id, 'Повторить', date, false FROM lessons WHERE id = '{lesson}'
            """)
        let forTheChild = "(school_id, homework_id, student_id) VALUES ({school}, '\(id)', '{child}')"
        try change("INSERT INTO homework_students \(forTheChild)")
        try owner.execute("COMMIT")
        #expect(try operations(own, "homework", id) == ["changed"])
        #expect(try operations(other, "homework", id) == [])
        let items = try teacher.read().filter { $0.entity == "homework" }
        #expect(items.map { $0.description } == ["homework \(id) made"])
        #expect(items.first?.data?["text"]?.string == "Повторить")
        // The completion by one family changes the homework for that family only.
        try change("INSERT INTO homework_completions \(forTheChild)")
        #expect(try operations(own, "homework", id) == ["changed"])
        #expect(try operations(other, "homework", id) == [])
        try change("DELETE FROM homework_students WHERE homework_id = '\(id)' AND student_id = '{child}'")
        #expect(try operations(own, "homework", id) == ["deleted"])
        #expect(try operations(other, "homework", id) == [])
        try change("UPDATE homework SET deleted_at = now() WHERE id = '\(id)'")
        #expect(try operations(other, "homework", id) == [])
    }

    @Test func aNewNameIsReportedToThoseWhoSeeTheStudent() throws {
        let own = try family()
        let teacher = try feed("teacher", "&include=data")
        let head = try feed("head", "&include=data")
        let other = try FeedReader(server.client("student"), "/v1/students/\(try student())/changes")
        try change("UPDATE users SET first_name = first_name || 'а' WHERE id = '{child}'")
        #expect(try operations(own, "students", ids.child) == ["changed"])
        for reader in [teacher, head] {
            let items = try reader.read()
            #expect(items.map { $0.description } == ["students \(ids.child) changed"])
            #expect(items.first?.data?["first_name"]?.string?.hasSuffix("а") == true)
        }
        #expect(try other.read() == [])
        // A student whom the teacher neither leads nor teaches.
        let stranger = try #require(
            try change(
                """
                SELECT e.student_id FROM enrollments e
                WHERE e.school_id = {school} AND e.class_id = '{other_class}' AND e.ends_on IS NULL LIMIT 1
                """))
        try change("UPDATE users SET first_name = first_name || 'а' WHERE id = '\(stranger)'")
        #expect(try teacher.read() == [])
        #expect(try head.read().count == 1)
    }

    /// An administrator gets no marks; an integration gets what its scopes allow.
    @Test func rolesAndScopesDecide() throws {
        let apps = try AppSchool(server)
        func program(_ scope: String) throws -> FeedReader {
            try FeedReader(apps.program("Feed \(scope)", [scope]), "/v1/changes", "&include=data")
        }
        let readers = [
            "head": try feed("head"), "admin": try feed("admin"), "school.read": try program("school.read"),
            "people.read": try program("people.read"), "journal.read": try program("journal.read"),
        ]
        try change("UPDATE rooms SET name = name || '!' WHERE school_id = {school}")
        try change("UPDATE marks SET comment = coalesce(comment, '') || '!' WHERE id = '{mark}'")
        try change("UPDATE guardianships SET basis = 'х' WHERE student_id = '{child}'")
        try change("UPDATE lessons SET topic = topic || '!' WHERE id = '{lesson}'")
        let all: Set = ["rooms", "marks", "guardianships", "guardians", "lessons"]
        let expected: [String: Set<String>] = [
            "head": all, "admin": ["rooms", "guardianships", "guardians"], "school.read": ["rooms"],
            "people.read": ["guardianships", "guardians"], "journal.read": ["marks", "lessons"],
        ]
        for (name, reader) in readers {
            #expect(try Set(reader.read().map { $0.entity }) == expected[name], "\(name)")
        }
    }

    /// The feeds report every entity of the log, or the test has a reason.
    @Test func everyEntityOfTheLogIsReportedOrExempt() throws {
        let exempt: [String: String] = [
            "profile_proposals": "contacts that are not true yet; reading them is recorded (K2)",
            "users": "reported as students, guardians and staff",
            "clients": "only for the school's own apps",
            "webhook_endpoints": "only for administrators and the integration itself, who list them",
            "calendar_links": "secrets of one person, who lists them",
            "notification_preferences": "of one person, who reads them",
            "push_subscriptions": "devices of one person, who lists them",
            "email_addresses": "of one person, who reads it",
            "attendance_days": "no route shows one; the attendance of each lesson has what counts",
        ]
        let source = try owner.query(
            """
            SELECT string_agg(prosrc, ' ') FROM pg_proc
            WHERE pronamespace = 'lyceum'::regnamespace AND proname LIKE 'log\\_%' AND prorettype = 'trigger'::regtype
            """
        ).first!
        let reported = Set(Changes.entities.map { $0.name })
        let tables = try owner.query(
            """
            SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname = 'log_made'
            """
        ).rows.map { $0[0]! }
        for table in tables {
            // A table whose rows are parts of other rows does not occur under its own name.
            let isNamed = source.contains("'\(table)'")
            #expect(!isNamed || reported.contains(table) != (exempt[table] != nil), "\(table)")
        }
        #expect(reported.isSubset(of: Set(tables + ["school"])))
    }

    /// `data` is what the route of the record shows.
    @Test func dataIsWhatTheRouteShows() throws {
        let reader = try feed("head", "&include=data")
        let head = try server.client("head")
        for (table, path) in [
            ("rooms", "/v1/rooms/"), ("subjects", "/v1/subjects/"), ("terms", "/v1/terms/"),
            ("sections", "/v1/sections/"), ("classes", "/v1/classes/"),
        ] {
            let id = try #require(
                try change(
                    """
                    UPDATE \(table) SET name = name || '+'
                    WHERE id = (SELECT max(id::text)::uuid FROM \(table) WHERE school_id = {school}) RETURNING id
                    """))
            let item = try #require(try reader.read().first { $0.entity == table && $0.id == id })
            #expect(item.data == (try head.get(path + id).json), "\(table)")
        }
    }

    // MARK: Cursors

    @Test(arguments: [
        "", "1", "!", "MQ", Base64.url.encode(Array("2.00000000.5:0:".utf8)),
        Base64.url.encode(Array("1.0000000g.5:0:".utf8)), Base64.url.encode(Array("1.00000000.0:0:".utf8)),
        Base64.url.encode(Array("1.00000000.5:-1:".utf8)), Base64.url.encode(Array("1.00000000.5:1:1".utf8)),
        Base64.url.encode(Array("1.00000000.05:1:".utf8)), Base64.url.encode(Array("1.00000000.5:3:0,0".utf8)),
        Base64.url.encode(Array("1.00000000.9223372036854775807:1:".utf8)),
        Base64.url.encode(Array("1.00000000.5:1:.5:1:.1.1".utf8)), Base64.url.encode(Array("1.00000000.5:1:.".utf8)),
        String(repeating: "A", count: 7000),
    ])
    func aMalformedCursorIsRefused(_ cursor: String) throws {
        for path in ["/v1/changes", "/v1/students/\(ids.child)/changes", "/v1/sections/\(ids.section)/journal"] {
            let answer = try server.client("teacher").get("\(path)?since=\(cursor)")
            #expect(answer.status == 400, "\(path) \(answer.text)")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/query/since")
        }
    }

    @Test func aCursorOfAnotherHistoryHasExpired() throws {
        let client = try server.client("head")
        let epoch = try #require(try owner.query("SELECT lyceum.change_epoch()").first)
        for text in [
            "1.00000000.5:0:", "1.\(epoch).5:0:", "1.\(epoch).4611686018427387905:0:",
            "1.\(epoch).4611686018427387905:0:.4611686018427387905:0:.1.1.1",
        ] {
            let answer = try client.get("/v1/changes?since=\(Base64.url.encode(Array(text.utf8)))")
            #expect(answer.status == 410, "\(text): \(answer.text)")
            #expect(answer.code == "cursor_expired")
        }
        #expect(try client.get("/v1/changes?since=x812").status == 410)
    }

    /// The journal has no pages, so it refuses a cursor from between the pages of a feed.
    @Test func theJournalRefusesACursorFromBetweenPages() throws {
        let reader = try feed("head", "&limit=1")
        try change("UPDATE rooms SET name = name || '!' WHERE school_id = {school}")
        _ = try reader.page()
        let client = try server.client("head")
        #expect(try client.get("/v1/sections/\(ids.section)/journal?since=\(reader.cursor)").status == 400)
        _ = try reader.read()
        #expect(try client.get("/v1/sections/\(ids.section)/journal?since=\(reader.cursor)").status == 200)
    }
}
