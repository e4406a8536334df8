import Diary
import DiaryServer
import JSON
import Postgres
import Web

/// The signed-in actors, and the ids that all of them request.
package struct Cast {
    private let clients: [Actor: TestClient]
    /// Integrations by their scopes.
    private let programs: [Set<ProgramScope>: TestClient]
    /// Ids by their names in routes and bodies.
    package let ids: [String: String]

    private static let login = "matrix-"

    package init(_ server: TestServer) throws {
        let ids = try DemoSchoolIDs(server)
        let cast = try Maker(server, ids)
        try cast.engageStaff()
        try cast.tieGuardians()
        try cast.nameStranger()
        self.ids = try cast.targets()
        let otherSchool = try cast.find("SELECT code FROM schools WHERE id = $1", [String(ids.otherSchool)])
        var clients: [Actor: TestClient] = [.nobody: TestClient(port: server.port)]
        for actor in Actor.allCases where actor != .nobody {
            switch actor {
            case .classmate: clients[actor] = try server.client("student")
            case .guardian: clients[actor] = try server.client("parent")
            case .leader: clients[actor] = try server.client("teacher")
            case .deputy, .head, .admin: clients[actor] = try server.client("\(actor)")
            case .stranger: clients[actor] = try server.client("admin", school: otherSchool)
            case .app, .program, .unscoped: break
            default: clients[actor] = try server.client("\(Self.login)\(actor)")
            }
        }
        let apps = try AppSchool(server)
        let session = try apps.session("teacher", apps.app("Matrix").clientID)
        clients[.app] = TestClient(port: server.port, token: session["access_token"]?.string)
        self.clients = clients
        var programs: [Set<ProgramScope>: TestClient] = [:]
        for route in Routes.all {
            for scopes in [Self.named(route), Self.others(route)] where programs[scopes] == nil {
                programs[scopes] = try apps.program("Matrix \(programs.count)", scopes.map { $0.rawValue })
            }
        }
        self.programs = programs
    }

    package func client(_ actor: Actor, _ route: Route<Access, Caller>) -> TestClient {
        switch actor {
        case .program: programs[Self.named(route)]!
        case .unscoped: programs[Self.others(route)]!
        default: clients[actor]!
        }
    }

    private static func named(_ route: Route<Access, Caller>) -> Set<ProgramScope> {
        route.access.scopes.isEmpty ? Set(ProgramScope.allCases) : route.access.scopes
    }

    private static func others(_ route: Route<Access, Caller>) -> Set<ProgramScope> {
        Set(ProgramScope.allCases).subtracting(route.access.scopes)
    }

    /// Replaces each `{name}` with the id.
    package func filled(_ text: String, _ others: [String: String] = [:]) -> String {
        ids.merging(others) { $1 }.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
    }

    /// Creates people with their roles and relations, as the owner.
    private struct Maker {
        let owner: BlockingConnection
        let ids: DemoSchoolIDs
        let school: String

        init(_ server: TestServer, _ ids: DemoSchoolIDs) throws {
            owner = try server.owner()
            self.ids = ids
            school = String(ids.school)
        }

        func find(_ sql: String, _ parameters: [String?]) throws -> String {
            guard let value = try owner.query(sql, parameters).first else { throw TestFailure("no row: \(sql)") }
            return value
        }

        /// A new person with the common password, or an existing one (`id`) who gets a login.
        private func person(_ name: String, role: String, id: String? = nil) throws -> String {
            let id = try id ?? find("SELECT gen_random_uuid()", [])
            try owner.query(
                """
                INSERT INTO users (school_id, id, last_name, first_name, login, password_hash, state)
                SELECT $1, $2, 'Иванов', $3, $3, password_hash, 'active' FROM users WHERE school_id = $1 AND login = 'head'
                ON CONFLICT (school_id, id) DO UPDATE
                SET login = excluded.login, password_hash = excluded.password_hash, state = 'active'
                """, [school, id, Cast.login + name])
            try owner.query(
                "INSERT INTO user_roles (school_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                [school, id, role])
            return id
        }

        private func teacher(_ name: String) throws -> String {
            let id = try person(name, role: "teacher")
            try owner.query("INSERT INTO staff (school_id, id) VALUES ($1, $2)", [school, id])
            return id
        }

        func engageStaff() throws {
            let teacher = try teacher("teacher")
            let substitute = try self.teacher("substitute")
            let neighbour = try self.teacher("neighbour")
            let colleague = try self.teacher("colleague")
            // The section gets the new teacher, and the substitute gets one lesson.
            try replace("section_teachers", "section_id", ids.section, teacher)
            try owner.query(
                """
                UPDATE lessons SET teacher_id = CASE WHEN id = $3 THEN $5::uuid ELSE $4::uuid END
                WHERE school_id = $1 AND section_id = $2
                """, [school, ids.section, ids.lesson, teacher, substitute])
            try replace("section_teachers", "section_id", ids.otherSection, colleague)
            try replace("class_teachers", "class_id", ids.otherClass, neighbour)
        }

        private func replace(_ table: String, _ column: String, _ id: String, _ teacher: String) throws {
            try owner.query(
                """
                WITH former AS (DELETE FROM \(table) WHERE school_id = $1 AND \(column) = $2 RETURNING *)
                INSERT INTO \(table) (school_id, id, \(column), teacher_id, starts_on, ends_on)
                SELECT school_id, id, \(column), $3, starts_on, ends_on FROM former
                """, [school, id, teacher])
        }

        func tieGuardians() throws {
            _ = try person("pupil", role: "student", id: ids.child)
            for (name, access, ends) in [
                ("former", "full", "('\(TestServer.today)'::date - 1)"), ("barred", "none", "NULL"),
            ] {
                let id = try person(name, role: "guardian")
                try owner.query("INSERT INTO guardians (school_id, id) VALUES ($1, $2)", [school, id])
                try owner.query(
                    """
                    INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, access, starts_on, ends_on)
                    VALUES ($1, gen_random_uuid(), $2, $3, 'legal_guardian', $4, '2025-09-01', \(ends))
                    """, [school, id, ids.child, access])
            }
        }

        func nameStranger() throws {
            try owner.query(
                """
                INSERT INTO user_roles (school_id, user_id, role)
                SELECT u.school_id, u.id, r.role
                FROM users u
                CROSS JOIN unnest('{head,deputy_head,teacher,guardian,student}'::text[]) AS r (role)
                WHERE u.school_id = $1 AND u.login = 'admin'
                ON CONFLICT DO NOTHING
                """, [String(ids.otherSchool)])
        }

        /// The ids that the rows of the matrix request: the student, the class, the section, and what belongs to them.
        func targets() throws -> [String: String] {
            var named: [String: String] = [:]
            for (key, value) in ids.rows { named[String(key.dropFirst().dropLast())] = value }
            let guardian = try find("SELECT id FROM users WHERE school_id = $1 AND login = 'parent'", [school])
            named.merge([
                "student_id": ids.child, "class_id": ids.class7A, "section_id": ids.section, "lesson_id": ids.lesson,
                "teacher_id": try find(
                    "SELECT id FROM users WHERE school_id = $1 AND login = $2", [school, Cast.login + "teacher"]),
                "code": "not_found", "kind": "students",
                // For credentials: another student of the class, so that the actors keep theirs, and a staff member.
                "user_id": ids.others[0], "clerk_id": try teacher("clerk"),
            ]) { $1 }
            named["session_id"] = try find(
                """
                INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at)
                VALUES ($1, gen_random_uuid(), $2, 'test', '', now() + interval '1 day') RETURNING id
                """, [school, ids.child])
            named["mark_id"] = try find(
                """
                SELECT k.id FROM marks k JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id
                WHERE k.school_id = $1 AND k.student_id = $2 AND i.section_id = $3 AND k.kind IS NOT NULL
                    AND k.published_at <= now()
                ORDER BY k.id LIMIT 1
                """, [school, ids.child, ids.section])
            named["other_lesson_id"] = try find(
                """
                SELECT id FROM lessons l WHERE school_id = $1 AND section_id = $2 AND id <> $3 AND state = 'held'
                    AND date BETWEEN $4::date - 10 AND $4::date
                    AND EXISTS (SELECT FROM line_items i WHERE i.school_id = l.school_id AND i.lesson_id = l.id)
                ORDER BY date DESC LIMIT 1
                """, [school, ids.section, ids.lesson, TestServer.today])
            named["line_item_id"] = try find(
                "SELECT id FROM line_items WHERE school_id = $1 AND lesson_id = $2 AND deleted_at IS NULL ORDER BY id LIMIT 1",
                [school, ids.lesson])
            named["plain_category_id"] = try find(
                "SELECT id FROM categories WHERE school_id = $1 AND NOT is_control ORDER BY id LIMIT 1", [school])
            named["other_column_id"] = try find(
                "SELECT id FROM line_items WHERE school_id = $1 AND lesson_id = $2 AND deleted_at IS NULL LIMIT 1",
                [school, named["other_lesson_id"]])
            named["unmarked_id"] = try find(
                """
                SELECT s.id FROM unnest($2::uuid[]) AS s (id)
                WHERE NOT EXISTS (
                    SELECT FROM marks k JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id
                    WHERE k.school_id = $1 AND k.student_id = s.id AND i.lesson_id IN ($3::uuid, $4::uuid))
                LIMIT 1
                """, [school, "{\(ids.others.joined(separator: ","))}", ids.lesson, named["other_lesson_id"]])
            named["guardianship_id"] = try find(
                "SELECT id FROM guardianships WHERE school_id = $1 AND student_id = $2 AND guardian_id = $3",
                [school, ids.child, guardian])
            named["guardian_id"] = guardian
            named["member_id"] = try find(
                "SELECT student_id FROM group_members WHERE school_id = $1 AND id = $2",
                [school, named["group_member_id"]])
            named["own_group_id"] = try find(
                "SELECT group_id FROM sections WHERE school_id = $1 AND id = $2", [school, ids.section])
            named["school_id"] = school
            named["next_year_id"] = try find(
                """
                INSERT INTO academic_years (school_id, id, name, starts_on, ends_on, second_half_starts_on, state)
                VALUES ($1, gen_random_uuid(), '2026/2027', '2026-09-01', '2027-05-31', '2027-01-11', 'planned') RETURNING id
                """, [school])
            try named.merge(answeredByFamilies(guardian)) { $1 }
            try named.merge(conversation(guardian, with: named["teacher_id"]!)) { $1 }
            return named
        }

        /// A thread of the teacher with the guardian, who has reported it; its message was changed.
        private func conversation(_ guardian: String, with teacher: String) throws -> [String: String] {
            func act(as person: String) throws {
                try owner.query(
                    "SELECT set_config('lyceum.school_id', $1, false), set_config('lyceum.user_id', $2, false)",
                    [school, person])
            }
            try act(as: teacher)
            let thread = try find(
                "SELECT lyceum.begin_thread($1, ARRAY[$2::uuid], 'Поездка', 'Едем в музей')", [ids.child, guardian])
            let message = try find("SELECT id FROM messages WHERE school_id = $1 AND thread_id = $2", [school, thread])
            try owner.query(
                "UPDATE messages SET text = 'Едем в музей в субботу' WHERE school_id = $1 AND id = $2",
                [school, message])
            try act(as: guardian)
            let report = try find(
                """
                INSERT INTO thread_reports (school_id, id, thread_id, reason)
                VALUES ($1, gen_random_uuid(), $2, 'Грубость') RETURNING id
                """, [school, thread])
            try owner.query(
                "SELECT set_config('lyceum.school_id', '', false), set_config('lyceum.user_id', '', false)", [])
            return ["thread_id": thread, "message_id": message, "thread_report_id": report]
        }

        /// Records that a family answers, and an open proposal of the guardian.
        private func answeredByFamilies(_ guardian: String) throws -> [String: String] {
            let teacher = try find(
                "SELECT id FROM users WHERE school_id = $1 AND login = $2", [school, Cast.login + "teacher"])
            try owner.query("SELECT set_config('lyceum.today', $1, false)", [TestServer.today])
            return [
                "homework_id": try find(
                    """
                    INSERT INTO homework (school_id, id, lesson_id, section_id, text, due_on, for_all)
                    SELECT school_id, gen_random_uuid(), id, section_id, 'Карточка', date, true FROM lessons l
                    WHERE school_id = $1 AND section_id = $2 AND state <> 'cancelled' AND date <= $3 AND NOT EXISTS (
                        SELECT FROM homework h WHERE h.school_id = l.school_id AND h.lesson_id = l.id
                            AND h.for_all AND h.deleted_at IS NULL
                    )
                    ORDER BY date DESC LIMIT 1 RETURNING id
                    """, [school, ids.section, TestServer.today]),
                "feedback_id": try find(
                    """
                    INSERT INTO feedback (school_id, id, student_id, section_id, text)
                    VALUES ($1, gen_random_uuid(), $2, $3, 'Молодец') RETURNING id
                    """, [school, ids.child, ids.section]),
                "conduct_note_id": try find(
                    """
                    INSERT INTO conduct_notes (school_id, id, student_id, date, kind, text, author_id)
                    VALUES ($1, gen_random_uuid(), $2, $3, 'remark', 'Опоздал', $4) RETURNING id
                    """, [school, ids.child, TestServer.today, teacher]),
                "profile_proposal_id": try find(
                    """
                    INSERT INTO profile_proposals (school_id, id, student_id, about, fields, proposed_by)
                    VALUES ($1, gen_random_uuid(), $2, 'student', '{"phone": "1"}', $3) RETURNING id
                    """, [school, ids.child, guardian]),
            ]
        }
    }
}
