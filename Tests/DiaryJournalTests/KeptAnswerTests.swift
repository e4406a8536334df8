import Diary
import DiaryServer
import DiaryTestSupport
import Postgres
import Synchronization
import Testing

/// Kept answers are sent again only while they are true. The tests compare them with the answers of a second server,
/// which uses the same database and keeps none.
@Suite(.serialized) struct KeptAnswerTests {
    let servers: Servers
    let ids: DemoSchoolIDs
    let parent: TestClient
    let teacher: TestClient

    init() async throws {
        servers = try await Servers.shared.value()
        ids = try DemoSchoolIDs(servers.kept)
        parent = try servers.kept.client("parent")
        teacher = try servers.kept.client("teacher")
    }

    /// The answers that are kept, and a client for each.
    private var answers: [(client: TestClient, path: String)] {
        [
            (parent, "/v1/students/\(ids.child)/diary"),
            (parent, "/v1/students/\(ids.child)/diary?from=2025-11-10&to=2025-11-16"),
            (parent, "/v1/students/\(ids.child)/marks?limit=20"),
            (parent, "/v1/me"),
            (teacher, "/v1/me"),
            (teacher, "/v1/sections/\(ids.section)/journal"),
        ]
    }

    @Test func aRepeatedAnswerIsKept() throws {
        for (client, path) in answers {
            let first = try client.get(path)
            let before = servers.proof.count
            let second = try client.get(path)
            #expect(second.status == 200)
            #expect(second.body == first.body, "\(path)")
            #expect(servers.proof.count == before + 1, "\(path) was made again")
        }
    }

    @Test func aKeptAnswerCanBeNotModifiedAndCompressed() throws {
        let path = "/v1/students/\(ids.child)/diary"
        let plain = try parent.get(path)
        let tag = try #require(plain["ETag"])
        #expect(try parent.get(path, headers: [("If-None-Match", tag)]).status == 304)
        let compressed = try parent.get(path, headers: [("Accept-Encoding", "gzip")])
        #expect(compressed["Content-Encoding"] == "gzip")
        #expect(compressed.body == (try parent.get(path, headers: [("Accept-Encoding", "gzip")])).body)
        let tagOfCompressed = try #require(compressed["ETag"])
        #expect(try parent.get(path, headers: [("If-None-Match", tagOfCompressed)]).status == 304)
    }

    /// Changes of the data that the answers show, each as SQL of the owner.
    enum Change: String, CaseIterable {
        case mark, newMark, clearedMark, heldBack, published, attendance, topic, homework, completion, feedback, conduct
        case nothing, cancelled, lineItem, subject, teacherName, studentName, category, room, holiday, term, scale, code
        case transfer, membership, classTeacher, sectionTeacher, unlock, className, schoolName, final, role

        var sql: String {
            let lesson = "id = '{lesson}'"
            return switch self {
            case .mark: "UPDATE marks SET number = CASE number WHEN 5 THEN 4 ELSE 5 END WHERE id = '{mark}'"
            case .newMark:
                """
                INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number, published_at)
                SELECT school_id, gen_random_uuid(), '{item}', '{child}', 'number', 3, now() FROM lessons WHERE \(lesson)
                """
            case .clearedMark: "UPDATE marks SET kind = NULL, number = NULL WHERE id = '{mark}'"
            case .heldBack: "UPDATE marks SET published_at = now() + interval '1 day' WHERE id = '{mark}'"
            case .published: "UPDATE marks SET published_at = now() WHERE id = '{mark}'"
            case .attendance:
                """
                INSERT INTO attendance (school_id, id, lesson_id, student_id, meaning)
                SELECT school_id, gen_random_uuid(), id, '{child}', 'ill' FROM lessons WHERE \(lesson)
                ON CONFLICT (school_id, lesson_id, student_id) DO UPDATE SET meaning = 'excused', minutes = NULL
                """
            case .topic: "UPDATE lessons SET topic = topic || '!' WHERE \(lesson)"
            case .homework: "UPDATE homework SET text = text || '!' WHERE lesson_id = '{lesson}'"
            case .completion:
                """
                INSERT INTO homework_completions (school_id, homework_id, student_id)
                SELECT school_id, id, '{child}' FROM homework WHERE lesson_id = '{lesson}' AND deleted_at IS NULL LIMIT 1
                ON CONFLICT (school_id, homework_id, student_id) DO NOTHING
                """
            case .feedback:
                """
                INSERT INTO feedback (school_id, id, student_id, section_id, text)
                SELECT school_id, gen_random_uuid(), '{child}', section_id, 'Молодец' FROM lessons WHERE \(lesson)
                """
            case .conduct:
                """
                INSERT INTO conduct_notes (school_id, id, student_id, date, kind, text)
                SELECT school_id, gen_random_uuid(), '{child}', date, 'praise', 'Помог' FROM lessons WHERE \(lesson)
                """
            case .cancelled:
                "UPDATE lessons SET state = CASE state WHEN 'held' THEN 'planned' ELSE 'held' END WHERE \(lesson)"
            case .lineItem: "UPDATE line_items SET title = coalesce(title, '') || '!' WHERE id = '{item}'"
            case .subject:
                "UPDATE subjects SET name = name || '!' WHERE id = (SELECT subject_id FROM sections WHERE id = '{section}')"
            case .teacherName:
                "UPDATE users SET last_name = last_name || 'а' WHERE login = 'teacher' AND school_id = {school}"
            case .studentName: "UPDATE users SET first_name = first_name || 'а' WHERE id = '{child}'"
            case .category: "UPDATE categories SET name = name || '!' WHERE school_id = {school}"
            case .room: "UPDATE rooms SET name = name || '!' WHERE school_id = {school}"
            case .holiday:
                """
                INSERT INTO holidays (school_id, id, academic_year_id, name, starts_on, ends_on)
                SELECT school_id, gen_random_uuid(), academic_year_id, 'Праздник', '2025-11-23', '2025-11-23'
                FROM sections WHERE id = '{section}'
                """
            case .term: "UPDATE terms SET name = coalesce(name, '') || '!' WHERE school_id = {school}"
            case .scale: "UPDATE school_settings SET edit_window_days = edit_window_days + 1 WHERE school_id = {school}"
            case .code: "UPDATE attendance_codes SET name = name || '!' WHERE school_id = {school}"
            case .transfer:
                "UPDATE enrollments SET ends_on = '2026-05-01' WHERE student_id = '{child}' AND ends_on IS NULL"
            case .membership:
                """
                INSERT INTO group_members (school_id, id, group_id, student_id, starts_on)
                SELECT school_id, gen_random_uuid(), id, '{other}', '2025-11-01' FROM groups
                WHERE school_id = {school} AND class_id IS NULL
                    AND academic_year_id = (SELECT academic_year_id FROM sections WHERE id = '{section}')
                    AND NOT EXISTS (SELECT FROM group_members m WHERE m.group_id = groups.id AND m.student_id = '{other}')
                ORDER BY id LIMIT 1
                """
            case .classTeacher:
                "UPDATE class_teachers SET ends_on = '2025-11-01' WHERE class_id = '{class}' AND ends_on IS NULL"
            case .sectionTeacher:
                "UPDATE section_teachers SET ends_on = '2025-11-02' WHERE section_id = '{section}' AND ends_on IS NULL"
            case .unlock:
                """
                INSERT INTO unlocks (school_id, id, section_id, starts_on, ends_on, expires_on, reason, granted_by)
                SELECT school_id, gen_random_uuid(), '{section}', '2025-09-01', '2025-11-01', '2026-01-01', 'Болел', id
                FROM users WHERE school_id = {school} AND login = 'deputy'
                """
            case .className: "UPDATE classes SET name = name || '!' WHERE id = '{class}'"
            case .schoolName: "UPDATE schools SET name = name || '!' WHERE id = {school}"
            case .final:
                """
                INSERT INTO final_marks (school_id, id, student_id, subject_id, academic_year_id, kind, value_kind, number)
                SELECT school_id, gen_random_uuid(), '{other}', subject_id, academic_year_id, 'exam', 'number', 4
                FROM sections WHERE id = '{section}'
                """
            case .role:
                "DELETE FROM user_roles WHERE user_id IN (SELECT id FROM users WHERE login = 'teacher' AND school_id = {school})"
            case .nothing: "UPDATE subjects SET name = name WHERE school_id = {school}"
            }
        }
    }

    /// Each answer is compared after the change, whatever the change does to it.
    @Test(arguments: Change.allCases) func afterAChangeTheAnswersAreTrue(_ change: Change) throws {
        for (client, path) in answers { _ = try client.get(path) }
        let owner = try servers.kept.owner()
        try owner.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
        let item = try #require(
            try owner.query(
                "SELECT id FROM line_items WHERE lesson_id = $1 ORDER BY is_default DESC, id LIMIT 1", [ids.lesson]
            ).first)
        let mark = try #require(
            try owner.query(
                """
                SELECT k.id FROM marks k JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id
                JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
                WHERE k.student_id = $1 AND l.date >= '2025-11-10' AND l.date <= $2 ORDER BY l.date DESC, k.id LIMIT 1
                """, [ids.child, TestServer.today]
            ).first)
        let values = [
            "lesson": ids.lesson, "child": ids.child, "other": ids.others[0], "mark": mark, "item": item,
            "section": ids.section, "class": ids.class7A, "school": String(ids.school),
        ]
        let sql = values.reduce(change.sql) { $0.replacing("{\($1.key)}", with: $1.value) }
        try owner.query(sql)
        for (client, path) in answers {
            let answer = try client.get(path)
            let fresh = try servers.fresh(client).get(path)
            #expect(answer.status == fresh.status)
            guard fresh.status == 200 else { continue }
            if let tag = fresh["ETag"] {
                #expect(answer["ETag"] == tag, "\(path)")
            } else {
                #expect(answer.text == fresh.text, "\(path)")
            }
        }
        #expect(servers.proof.mismatches == [])
    }

    // MARK: Two writers at the same time

    /// A change whose circles depend on rows that another transaction is writing.
    enum Race: String, CaseIterable {
        case finalMarkAndMembership, twoMemberships, homeworkAndItsStudents

        /// Needed by the changes: two sections of a new subject, and homework for some students.
        static let setUp = """
            INSERT INTO subjects (school_id, id, name) VALUES ({school}, '{part}9', '{race}');
            INSERT INTO groups (school_id, id, academic_year_id, kind, name)
            SELECT {school}, ('{group}' || n)::uuid, academic_year_id, 'cross', '{race} ' || n
            FROM sections, generate_series(1, 2) n WHERE id = '{section}';
            INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, kind, grading, name)
            SELECT {school}, ('{part}' || n)::uuid, academic_year_id, '{part}9', ('{group}' || n)::uuid, kind, grading, '{race} ' || n
            FROM sections, generate_series(1, 2) n WHERE id = '{section}';
            INSERT INTO lessons (school_id, id, section_id, date, slot, starts_at, ends_at, state)
            VALUES ({school}, '{part}2', '{part}2', '2025-11-18', 8, '21:00', '21:30', 'held');
            INSERT INTO line_items (school_id, id, lesson_id, section_id, title)
            VALUES ({school}, '{part}2', '{part}2', '{part}2', 'Зачёт');
            UPDATE homework SET deleted_at = now() WHERE lesson_id = '{lesson}' AND for_all AND deleted_at IS NULL;
            INSERT INTO homework (school_id, id, lesson_id, section_id, text, due_on, for_all)
            VALUES ({school}, '{part}1', '{lesson}', '{section}', 'Было', '2025-11-21', false)
            """

        private static func join(_ group: Int) -> String {
            """
            INSERT INTO group_members (school_id, id, group_id, student_id, starts_on)
            VALUES ({school}, gen_random_uuid(), '{group}\(group)', '{other}', '2025-11-01')
            """
        }

        /// The second one commits last, and may wait for the first.
        var changes: (first: String, second: String) {
            switch self {
            case .finalMarkAndMembership:
                (
                    Self.join(1),
                    """
                    INSERT INTO final_marks (school_id, id, student_id, subject_id, academic_year_id, kind, value_kind, number)
                    SELECT school_id, gen_random_uuid(), '{other}', subject_id, academic_year_id, 'exam', 'number', 4
                    FROM sections WHERE id = '{part}1'
                    """
                )
            // As an import writes them.
            case .twoMemberships: (Self.join(1), Self.join(2))
            case .homeworkAndItsStudents:
                (
                    """
                    INSERT INTO homework_students (school_id, homework_id, student_id)
                    VALUES ({school}, '{part}1', '{child}')
                    """,
                    "UPDATE homework SET text = 'Стало' WHERE id = '{part}1'"
                )
            }
        }

        /// A later change, which only the second one made visible in the answer.
        var later: String? {
            guard self == .twoMemberships else { return nil }
            return """
                INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number)
                VALUES ({school}, gen_random_uuid(), '{part}2', '{other}', 'number', 5)
                """
        }
    }

    @Test(arguments: Race.allCases) func writersAtTheSameTimeLeaveNoStaleAnswer(_ race: Race) throws {
        let number = Race.allCases.firstIndex(of: race)!
        let prefix = "0000000\(number)-0000-7000-8000-00000000000"
        let part = "1" + prefix.dropFirst()
        func filled(_ sql: String) -> String {
            [
                "lesson": ids.lesson, "child": ids.child, "other": ids.others[1], "section": ids.section,
                "group": prefix, "part": part, "race": race.rawValue, "school": String(ids.school),
            ].reduce(sql) { $0.replacing("{\($1.key)}", with: $1.value) }
        }
        func writer() throws -> BlockingConnection {
            let connection = try servers.kept.owner()
            try connection.query(
                "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
                [TestServer.today, String(ids.school)])
            return connection
        }
        let (client, path) =
            race == .homeworkAndItsStudents
            ? (parent, "/v1/students/\(ids.child)/diary")
            : (try servers.kept.client("head"), "/v1/sections/\(part)1/journal")
        let owner = try writer()
        try owner.execute(filled(Race.setUp))
        let first = try writer()
        let second = try writer()
        try first.execute("BEGIN; SET CONSTRAINTS ALL DEFERRED; \(filled(race.changes.first))")
        let late = """
            BEGIN; SET LOCAL lock_timeout = '100ms'; SET CONSTRAINTS ALL DEFERRED; \(filled(race.changes.second))
            """
        let waits: Bool
        do {
            try second.execute(late)
            waits = false
        } catch {
            #expect(error.sqlState == "55P03")
            try second.execute("ROLLBACK")
            waits = true
        }
        try first.execute("COMMIT")
        if waits { try second.execute(late) }
        _ = try client.get(path)
        try second.execute("COMMIT")
        for sql in [nil, race.later] {
            if let sql { try owner.execute(filled(sql)) }
            let answer = try client.get(path)
            #expect(answer.status == 200)
            #expect(answer["ETag"] == (try servers.fresh(client).get(path))["ETag"])
        }
        #expect(servers.proof.mismatches == [])
    }

    @Test func a3ClosedAccessIsRefusedAtTheNextRequest() throws {
        let path = "/v1/students/\(ids.child)/diary"
        let owner = try servers.kept.owner()
        func set(_ access: String) throws {
            try owner.query(
                """
                UPDATE guardianships SET access = $2 WHERE student_id = $1
                    AND guardian_id = (SELECT id FROM users WHERE login = 'parent' AND school_id = $3)
                """, [ids.child, access, String(ids.school)])
        }
        #expect(try parent.get(path).status == 200)
        #expect(try parent.get(path).status == 200)
        try set("none")
        #expect(try parent.get(path).status == 404)
        try set("full")
        #expect(try parent.get(path).status == 200)
    }

    /// All callers who may see an answer share it, and the gate is checked for each.
    @Test func a1AKeptAnswerIsSentOnlyToThoseWhoMaySeeIt() throws {
        let path = "/v1/students/\(ids.child)/diary"
        _ = try parent.get(path)
        let before = servers.proof.count
        #expect(try servers.kept.client("head").get(path).status == 200)
        #expect(servers.proof.count == before + 1, "the head's answer is the family's")
        let stranger = try #require(
            try servers.kept.owner().query(
                """
                SELECT g.guardian_id FROM guardianships g
                WHERE g.school_id = $1 AND g.student_id = $2 AND g.access = 'full' LIMIT 1
                """, [String(ids.school), ids.others[0]]
            ).first)
        let other = try servers.kept.session(of: stranger, school: ids.school, roles: ["guardian"])
        #expect(try other.get(path).status == 404)
        #expect(try other.get("/v1/students/\(ids.others[0])/diary").status == 200)
        // A request that is refused leaves the answer to those who may see it.
        let kept = servers.proof.count
        #expect(try parent.get(path).status == 200)
        #expect(servers.proof.count == kept + 1)
    }

    /// A UUID may be written in upper case, and the link to the next page repeats the path.
    @Test func aKeptPageLinksToThePathOfItsRequest() throws {
        for id in [ids.child.uppercased(), ids.child] {
            let answer = try parent.get("/v1/students/\(id)/marks?limit=3")
            #expect(try #require(answer["Link"]).contains("/v1/students/\(id)/marks?"))
        }
    }

    /// M12: nothing is written when the time of publication comes.
    @Test func m12AMarkAppearsAtItsPublication() throws {
        let path = "/v1/students/\(ids.child)/marks?limit=200"
        let owner = try servers.kept.owner()
        let mark = try #require(
            try owner.query(
                """
                UPDATE marks SET published_at = clock_timestamp() + interval '2 seconds'
                WHERE id = $1 RETURNING id
                """, [ids.mark]
            ).first)
        let hidden = try parent.get(path)
        #expect(!hidden.text.contains(mark))
        #expect(try parent.get(path).body == hidden.body)
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            let answer = try parent.get(path)
            if answer.text.contains(mark) { break }
            try #require(ContinuousClock.now < deadline, "it never appears")
        }
        #expect(servers.proof.mismatches == [])
    }

    /// The proof can fail: without the trigger of a table, a stale answer is sent, and the comparison finds it.
    @Test func withoutATriggerTheProofFindsIt() throws {
        let path = "/v1/students/\(ids.child)/diary"
        let owner = try servers.kept.owner()
        try owner.execute("ALTER TABLE rooms DISABLE TRIGGER log_changed")
        defer { try? owner.execute("ALTER TABLE rooms ENABLE TRIGGER log_changed") }
        _ = try parent.get(path)
        try owner.query("UPDATE rooms SET name = name || '?' WHERE school_id = $1", [String(ids.school)])
        _ = try parent.get(path)
        #expect(servers.proof.mismatches == ["getStudentDiary"])
        servers.proof.forget()
        try owner.execute("ALTER TABLE rooms ENABLE TRIGGER log_changed")
        try owner.query("UPDATE rooms SET name = left(name, -1) WHERE school_id = $1", [String(ids.school)])
        #expect(try parent.get(path)["ETag"] == servers.fresh(parent).get(path)["ETag"])
    }

    /// A server that keeps answers and compares them with new ones, and a server that keeps none.
    final class Servers: Sendable {
        static let shared = Shared()

        actor Shared {
            private var made: Servers?

            func value() async throws -> Servers {
                if let made { return made }
                let servers = try await Servers()
                made = servers
                return servers
            }
        }

        let proof = Proof()
        let kept: TestServer
        private let plain: RunningServer

        init() async throws {
            let proof = proof
            kept = try await TestServer(
                cores: 1, set: { $0.keptAnswerProof = KeptAnswerProof { proof.compared($0, $1) } })
            plain = try await TestServer.start(kept.database, cores: 1, set: { $0.keptAnswers = 0 })
            if let trouble = await plain.waitUntilReady(seconds: 20) { throw TestFailure("not ready: \(trouble)") }
        }

        func fresh(_ client: TestClient) -> TestClient { TestClient(port: plain.port, token: client.token) }
    }

    final class Proof: Sendable {
        private let state = Mutex<(count: Int, mismatches: [String])>((0, []))

        var count: Int { state.withLock { $0.count } }
        var mismatches: [String] { state.withLock { $0.mismatches } }

        func compared(_ route: String, _ isEqual: Bool) {
            state.withLock {
                $0.count += 1
                if !isEqual { $0.mismatches.append(route) }
            }
        }

        func forget() { state.withLock { $0.mismatches = [] } }
    }
}
