import Crypto
import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `GET /v1/sections/{id}/journal`: the journal page of a section.
@Suite(.serialized) struct JournalTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let teacher: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
    }

    private var path: String { "/v1/sections/\(ids.section)/journal" }

    private func rows(_ sql: String, _ rest: String...) throws -> [[String?]] {
        try server.owner().query(sql, [String(ids.school)] + rest).rows
    }

    private func find(_ sql: String, _ rest: String...) throws -> String {
        try #require(try server.owner().query(sql, [String(ids.school)] + rest).first, "nothing: \(sql)")
    }

    private func term(_ kind: String, _ ordinal: Int) throws -> String {
        try find("SELECT id FROM terms WHERE school_id = $1 AND kind = $2 AND ordinal = $3::int", kind, String(ordinal))
    }

    private func page(_ client: TestClient, _ path: String) throws -> JSONValue {
        let answer = try client.get(path)
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    private func lessons(_ section: String, _ from: String, _ to: String) throws -> [String?] {
        try rows(
            """
            SELECT id FROM lessons WHERE school_id = $1 AND section_id = $2 AND date BETWEEN $3 AND $4
            ORDER BY date, starts_at, id
            """, section, from, to
        ).map { $0[0] }
    }

    // MARK: The days of the page

    @Test func defaultDaysAreThoseOfTheCurrentTerm() throws {
        let page = try page(teacher, path)
        #expect(page["from"]?.string == "2025-11-03")
        #expect(page["to"]?.string == "2025-12-30")
        #expect(try page["lessons"]?.array.map { $0["id"]?.string } == lessons(ids.section, "2025-11-03", "2025-12-30"))
        #expect(page["lessons"]?.array.contains { $0["id"]?.string == ids.lesson } == true)
        // Grades 10 and 11 have semesters.
        let senior = try find(
            """
            SELECT s.id FROM sections s JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
            WHERE s.school_id = $1 AND g.grade_level = 10 ORDER BY s.id LIMIT 1
            """)
        let other = try self.page(try server.client("deputy"), "/v1/sections/\(senior)/journal")
        #expect(other["from"]?.string == "2025-09-01")
        #expect(other["to"]?.string == "2025-12-30")
    }

    @Test(arguments: [
        (1, "2025-09-01", "2025-10-24"), (2, "2025-11-03", "2025-12-30"), (3, "2026-01-12", "2026-03-20"),
    ])
    func daysAreThoseOfTheRequestedTerm(_ ordinal: Int, _ from: String, _ to: String) throws {
        let page = try page(teacher, "\(path)?term_id=\(try term("quarter", ordinal))")
        #expect(page["from"]?.string == from)
        #expect(page["to"]?.string == to)
        #expect(try page["lessons"]?.array.map { $0["id"]?.string } == lessons(ids.section, from, to))
    }

    @Test func requestedDaysLimitTheWholePage() throws {
        let (from, to) = ("2025-10-06", "2025-11-09")
        let page = try page(teacher, "\(path)?from=\(from)&to=\(to)")
        let expected = try lessons(ids.section, from, to)
        #expect(expected.count > 5)
        #expect(page["lessons"]?.array.map { $0["id"]?.string } == expected)
        let columns = page["line_items"]!.array
        #expect(!columns.isEmpty)
        #expect(columns.allSatisfy { expected.contains($0["lesson_id"]?.string) })
        let marks = try rows(
            """
            SELECT k.id FROM marks k JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id
            JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
            WHERE k.school_id = $1 AND l.section_id = $2 AND i.deleted_at IS NULL AND l.date BETWEEN $3 AND $4 ORDER BY k.id
            """, ids.section, from, to
        ).compactMap { $0[0] }
        #expect(!marks.isEmpty)
        #expect(page["marks"]?.array.compactMap { $0["id"]?.string }.sorted() == marks)
        let absences = try find(
            """
            SELECT count(*) FROM attendance a JOIN lessons l ON l.school_id = a.school_id AND l.id = a.lesson_id
            WHERE a.school_id = $1 AND l.section_id = $2 AND l.date BETWEEN $3 AND $4
            """, ids.section, from, to)
        #expect(page["attendance"]?.array.count == Int(absences))
        let students = page["students"]!.array
        #expect(students.map { $0["number"]?.int } == Array(1...students.count).map { Optional($0) })
        #expect(students.first { $0["last_name"]?.string == "Кузьминых" }?["from"]?.string == "2025-10-13")
    }

    @Test func longestRangeIsAYear() throws {
        #expect(try teacher.get("\(path)?from=2025-09-01&to=2026-09-01").status == 200)
        let long = try teacher.get("\(path)?from=2025-09-01&to=2026-09-02")
        #expect(long.status == 400)
        #expect(long.json["errors"]?[0]?["code"]?.string == "range_too_long")
    }

    @Test(arguments: [
        ("term_id=QUARTER&from=2025-11-03&to=2025-11-09", "/query/term_id", "exclusive"),
        ("term_id=0198c5b4-55df-7528-980a-0eb04a0962ff", "/query/term_id", "unknown_term"),
        // A term of other grade levels.
        ("term_id=SEMESTER", "/query/term_id", "unknown_term"),
        ("term_id=2", "/query/term_id", "not_a_uuid"),
        ("from=2025-11-03", "/query/to", "required"),
        ("from=2025-11-03&to=2025-11-02", "/query/to", "before_from"),
        ("since=1", "/query/since", "invalid_cursor"),
        ("since=x", "/query/since", "invalid_cursor"),
        ("since=MS4wMDAwMDAwMC4wOjQ6", "/query/since", "invalid_cursor"),
        ("limit=10", "/query/limit", "unknown_parameter"),
    ])
    func badParametersAreRefusedWithAPointer(_ query: String, _ pointer: String, _ code: String) throws {
        let query = query.replacing("QUARTER", with: try term("quarter", 2))
            .replacing("SEMESTER", with: try term("semester", 1))
        let answer = try teacher.get("\(path)?\(query)")
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer)
        #expect(answer.json["errors"]?[0]?["code"]?.string == code)
    }

    // MARK: Who sees whom

    @Test func A4_classTeacherReadsOnlyOwnStudentsInASectionOfSeveralClasses() throws {
        let section = try find(
            """
            SELECT s.id FROM sections s
            JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id AND g.kind = 'cross'
            JOIN group_members m ON m.school_id = g.school_id AND m.group_id = g.id AND m.ends_on IS NULL
            JOIN enrollments e ON e.school_id = m.school_id AND e.student_id = m.student_id AND e.ends_on IS NULL
            WHERE s.school_id = $1
                AND NOT EXISTS (
                    SELECT FROM section_teachers t JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id
                    WHERE t.school_id = s.school_id AND t.section_id = s.id AND u.login = 'teacher'
                )
            GROUP BY s.id
            HAVING count(*) FILTER (WHERE e.class_id = $2) BETWEEN 1 AND count(*) - 1
            ORDER BY s.id LIMIT 1
            """, ids.class7A)
        let own = try rows(
            """
            SELECT m.student_id FROM sections s
            JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id
            JOIN enrollments e ON e.school_id = m.school_id AND e.student_id = m.student_id AND e.ends_on IS NULL
            WHERE s.school_id = $1 AND s.id = $2 AND e.class_id = $3
            """, section, ids.class7A
        ).map { $0[0] }
        let whole = "/v1/sections/\(section)/journal?from=2025-09-01&to=2025-12-30"
        let all = try page(try server.client("deputy"), whole)["students"]!.array
        let page = try page(teacher, whole)
        #expect(all.count > own.count)
        #expect(Set(page["students"]!.array.map { $0["id"]?.string }) == Set(own))
        #expect(page["section"]?["may_edit"]?.bool == false)
        for list in ["marks", "attendance", "feedback", "finals", "carried_marks"] {
            #expect(page[list]!.array.allSatisfy { own.contains($0["student_id"]?.string) }, "\(list)")
        }
    }

    /// For a student who came from another class, the class teacher also reads the old class's journals, but only that
    /// student's rows.
    @Test func A4_classTeacherReadsAMovedStudentInTheOldSection() throws {
        let moved = try find("SELECT student_id FROM enrollments WHERE school_id = $1 AND ends_on = '2025-10-12'")
        let section = try find(
            """
            SELECT s.id FROM sections s JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
            JOIN classes c ON c.school_id = g.school_id AND c.group_id = g.id AND c.name = '7Б'
            JOIN lessons l ON l.school_id = s.school_id AND l.section_id = s.id
            JOIN line_items i ON i.school_id = l.school_id AND i.lesson_id = l.id AND i.deleted_at IS NULL
            JOIN marks k ON k.school_id = i.school_id AND k.line_item_id = i.id AND k.student_id = $2 AND k.kind IS NOT NULL
            WHERE s.school_id = $1
                AND NOT EXISTS (
                    SELECT FROM section_teachers t JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id
                    WHERE t.school_id = s.school_id AND t.section_id = s.id AND u.login = 'teacher'
                )
                AND NOT EXISTS (
                    SELECT FROM lessons o JOIN users u ON u.school_id = o.school_id AND u.id = o.teacher_id
                    WHERE o.school_id = s.school_id AND o.section_id = s.id AND u.login = 'teacher'
                )
            GROUP BY s.id ORDER BY count(*) DESC, s.id LIMIT 1
            """, moved)
        let whole = "/v1/sections/\(section)/journal?term_id=\(try term("quarter", 1))"
        let all = try page(try server.client("deputy"), whole)
        let page = try page(teacher, whole)
        #expect(all["students"]!.array.count > 20)
        #expect(page["students"]!.array.map { $0["id"]?.string } == [moved])
        #expect(page["students"]?[0]?["to"]?.string == "2025-10-12")
        for list in ["marks", "attendance", "feedback", "finals"] {
            let seen = page[list]!.array
            let own = all[list]!.array.filter { $0["student_id"]?.string == moved }
            #expect(seen.map { $0["id"]?.string } == own.map { $0["id"]?.string }, "\(list)")
            #expect(seen.allSatisfy { $0["student_id"]?.string == moved }, "\(list)")
        }
        #expect(!page["marks"]!.array.isEmpty)
        #expect(page["lessons"]!.array.count == all["lessons"]!.array.count)
        #expect(page["lessons"]!.array.allSatisfy { $0["locked_reason"]?.string == "not_your_lesson" })
    }

    @Test func M10_earlierMarksOfAMovedStudentAreCarried() throws {
        let moved = try find("SELECT student_id FROM enrollments WHERE school_id = $1 AND ends_on = '2025-10-12'")
        let quarter = try term("quarter", 1)
        // The new class's section of the subject in which the student had most marks before.
        let section = try find(
            """
            SELECT n.id FROM sections n
            JOIN classes c ON c.school_id = n.school_id AND c.group_id = n.group_id AND c.id = $3
            JOIN sections s ON s.school_id = n.school_id AND s.subject_id = n.subject_id AND s.id <> n.id
            JOIN lessons l ON l.school_id = s.school_id AND l.section_id = s.id AND l.date < '2025-10-13'
            JOIN line_items i ON i.school_id = l.school_id AND i.lesson_id = l.id AND i.deleted_at IS NULL
            JOIN marks k ON k.school_id = i.school_id AND k.line_item_id = i.id AND k.student_id = $2 AND k.kind IS NOT NULL
            WHERE n.school_id = $1 GROUP BY n.id ORDER BY count(*) DESC, n.id LIMIT 1
            """, moved, ids.class7A)
        let expected = try rows(
            """
            SELECT l.date, k.number, s.name FROM sections n
            JOIN sections s ON s.school_id = n.school_id AND s.subject_id = n.subject_id AND s.id <> n.id
            JOIN lessons l ON l.school_id = s.school_id AND l.section_id = s.id AND l.date < '2025-10-13'
            JOIN line_items i ON i.school_id = l.school_id AND i.lesson_id = l.id AND i.deleted_at IS NULL
            JOIN marks k ON k.school_id = i.school_id AND k.line_item_id = i.id AND k.student_id = $2 AND k.kind IS NOT NULL
            WHERE n.school_id = $1 AND n.id = $3 ORDER BY l.date, i.id
            """, moved, section)
        #expect(!expected.isEmpty)
        let deputy = try server.client("deputy")
        let page = try page(deputy, "/v1/sections/\(section)/journal?term_id=\(quarter)")
        let carried = page["carried_marks"]!.array
        #expect(carried.map { $0["date"]?.string } == expected.map { $0[0] })
        #expect(carried.map { $0["value"]?["number"]?.int } == expected.map { $0[1].flatMap { Int($0) } })
        #expect(carried.map { $0["section_name"]?.string } == expected.map { $0[2] })
        #expect(carried.allSatisfy { $0["student_id"]?.string == moved })
        // The old section does not carry later marks, because the student has left it.
        let now = try self.page(deputy, "/v1/sections/\(section)/journal")
        #expect(now["carried_marks"]?.array.isEmpty == true)
    }

    // MARK: Changes

    private func write(_ items: String) throws -> JSONValue {
        let answer = try teacher.patch(path, json: "{\(items)}")
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    private func mark(_ student: String, _ value: String, _ version: Int) -> String {
        """
        "marks": [{"lesson_id": "\(ids.lesson)", "student_id": "\(student)", "value": \(value), "version": \(version)}]
        """
    }

    /// The version of a student's mark in the lesson's default column.
    private func version(_ student: String) throws -> Int {
        Int(
            try find(
                """
                SELECT coalesce(max(k.version), 0) FROM marks k
                JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id AND i.is_default
                WHERE k.school_id = $1 AND i.lesson_id = $2 AND k.student_id = $3
                """, ids.lesson, student))!
    }

    @Test func changesSinceACursorIncludeTombstonesAndNothingElse() throws {
        let student = ids.others[1]
        let cursor = try #require(try page(teacher, path)["cursor"]?.string)
        // Two values, so that at least one of them is a change.
        var version = try version(student)
        for number in [3, 5] {
            version = try write(mark(student, "{\"kind\": \"number\", \"number\": \(number)}", version))["marks"]![0]![
                "version"]!.int!
        }
        let written = try page(teacher, "\(path)?since=\(cursor)")
        let mine = try #require(
            written["marks"]!.array.first { $0["student_id"]?.string == student && $0["version"]?.int == version })
        #expect(mine["value"]?["number"]?.int == 5)
        let id = try #require(mine["id"]?.string)

        // Since the earlier cursor, the page has this change only.
        #expect(written["marks"]!.array.map { $0["id"]?.string } == [id])
        for list in ["lessons", "line_items", "attendance", "feedback", "finals"] {
            #expect(written[list]?.array.isEmpty == true, "\(list)")
        }
        #expect(written["students"]!.array.count >= 24)

        // A deleted mark has no value.
        let deleted = try write(mark(student, "null", version))["marks"]![0]!
        let gone = try page(teacher, "\(path)?since=\(try #require(written["cursor"]?.string))")
        #expect(gone["marks"]!.array.map { $0["id"]?.string } == [id])
        #expect(gone["marks"]?[0]?["value"]?.isNull == true)
        #expect(gone["marks"]?[0]?["version"]?.int == deleted["version"]?.int)
        #expect(deleted["version"]!.int! == version + 1)
        // With the next cursor there are no changes.
        let nothing = try page(teacher, "\(path)?since=\(try #require(gone["cursor"]?.string))")
        #expect(nothing["marks"]?.array.isEmpty == true)
    }

    @Test func deletedFeedbackAndAttendanceAreTombstonesToo() throws {
        let student = ids.others[2]
        let feedback = "0198c5b4-55df-7528-980a-0eb04a096299"
        let before = try page(teacher, path)
        let cursor = try #require(before["cursor"]?.string)
        let old = before["attendance"]!.array.first {
            $0["lesson_id"]?.string == ids.lesson && $0["student_id"]?.string == student
        }
        func absence(_ meaning: String, _ version: Int) -> String {
            """
            "attendance": [{"lesson_id": "\(ids.lesson)", "student_id": "\(student)", "meaning": \(meaning), "version": \(version)}]
            """
        }
        func words(_ text: String, _ version: Int) -> String {
            """
            "feedback": [{"id": "\(feedback)", "lesson_id": "\(ids.lesson)", "student_id": "\(student)", "text": \(text), "version": \(version)}]
            """
        }
        let first = try write(
            absence("\"ill\"", old?["version"]?.int ?? 0) + "," + words("\"Читает вслух с выражением.\"", 0))
        _ = try write(
            absence("null", first["attendance"]![0]!["version"]!.int!) + ","
                + words("null", first["feedback"]![0]!["version"]!.int!))
        let since = try page(teacher, "\(path)?since=\(cursor)")
        let gone = try #require(since["feedback"]!.array.first { $0["id"]?.string == feedback })
        #expect(gone["text"]?.isNull == true)
        #expect(gone["version"]?.int == 2)
        let present = try #require(
            since["attendance"]!.array.first {
                $0["lesson_id"]?.string == ids.lesson && $0["student_id"]?.string == student
            })
        #expect(present["meaning"]?.isNull == true)
    }

    @Test func changedHomeworkIncludesItsLesson() throws {
        let before = try page(teacher, path)
        let lesson = try #require(before["lessons"]!.array.first { $0["id"]?.string == ids.lesson })
        let text = lesson["homework"]?[0]?["text"]?.string == "§ 12" ? "§ 13" : "§ 12"
        _ = try write(
            """
            "lessons": [{"id": "\(ids.lesson)", "version": \(lesson["version"]!.int!), "homework": {"text": "\(text)"}}]
            """)
        let since = try page(teacher, "\(path)?since=\(try #require(before["cursor"]?.string))")
        #expect(since["lessons"]!.array.map { $0["id"]?.string } == [ids.lesson])
        #expect(since["lessons"]?[0]?["homework"]?[0]?["text"]?.string == text)
        #expect(since["marks"]?.array.isEmpty == true)
    }

    @Test(arguments: [
        // A cursor of the former kind, and one of another epoch.
        "x4611686018427387904", Base64.url.encode(Array("1.00000000.9:0:".utf8)),
    ])
    func cursorOfAnotherHistoryHasExpired(_ cursor: String) throws {
        let answer = try teacher.get("\(path)?since=\(cursor)")
        #expect(answer.status == 410)
        #expect(answer.code == "cursor_expired")
    }

    @Test func tagIsWeakAndDependsOnlyOnTheContent() throws {
        let first = try teacher.get(path)
        let tag = try #require(first["ETag"])
        #expect(tag.hasPrefix("W/\""))
        // Something else in the database changes: the cursor changes, the content does not.
        try server.owner().query("SELECT pg_current_xact_id()")
        let again = try teacher.get(path, headers: [("If-None-Match", tag)])
        #expect(again.status == 304)
        #expect(again.body.isEmpty)
        #expect(again["ETag"] == tag)
        let student = ids.others[3]
        let old = first.json["marks"]!.array.filter { $0["student_id"]?.string == student }.last?["value"]?["number"]?
            .int
        _ = try write(
            mark(student, "{\"kind\": \"number\", \"number\": \(old == 4 ? 3 : 4)}", try version(student)))
        let changed = try teacher.get(path, headers: [("If-None-Match", tag)])
        #expect(changed.status == 200)
        #expect(changed["ETag"] != tag)
    }

    // MARK: Locks

    @Test func M4_lessonsHaveTheirEditDeadlineOrLockReason() throws {
        let page = try page(teacher, "\(path)?from=2025-09-01&to=2025-12-30")
        var reasons: Set<String?> = []
        for lesson in page["lessons"]!.array where lesson["state"]?.string != "cancelled" {
            let date = try #require(lesson["date"]?.string)
            let reason = lesson["locked_reason"]?.string
            #expect(reason == (date < "2025-11-05" ? "edit_window_closed" : nil), "\(date)")
            reasons.insert(reason)
        }
        #expect(reasons == [nil, "edit_window_closed"])
        // Fourteen days, but not past the closing day of the term's marks.
        for (from, to, until) in [
            ("2025-10-20", "2025-10-24", "2025-10-31"), ("2025-12-26", "2025-12-30", "2026-01-06"),
        ] {
            for lesson in page["lessons"]!.array where (from...to).contains(lesson["date"]!.string!) {
                #expect(lesson["editable_until"]?.string == until)
            }
        }
        let deputy = try self.page(try server.client("deputy"), path)
        #expect(deputy["lessons"]!.array.allSatisfy { $0["locked_reason"]?.string == "not_your_lesson" })
        #expect(deputy["section"]?["may_edit"]?.bool == false)
        #expect(page["section"]?["may_edit"]?.bool == true)
    }

    /// A section with a substitute: one lesson is the substitute's, the others are the teachers'.
    @Test func A4_lessonIsLockedForOtherTeachers() throws {
        let substituted = try #require(
            try rows(
                """
                SELECT l.section_id, l.teacher_id, l.date, t.teacher_id FROM lessons l
                JOIN section_teachers t ON t.school_id = l.school_id AND t.section_id = l.section_id
                WHERE l.school_id = $1 AND l.state = 'held' AND l.teacher_id NOT IN (
                    SELECT o.teacher_id FROM section_teachers o
                    WHERE o.school_id = l.school_id AND o.section_id = l.section_id
                )
                    AND NOT EXISTS (
                        SELECT FROM section_teachers o
                        WHERE o.school_id = l.school_id AND o.section_id = l.section_id
                            AND o.teacher_id <> t.teacher_id
                    )
                ORDER BY l.date DESC, l.id LIMIT 1
                """
            ).first)
        let path = "/v1/sections/\(substituted[0]!)/journal?from=2025-09-01&to=\(substituted[2]!)"
        for reader in [substituted[1]!, substituted[3]!] {
            let page = try page(try server.session(of: reader, roles: ["teacher"]), path)
            let own = page["lessons"]!.array.filter { $0["locked_reason"]?.string != "not_your_lesson" }
            let taught = try rows(
                """
                SELECT l.id FROM lessons l
                WHERE l.school_id = $1 AND l.section_id = $2 AND l.date BETWEEN '2025-09-01' AND $3
                    AND lyceum.teaches_lesson($1, $4, l.id)
                ORDER BY l.date, l.starts_at, l.id
                """, substituted[0]!, substituted[2]!, reader)
            #expect(!taught.isEmpty && own.map { $0["id"]?.string } == taught.map { $0[0] })
            #expect((own.count == page["lessons"]!.array.count) == (reader == substituted[3]!))
        }
    }

    @Test func M4_unlockedLessonsHaveTheUnlocksDeadline() throws {
        func lessons() throws -> [JSONValue] {
            try page(teacher, "\(path)?from=2025-10-06&to=2025-10-17")["lessons"]!.array.filter {
                $0["state"]?.string == "held"
            }
        }
        func closed(_ lesson: JSONValue) -> Bool { lesson["locked_reason"]?.string == "edit_window_closed" }
        let before = try lessons()
        try #require(before.count > 2 && before.allSatisfy(closed))
        let owner = try server.owner()
        try owner.execute("SET lyceum.today = '\(TestServer.today)'")
        let unlock = try owner.query(
            """
            INSERT INTO unlocks (school_id, id, section_id, granted_by, reason, starts_on, ends_on, expires_on)
            SELECT $1, gen_random_uuid(), $2, s.id, 'Приказ 17', '2025-10-06', '2025-10-12', '2025-12-01'
            FROM staff s
            JOIN user_roles r ON r.school_id = s.school_id AND r.user_id = s.id AND r.role = 'deputy_head'
            WHERE s.school_id = $1 LIMIT 1 RETURNING id
            """, [String(ids.school), ids.section])
        let id = try #require(unlock.first)
        let unlocked = try lessons()
        for lesson in unlocked {
            let isOpen = lesson["date"]!.string! <= "2025-10-12"
            #expect(closed(lesson) == !isOpen)
            #expect((lesson["editable_until"]?.string == "2025-12-01") == isOpen)
        }
        #expect(Set(unlocked.map(closed)) == [true, false])
        // A revoked unlock opens nothing.
        _ = try rows("UPDATE unlocks SET revoked_at = now() WHERE school_id = $1 AND id = $2", id)
        let after = try lessons()
        #expect(after.allSatisfy(closed))
        #expect(after.map { $0["editable_until"]?.string } == before.map { $0["editable_until"]?.string })
    }

    @Test func cancelledLessonIsLocked() throws {
        let row = try #require(
            try rows(
                """
                SELECT l.id, l.section_id, t.teacher_id, l.date FROM lessons l
                JOIN section_teachers t ON t.school_id = l.school_id AND t.section_id = l.section_id
                WHERE l.school_id = $1 AND l.state = 'cancelled' ORDER BY l.date DESC, l.id LIMIT 1
                """
            ).first)
        let client = try server.session(of: row[2]!, roles: ["teacher"])
        let page = try page(client, "/v1/sections/\(row[1]!)/journal?from=\(row[3]!)&to=\(row[3]!)")
        let lesson = try #require(page["lessons"]!.array.first { $0["id"]?.string == row[0] })
        #expect(lesson["state"]?.string == "cancelled")
        #expect(lesson["locked_reason"]?.string == "lesson_cancelled")
    }
}
