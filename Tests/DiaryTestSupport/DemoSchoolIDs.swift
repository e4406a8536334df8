import JSON
import Postgres

/// Ids of the demo school that tests use, found by their meaning.
package struct DemoSchoolIDs: Sendable {
    package let school: Int
    package let otherSchool: Int
    /// A student of 7А: a child of the login `parent`.
    package let child: String
    /// The other child of `parent`, in grade 1.
    package let firstGrader: String
    /// Students of 7А who are not related to the logins above.
    package let others: [String]
    /// A student of the other school.
    package let stranger: String
    package let class7A: String
    /// Another class, which the teacher does not lead.
    package let otherClass: String
    /// Mathematics of 7А, taught by `teacher`.
    package let section: String
    /// A section that `teacher` does not teach and that has no students of 7А.
    package let otherSection: String
    /// The last held lesson of `section` that can be edited.
    package let lesson: String
    /// A published mark of the child.
    package let mark: String
    /// A published mark of another student of 7А.
    package let otherMark: String
    /// A section of the other school.
    package let strangeSection: String

    /// One row of each set-up resource, by its name in paths; the same for the other school.
    package let rows: [String: String]
    package let strangeRows: [String: String]

    package init(_ server: TestServer) throws {
        self = try server.ids { try Self(server.owner()) }
    }

    private init(_ connection: BlockingConnection) throws {
        func find(_ sql: String, _ parameters: [String?] = []) throws -> String {
            guard let value = try connection.query(sql, parameters).first else { throw TestFailure("no row: \(sql)") }
            return value
        }
        school = Int(try find("SELECT id FROM schools WHERE code = 'lyceum29'"))!
        otherSchool = Int(try find("SELECT id FROM schools WHERE code <> 'lyceum29' ORDER BY id LIMIT 1"))!
        let id = String(school)
        let today = TestServer.today
        let enrolled = "e.starts_on <= '\(today)' AND coalesce(e.ends_on, 'infinity') >= '\(today)'"
        let ofParent = """
            FROM users p
            JOIN guardianships g ON g.school_id = p.school_id AND g.guardian_id = p.id
            JOIN enrollments e ON e.school_id = g.school_id AND e.student_id = g.student_id AND \(enrolled)
            JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
            WHERE p.school_id = $1 AND p.login = 'parent'
            """
        child = try find("SELECT g.student_id \(ofParent) AND c.name = '7А'", [id])
        firstGrader = try find("SELECT g.student_id \(ofParent) AND c.grade_level = 1", [id])
        class7A = try find(
            "SELECT id FROM classes WHERE school_id = $1 AND name = '7А' AND academic_year_id = (SELECT id FROM academic_years WHERE school_id = $1 AND starts_on <= '\(today)' ORDER BY starts_on DESC LIMIT 1)",
            [id])
        otherClass = try find("SELECT id FROM classes WHERE school_id = $1 AND name = '9Б'", [id])
        others = try connection.query(
            """
            SELECT e.student_id FROM enrollments e JOIN users u ON u.school_id = e.school_id AND u.id = e.student_id
            WHERE e.school_id = $1 AND e.class_id = $2 AND \(enrolled) AND e.student_id <> $3
                AND u.login IS DISTINCT FROM 'student' AND e.in_class_group
            ORDER BY u.last_name
            """, [id, class7A, child]
        ).rows.compactMap { $0[0] }
        stranger = try find("SELECT id FROM students WHERE school_id = $1 ORDER BY id LIMIT 1", [String(otherSchool)])
        section = try find(
            """
            SELECT s.id FROM sections s
            JOIN section_teachers t ON t.school_id = s.school_id AND t.section_id = s.id
            JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id AND u.login = 'teacher'
            JOIN classes c ON c.school_id = s.school_id AND c.group_id = s.group_id AND c.id = $2
            WHERE s.school_id = $1 AND s.grading = 'marks' ORDER BY s.hours_per_week DESC, s.id LIMIT 1
            """, [id, class7A])
        otherSection = try find(
            "SELECT s.id FROM sections s JOIN classes c ON c.school_id = s.school_id AND c.group_id = s.group_id WHERE s.school_id = $1 AND c.id = $2 AND s.grading = 'marks' AND NOT EXISTS (SELECT FROM section_teachers t JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id AND u.login = 'teacher' WHERE t.school_id = s.school_id AND t.section_id = s.id) AND NOT EXISTS (SELECT FROM lessons l JOIN users u ON u.school_id = l.school_id AND u.id = l.teacher_id AND u.login = 'teacher' WHERE l.school_id = s.school_id AND l.section_id = s.id) ORDER BY s.id LIMIT 1",
            [id, otherClass])
        lesson = try find(
            """
            SELECT l.id FROM lessons l WHERE l.school_id = $1 AND l.section_id = $2 AND l.date <= '\(today)'
                AND l.state = 'held' ORDER BY l.date DESC, l.starts_at DESC LIMIT 1
            """, [id, section])
        let ofPupil =
            "SELECT id FROM marks WHERE school_id = $1 AND student_id = $2 AND kind IS NOT NULL AND published_at <= now() ORDER BY id LIMIT 1"
        mark = try find(ofPupil, [id, child])
        otherMark = try find(ofPupil, [id, others[0]])
        strangeSection = try find(
            "SELECT id FROM sections WHERE school_id = $1 ORDER BY id LIMIT 1", [String(otherSchool)])
        rows = try Self.rows(connection, school, ofClass: class7A, ofSection: section, ofChild: child)
        strangeRows = try Self.rows(connection, otherSchool)
    }

    /// - Parameters:
    ///   - ofClass: the class and the section whose teachers are taken; any when nil.
    private static func rows(
        _ connection: BlockingConnection, _ school: Int, ofClass: String? = nil, ofSection: String? = nil,
        ofChild: String? = nil
    ) throws -> [String: String] {
        var rows: [String: String] = [:]
        for table in [
            "academic_years", "terms", "holidays", "bell_schedules", "rooms", "subjects", "categories",
            "attendance_codes", "enrollments", "timetable_entries",
        ] {
            let name = table.hasSuffix("ies") ? table.dropLast(3) + "y" : String(table.dropLast())
            rows["{\(name)_id}"] = try connection.query(
                "SELECT id FROM \(table) WHERE school_id = $1 ORDER BY id LIMIT 1", [String(school)]
            ).first
        }
        for (name, table) in [("homework", "homework"), ("feedback", "feedback"), ("conduct_note", "conduct_notes")] {
            rows["{\(name)_id}"] = try connection.query(
                "SELECT id FROM \(table) WHERE school_id = $1 AND deleted_at IS NULL ORDER BY id LIMIT 1",
                [String(school)]
            ).first
        }
        func dated(_ table: String, _ column: String, _ value: String?) throws -> String? {
            try connection.query(
                "SELECT id FROM \(table) WHERE school_id = $1 AND ($2::uuid IS NULL OR \(column) = $2::uuid) ORDER BY id LIMIT 1",
                [String(school), value]
            ).first
        }
        rows["{class_teacher_id}"] = try dated("class_teachers", "class_id", ofClass)
        rows["{section_teacher_id}"] = try dated("section_teachers", "section_id", ofSection)
        let member = try connection.query(
            "SELECT m.group_id, m.id FROM group_members m JOIN groups g ON g.school_id = m.school_id AND g.id = m.group_id WHERE m.school_id = $1 AND g.kind = 'part' ORDER BY m.id LIMIT 1",
            [String(school)]
        ).rows[0]
        let guardianship = try connection.query(
            "SELECT id, guardian_id FROM guardianships WHERE school_id = $1 AND ($2::uuid IS NULL OR student_id = $2::uuid) ORDER BY id LIMIT 1",
            [String(school), ofChild]
        ).rows[0]
        rows["{guardianship_id}"] = guardianship[0]
        rows["{consent_id}"] = try connection.query(
            """
            INSERT INTO consents (school_id, id, student_id, purpose, given_by, given_on)
            SELECT g.school_id, gen_random_uuid(), g.student_id, 'other', g.guardian_id, '2025-09-01' FROM guardianships g
            WHERE g.school_id = $1 AND ($2::uuid IS NULL OR g.student_id = $2::uuid)
            ORDER BY (SELECT u.login = 'parent' FROM users u WHERE u.school_id = g.school_id AND u.id = g.guardian_id)
                DESC NULLS LAST
            LIMIT 1 RETURNING id
            """, [String(school), ofChild]
        ).first
        rows["{absence_note_id}"] = try connection.query(
            """
            INSERT INTO absence_notes (school_id, id, student_id, starts_on, ends_on, reason, author_id, by_family)
            SELECT g.school_id, gen_random_uuid(), g.student_id, '2025-12-01', '2025-12-02', 'Соревнования', g.guardian_id,
                true
            FROM guardianships g
            WHERE g.school_id = $1 AND g.access = 'full' AND ($2::uuid IS NULL OR g.student_id = $2::uuid)
            ORDER BY (SELECT u.login = 'parent' FROM users u WHERE u.school_id = g.school_id AND u.id = g.guardian_id)
                DESC NULLS LAST
            LIMIT 1 RETURNING id
            """, [String(school), ofChild]
        ).first
        // Recorded by the class teacher, who has the login `teacher` in the main school.
        rows["{contact_id}"] = try connection.query(
            """
            INSERT INTO contacts (school_id, id, student_id, guardian_id, date, means, outcome, text, author_id)
            SELECT g.school_id, gen_random_uuid(), g.student_id, g.guardian_id, g.starts_on, 'phone', 'reached', 'Собрание',
                t.teacher_id
            FROM guardianships g
            JOIN enrollments e ON e.school_id = g.school_id AND e.student_id = g.student_id
                AND lyceum.holds(e.starts_on, e.ends_on, '\(TestServer.today)')
            JOIN class_teachers t ON t.school_id = e.school_id AND t.class_id = e.class_id
                AND lyceum.holds(t.starts_on, t.ends_on, '\(TestServer.today)')
            WHERE g.school_id = $1 AND g.access = 'full' AND ($2::uuid IS NULL OR g.student_id = $2::uuid)
            ORDER BY (SELECT u.login = 'parent' FROM users u WHERE u.school_id = g.school_id AND u.id = g.guardian_id)
                DESC NULLS LAST
            LIMIT 1 RETURNING id
            """, [String(school), ofChild]
        ).first
        rows["{journal_remark_id}"] = try connection.query(
            """
            INSERT INTO journal_remarks (school_id, id, section_id, text, due_on, author_id)
            SELECT s.school_id, gen_random_uuid(), s.id, 'Нет тем', '2099-12-01', r.user_id
            FROM sections s
            JOIN user_roles r ON r.school_id = s.school_id AND r.role = 'deputy_head'
            WHERE s.school_id = $1 AND ($2::uuid IS NULL OR s.id = $2::uuid)
            ORDER BY s.id, r.user_id LIMIT 1 RETURNING id
            """, [String(school), ofSection]
        ).first
        try connection.execute("SET lyceum.time_zone = 'Asia/Yekaterinburg'")
        rows["{control_snapshot_id}"] = try connection.query(
            "SELECT id FROM control_snapshots WHERE school_id = $1 ORDER BY id LIMIT 1", [String(school)]
        ).first
        rows["{document_id}"] = try connection.query(
            """
            INSERT INTO student_documents (school_id, id, student_id, kind, number)
            SELECT $1, gen_random_uuid(), coalesce($2::uuid, (SELECT id FROM students WHERE school_id = $1 LIMIT 1)),
                'other', 'X-100'
            RETURNING id
            """, [String(school), ofChild]
        ).first
        rows["{promotion_id}"] = try connection.query(
            """
            INSERT INTO promotions (school_id, id, academic_year_id, student_id, decision, decided_on)
            SELECT $1, gen_random_uuid(), $2, coalesce($3::uuid, (SELECT id FROM students WHERE school_id = $1 LIMIT 1)),
                'promoted', '2026-05-28'
            ON CONFLICT (school_id, academic_year_id, student_id) DO UPDATE SET decided_on = excluded.decided_on
            RETURNING id
            """, [String(school), rows["{academic_year_id}"], ofChild]
        ).first
        rows["{order_id}"] = try connection.query(
            """
            INSERT INTO orders (school_id, id, kind, number, issued_on, text, signatory)
            VALUES ($1, gen_random_uuid(), 'other', '1', '2025-09-01', 'О начале учебного года', 'Директор')
            ON CONFLICT (school_id, kind, extract(year FROM issued_on), number) DO UPDATE SET text = excluded.text RETURNING id
            """, [String(school)]
        ).first
        rows["{certificate_id}"] = try connection.query(
            """
            INSERT INTO certificates (school_id, id, student_id, kind, entry_number, form_number, issued_on, order_id)
            SELECT $1, gen_random_uuid(), e.student_id, 'basic', 1, '1', '2026-06-25', $2
            FROM enrollments e
            JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id AND c.grade_level = 9
            WHERE e.school_id = $1 AND e.starts_on <= '2026-06-25'
            ORDER BY e.student_id
            LIMIT 1
            ON CONFLICT (school_id, kind, entry_number) DO UPDATE SET form_number = excluded.form_number RETURNING id
            """, [String(school), rows["{order_id}"]]
        ).first
        // The demo school has no clients.
        let client = try connection.query(
            """
            INSERT INTO clients (school_id, id, kind, name, scopes)
            VALUES ($1, gen_random_uuid(), 'integration', 'Пример интеграции', '{school.read}')
            ON CONFLICT (school_id, name) DO UPDATE SET scopes = excluded.scopes RETURNING id
            """, [String(school)]
        ).first
        rows["{client_id}"] = client
        rows["{client_secret_id}"] = try connection.query(
            """
            WITH made AS (
                INSERT INTO client_secrets (school_id, id, client_id, secret_hash)
                SELECT $1, gen_random_uuid(), $2, ''
                WHERE NOT EXISTS (SELECT FROM client_secrets WHERE school_id = $1 AND client_id = $2)
                RETURNING id
            )
            SELECT id FROM made UNION ALL SELECT id FROM client_secrets WHERE school_id = $1 AND client_id = $2 LIMIT 1
            """, [String(school), client]
        ).first
        // It is disabled, so nothing is sent; and delivered. Each school's ids have its number.
        let webhook = "00000000-0000-7000-8000-00000000070\(school)"
        let delivery = "00000000-0000-7000-8000-00000000080\(school)"
        try connection.execute(
            """
            INSERT INTO webhook_endpoints (school_id, id, client_id, url, secret, state, disabled_reason, disabled_at)
            VALUES (\(school), '\(webhook)', '\(client!)', 'https://receiver.example/', 's1:x', 'disabled', 'requested', now())
            ON CONFLICT DO NOTHING;
            INSERT INTO webhook_positions (school_id, endpoint_id, cursor, since, told_cursor)
            VALUES (\(school), '\(webhook)', 'x', pg_current_snapshot(), 'x') ON CONFLICT DO NOTHING;
            INSERT INTO webhook_deliveries (school_id, id, endpoint_id, type, content, is_in_order, state, ended_at)
            VALUES (\(school), '\(delivery)', '\(webhook)', 'test', '{}', false, 'delivered', now()) ON CONFLICT DO NOTHING;
            """)
        rows["{webhook_id}"] = webhook
        rows["{webhook_delivery_id}"] = delivery
        // It is revoked, so that it opens nothing.
        rows["{unlock_id}"] = try connection.query(
            """
            INSERT INTO unlocks (school_id, id, section_id, starts_on, ends_on, expires_on, reason, granted_by, revoked_at)
            SELECT s.school_id, '00000000-0000-7000-8000-000000000001', s.id, y.starts_on, y.starts_on, '2099-12-31',
                'Приказ 1', r.user_id, now()
            FROM sections s
            JOIN academic_years y ON y.school_id = s.school_id AND y.id = s.academic_year_id
            JOIN user_roles r ON r.school_id = s.school_id AND r.role = 'deputy_head'
            WHERE s.school_id = $1 AND ($2::uuid IS NULL OR s.id = $2::uuid)
            ORDER BY s.id LIMIT 1 ON CONFLICT (school_id, id) DO UPDATE SET section_id = excluded.section_id RETURNING id
            """, [String(school), ofSection]
        ).first
        rows["{substitution_id}"] = try connection.query(
            """
            SELECT id FROM substitutions WHERE school_id = $1 AND kind = 'replace' AND cancelled_at IS NULL ORDER BY id LIMIT 1
            """, [String(school)]
        ).first
        // Its secret is 32 zero bytes.
        let link = try connection.query(
            """
            WITH made AS (
                INSERT INTO calendar_links (school_id, id, owner_id, class_id, secret_hash)
                SELECT r.school_id, '00000000-0000-7000-8000-000000000002', r.user_id, c.id,
                    sha256(decode(repeat('00', 32), 'hex'))
                FROM user_roles r
                JOIN users u ON u.school_id = r.school_id AND u.id = r.user_id AND u.state = 'active'
                JOIN classes c ON c.school_id = r.school_id
                WHERE r.school_id = $1 AND r.role = 'deputy_head' AND ($2::uuid IS NULL OR c.id = $2::uuid)
                ORDER BY u.id, c.id LIMIT 1
                ON CONFLICT (school_id, id) DO NOTHING
                RETURNING id
            )
            SELECT id FROM made UNION ALL SELECT id FROM calendar_links WHERE school_id = $1 LIMIT 1
            """, [String(school), ofClass]
        ).first
        rows["{calendar_link_id}"] = link
        rows["{calendar_secret}"] =
            "k_\(school)_\((link ?? "").replacing("-", with: ""))_\(String(repeating: "A", count: 43))"
        rows["{push_subscription_id}"] = "00000000-0000-7000-8000-000000000003"
        rows["{report_job_id}"] = "00000000-0000-7000-8000-000000000004"
        rows["{email_secret}"] = "u_\(school)_\(String(repeating: "0", count: 32))_\(String(repeating: "A", count: 43))"
        rows["{line_item_id}"] = try connection.query(
            """
            SELECT i.id FROM line_items i
            WHERE i.school_id = $1 AND i.deleted_at IS NULL AND ($2::uuid IS NULL OR i.section_id = $2::uuid)
            ORDER BY i.id LIMIT 1
            """, [String(school), ofSection]
        ).first
        rows["{curriculum_plan_id}"] = try connection.query(
            """
            SELECT p.id FROM curriculum_plans p
            WHERE p.school_id = $1 AND p.section_id IS NOT NULL AND ($2::uuid IS NULL OR p.section_id = $2::uuid)
            ORDER BY p.id LIMIT 1
            """, [String(school), ofSection]
        ).first
        // Without items, so that its approval would change nothing.
        rows["{correction_id}"] = try connection.query(
            """
            INSERT INTO plan_corrections (school_id, id, plan_id, reason)
            VALUES ($1, gen_random_uuid(), $2, 'Карантин') RETURNING id
            """, [String(school), rows["{curriculum_plan_id}"]]
        ).first
        try addFinalRows(&rows, connection, school, ofSection: ofSection, ofChild: ofChild)
        try addTalkRows(&rows, connection, school, ofClass: ofClass, ofChild: ofChild)
        rows["{guardian_id}"] = guardianship[1]
        rows["{staff_id}"] = try connection.query(
            "SELECT id FROM staff WHERE school_id = $1 ORDER BY id LIMIT 1", [String(school)]
        ).first
        rows["{group_id}"] = member[0]
        rows["{group_member_id}"] = member[1]
        return rows
    }

    /// A part of a composite subject, a debt with a planned attempt, and a mark for conduct.
    private static func addFinalRows(
        _ rows: inout [String: String], _ connection: BlockingConnection, _ school: Int, ofSection section: String?,
        ofChild child: String?
    ) throws {
        try connection.execute("SET lyceum.today = '\(TestServer.today)'")
        func row(_ name: String, _ sql: String, _ parameters: [String?]) throws {
            rows["{\(name)}"] = try connection.query(sql, [String(school)] + parameters).first
        }
        try row(
            "subject_part_id",
            """
            INSERT INTO subject_parts (school_id, id, academic_year_id, subject_id, part_id)
            SELECT $1, gen_random_uuid(), $2, s.ids[1], s.ids[2]
            FROM (SELECT array_agg(id ORDER BY id) AS ids FROM subjects WHERE school_id = $1) s
            ON CONFLICT (school_id, academic_year_id, part_id) DO UPDATE SET subject_id = excluded.subject_id RETURNING id
            """, [rows["{academic_year_id}"]])
        // In a subject that the child is not taught, so that it changes nothing else.
        try row(
            "debt_id",
            """
            INSERT INTO final_marks (school_id, id, student_id, subject_id, academic_year_id, kind, value_kind, number, source)
            SELECT $1, gen_random_uuid(), e.student_id, j.id, c.academic_year_id, 'year', 'number', 2, 'transferred'
            FROM enrollments e
            JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
            JOIN subjects j ON j.school_id = e.school_id AND NOT EXISTS (
                SELECT FROM group_members m
                JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
                WHERE m.school_id = $1 AND m.student_id = e.student_id AND s.subject_id = j.id
            )
            WHERE e.school_id = $1 AND ($2::uuid IS NULL OR e.student_id = $2) AND c.grade_level > 2
                AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
            ORDER BY e.student_id, j.id
            LIMIT 1
            ON CONFLICT (school_id, student_id, subject_id, academic_year_id, kind, term_id) DO UPDATE SET comment = 'Долг'
            RETURNING id
            """, [child])
        try row(
            "debt_attempt_id",
            """
            INSERT INTO debt_attempts (school_id, id, debt_id, ordinal, held_on)
            VALUES ($1, gen_random_uuid(), $2, 1, '2099-01-01')
            ON CONFLICT (school_id, debt_id, ordinal) DO UPDATE SET held_on = excluded.held_on RETURNING id
            """, [rows["{debt_id}"]])
        _ = try connection.query(
            "UPDATE school_settings SET conduct_scale = 'five' WHERE school_id = $1", [String(school)])
        try row(
            "conduct_mark_id",
            """
            INSERT INTO conduct_marks (school_id, id, student_id, term_id, level)
            SELECT $1, gen_random_uuid(), e.student_id, t.id, 4
            FROM enrollments e
            JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
            JOIN terms t ON t.school_id = $1 AND t.academic_year_id = c.academic_year_id AND c.grade_level = ANY (t.grade_levels)
                AND lyceum.today() BETWEEN t.starts_on AND t.marks_close_on
            WHERE e.school_id = $1 AND ($2::uuid IS NULL OR e.student_id = $2)
                AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
            ORDER BY e.student_id, t.starts_on
            LIMIT 1
            ON CONFLICT (school_id, student_id, term_id) DO UPDATE SET level = excluded.level RETURNING id
            """, [child])
        _ = try connection.query(
            "UPDATE school_settings SET conduct_scale = 'none' WHERE school_id = $1", [String(school)])
        try row(
            "marked_subject_id",
            "SELECT subject_id FROM sections WHERE school_id = $1 AND ($2::uuid IS NULL OR id = $2) ORDER BY id LIMIT 1",
            [section])
    }

    /// An announcement of a deputy head to the families of a class, and a consultation of a guardian.
    private static func addTalkRows(
        _ rows: inout [String: String], _ connection: BlockingConnection, _ school: Int, ofClass class7A: String?,
        ofChild child: String?
    ) throws {
        rows["{announcement_id}"] = try connection.query(
            """
            INSERT INTO announcements (school_id, id, author_id, title, text, audience, asks_acknowledgement)
            SELECT $1, gen_random_uuid(), r.user_id, 'Собрание', 'В четверг',
                ARRAY['guardians/class/' || c.id, 'students/class/' || c.id], true
            FROM user_roles r
            JOIN classes c ON c.school_id = $1 AND ($2::uuid IS NULL OR c.id = $2)
            WHERE r.school_id = $1 AND r.role = 'deputy_head'
            ORDER BY r.user_id, c.id LIMIT 1 RETURNING id
            """, [String(school), class7A]
        ).first
        let consultation = try connection.query(
            """
            INSERT INTO consultations (school_id, id, asker_id, category, subject)
            SELECT g.school_id, gen_random_uuid(), g.guardian_id, 'usage', 'Как увидеть расписание?'
            FROM guardianships g
            WHERE g.school_id = $1 AND ($2::uuid IS NULL OR g.student_id = $2)
            ORDER BY (SELECT u.login = 'parent' FROM users u WHERE u.school_id = g.school_id AND u.id = g.guardian_id)
                DESC NULLS LAST
            LIMIT 1 RETURNING id, asker_id
            """, [String(school), child]
        ).rows[0]
        rows["{consultation_id}"] = consultation[0]
        _ = try connection.query(
            """
            INSERT INTO consultation_messages (school_id, id, consultation_id, kind, text, author_id)
            VALUES ($1, gen_random_uuid(), $2, 'question', 'Не нахожу', $3)
            """, [String(school), consultation[0], consultation[1]])
        _ = try connection.query(
            "DELETE FROM notifications WHERE school_id = $1 AND entity IN ('announcements', 'consultations')",
            [String(school)])
    }

    /// An id that no row has.
    package static let nothing = "0198ca94-2869-71eb-91b7-5bfd27fa83f1"

    /// A path with ids to which the demo logins have access.
    package func path(_ template: String) -> String {
        template.replacing("{class_id}", with: class7A).replacing("{student_id}", with: child)
            .replacing("{section_id}", with: section).replacing("{mark_id}", with: mark)
            .replacing("{lesson_id}", with: lesson)
            .replacing("{user_id}", with: child).replacing("{session_id}", with: Self.nothing)
            .replacing("{code}", with: "not_found").replacing("{kind}", with: "students").replacing(rows)
            + (template == "/v1/timetable" ? "?class_id=\(class7A)&from=2025-11-17&to=2025-11-21" : "")
            // A stream would not end.
            + (template == "/v1/events" ? "?wait=0" : "")
    }
}

extension String {
    package func replacing(_ ids: [String: String]) -> String {
        ids.reduce(self) { $0.replacing($1.key, with: $1.value) }
    }
}
