import DiaryTestSupport
import JSON
import Postgres
import Testing

/// A3: when a student changes class, the access of staff moves with the enrollment. The demo school has a student who
/// moved on 13 October from 7Б to 7А, whose class teacher is `teacher`.
@Suite(.serialized) struct FormerClassTeacherTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    /// The present class teacher of 7А.
    let new: TestClient
    /// The class teacher of 7Б, which the student left.
    let old: TestClient
    let oldTeacher: String
    let pupil: String
    let class7B: String

    static let lastDay = "2025-10-12"

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        let connection = try server.owner()
        let row = try connection.query(
            """
            SELECT e.student_id, e.class_id, t.teacher_id FROM enrollments e
            JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id AND c.name = '7Б'
            JOIN class_teachers t ON t.school_id = e.school_id AND t.class_id = e.class_id AND t.ends_on IS NULL
            WHERE e.school_id = $1 AND e.ends_on = $2
            """, [String(ids.school), Self.lastDay]
        ).rows[0]
        pupil = row[0]!
        class7B = row[1]!
        oldTeacher = row[2]!
        new = try server.client("teacher")
        old = try server.session(of: oldTeacher, roles: ["teacher", "class_teacher"])
    }

    private func rows(_ sql: String, _ rest: String...) throws -> [[String?]] {
        try server.owner().query(sql, [String(ids.school)] + rest).rows
    }

    /// All items of a list, over all pages.
    private func walk(_ client: TestClient, _ path: String) throws -> [JSONValue] {
        var items: [JSONValue] = []
        var cursor: String? = ""
        while let here = cursor {
            let answer = try client.get(path + (here.isEmpty ? "" : "&cursor=\(here)"))
            try #require(answer.status == 200, "\(path): \(answer.text)")
            items += answer.json["items"]!.array
            cursor = answer.json["next_cursor"]?.string
        }
        return items
    }

    private static let ofPupil = """
        FROM marks k
        JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id AND i.deleted_at IS NULL
        JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
        WHERE k.school_id = $1 AND k.student_id = $2 AND k.kind IS NOT NULL AND k.published_at <= now()
        """

    @Test func A3_theNewClassTeacherReadsAllMarksTheOldOneThoseBefore() throws {
        let all = Set(try rows("SELECT k.id \(Self.ofPupil)", pupil).compactMap { $0[0] })
        let before = Set(try rows("SELECT k.id \(Self.ofPupil) AND l.date <= $3", pupil, Self.lastDay).map { $0[0]! })
        try #require(!before.isEmpty && before.count < all.count)
        let path = "/v1/students/\(pupil)/marks?limit=7"
        #expect(Set(try walk(new, path).map { $0["id"]!.string! }) == all)
        let seen = try walk(old, path)
        #expect(Set(seen.map { $0["id"]!.string! }) == before)
        #expect(seen.allSatisfy { $0["lesson"]!["date"]!.string! <= Self.lastDay })
        // The requested range and route make no difference.
        #expect(try walk(old, path + "&from=2025-10-13&to=2025-11-19").isEmpty)
        #expect(try old.get(path + "&include=total").json["total"]?.int == before.count)
        #expect(try new.get(path + "&include=total").json["total"]?.int == all.count)
    }

    @Test func A3_theOldClassTeachersDiaryEndsWithTheEnrollment() throws {
        let path = "/v1/students/\(pupil)/diary"
        // The week in which the student moved and the next one, cut to the days before the move.
        let cut = try old.get("\(path)?from=2025-10-06&to=2025-10-19")
        #expect(cut.status == 200)
        #expect(cut.json["from"]?.string == "2025-10-06")
        #expect(cut.json["to"]?.string == Self.lastDay)
        #expect(cut.json["student"]?["class"]?["name"]?.string == "7Б")
        let dates = cut.json["lessons"]!.array.map { $0["date"]!.string! }
        #expect(!dates.isEmpty && dates.allSatisfy { $0 <= Self.lastDay })
        for key in ["homework_due", "conduct_notes"] {
            let days = cut.json[key]!.array.map { ($0["due_on"] ?? $0["date"])!.string! }
            #expect(days.allSatisfy { $0 <= Self.lastDay }, "\(key)")
        }
        let whole = try new.get("\(path)?from=2025-10-06&to=2025-10-19")
        #expect(whole.json["to"]?.string == "2025-10-19")
        #expect(whole.json["student"]?["class"]?["name"]?.string == "7А")
        let all = whole.json["lessons"]!.array
        #expect(all.filter { $0["date"]!.string! <= Self.lastDay }.count == dates.count)
        #expect(all.count > dates.count)
        // Without a range: the last visible week.
        let last = try old.get(path)
        #expect(last.json["from"]?.string == "2025-10-06")
        #expect(last.json["to"]?.string == Self.lastDay)
        #expect(try old.get("\(path)?from=2025-10-13&to=2025-10-19").status == 404)
        #expect(try old.get("\(path)?from=2025-11-17&to=2025-11-23").status == 404)
        // An entity tag from before reveals nothing.
        for tag in ["*", whole["ETag"]!, cut["ETag"]!] {
            let later = try old.get("\(path)?from=2025-10-13&to=2025-10-19", headers: [("If-None-Match", tag)])
            #expect(later.status == 404, "\(tag)")
        }
    }

    @Test func A3_theHistoryOfAMarkIsReadByTheLessonsDay() throws {
        func mark(_ condition: String) throws -> String {
            try #require(try rows("SELECT k.id \(Self.ofPupil) AND \(condition) LIMIT 1", pupil).first?[0])
        }
        func path(_ mark: String) -> String { "/v1/marks/\(mark)/history" }
        // In sections that the former class teacher does not teach.
        let elsewhere = """
            NOT lyceum.reads_section($1, '\(oldTeacher)', l.section_id)
            """
        let before = try mark("l.date <= '\(Self.lastDay)' AND \(elsewhere)")
        let after = try mark("l.date > '\(Self.lastDay)' AND \(elsewhere)")
        #expect(try old.get(path(before)).status == 200)
        #expect(try old.get(path(after)).status == 404)
        #expect(try new.get(path(before)).status == 200)
        #expect(try new.get(path(after)).status == 200)
    }

    @Test func A3_theJournalShowsTheOldClassTeacherTheRowsBefore() throws {
        let sections = try rows(
            """
            SELECT s.id, c.name FROM sections s
            JOIN classes c ON c.school_id = s.school_id AND c.group_id = s.group_id AND c.name IN ('7А', '7Б')
            JOIN subjects j ON j.school_id = s.school_id AND j.id = s.subject_id AND j.name = 'Биология'
            WHERE s.school_id = $1 AND NOT lyceum.reads_section($1, $2, s.id)
            """, oldTeacher)
        let section = Dictionary(uniqueKeysWithValues: sections.map { ($0[1]!, $0[0]!) })
        let range = "from=2025-09-01&to=2025-11-19"
        let page = try old.get("/v1/sections/\(section["7Б"]!)/journal?\(range)").json
        func count(_ page: JSONValue, _ key: String) -> Int {
            page[key]!.array.filter { $0["student_id"]?.string == pupil }.count
        }
        let student = page["students"]!.array.first { $0["id"]?.string == pupil }
        #expect(student?["to"]?.string == Self.lastDay)
        #expect(count(page, "marks") > 0)
        // The first quarter ended after the move, so the former class teacher does not see its final mark.
        #expect(count(page, "finals") == 0)
        // Other students of the class are there with all their records.
        #expect(page["finals"]!.array.count > 10)

        // For the former class teacher the student has never been in the new class.
        #expect(try old.get("/v1/sections/\(section["7А"]!)/journal?\(range)").status == 404)

        // The new class teacher reads the old journal only for this student, and the new one with the student's earlier
        // marks (M10).
        let former = try new.get("/v1/sections/\(section["7Б"]!)/journal?\(range)")
        if former.status == 200 { #expect(former.json["students"]!.array.map { $0["id"]!.string } == [pupil]) }
        #expect(former.status == 200)
        let now = try new.get("/v1/sections/\(section["7А"]!)/journal?\(range)").json
        #expect(count(now, "carried_marks") == count(page, "marks"))
        #expect(count(now, "finals") == 1)
    }

    /// M10: the student's present teacher sees the earlier marks in the journal.
    @Test func M10_teachersOfTheNewSectionSeeCarriedMarks() throws {
        let math = try new.get("/v1/sections/\(ids.section)/journal?from=2025-09-01&to=2025-11-19").json
        let carried = math["carried_marks"]!.array.filter { $0["student_id"]?.string == pupil }
        let expected = try rows(
            """
            SELECT k.id \(Self.ofPupil) AND l.date <= $3 AND l.section_id IN (
                SELECT s.id FROM sections s WHERE s.school_id = $1
                    AND s.subject_id = (SELECT o.subject_id FROM sections o WHERE o.school_id = $1 AND o.id = $4)
            )
            """, pupil, Self.lastDay, ids.section)
        #expect(!carried.isEmpty && carried.count == expected.count)
    }

    @Test func A3_theOldClassTeacherReadsNoProfileAndWritesNothing() throws {
        _ = try server.owner().query(
            "DELETE FROM consents WHERE school_id = $1 AND student_id = $2", [String(ids.school), pupil])
        let base = "/v1/students/\(pupil)"
        for path in [
            base, "\(base)/guardians", "\(base)/consents", "\(base)/documents", "\(base)/photo", "\(base)/history",
        ] {
            #expect(try old.get(path).status == 404, "\(path)")
        }
        let guardian = try rows(
            "SELECT guardian_id FROM guardianships WHERE school_id = $1 AND student_id = $2", pupil)[0][0]!
        #expect(try old.get("/v1/guardians/\(guardian)").status == 404)
        #expect(try old.get("/v1/students?limit=200").json["items"]!.array.allSatisfy { $0["id"]?.string != pupil })
        let any = [("If-Match", "*")]
        #expect(try old.patch(base, json: #"{"phone": "1"}"#, headers: any).status == 404)
        #expect(
            try old.post(
                "\(base)/consents", json: #"{"purpose": "photo", "given_by": "\#(guardian)", "given_on": "2025-09-01"}"#
            )
            .status == 404)
        #expect(try old.post("\(base)/documents", json: #"{"kind": "other", "number": "1"}"#).status == 404)
        #expect(
            try old.send(
                "PUT", "\(base)/photo", headers: [("Content-Type", "image/jpeg"), ("If-None-Match", "*")],
                body: ImageFixtures.jpeg
            ).status == 404)
        for person in [pupil, guardian] {
            let answer = try old.post("/v1/users/\(person)/credentials", json: #"{"reason": "x"}"#)
            #expect([403, 404].contains(answer.status), "\(answer.text)")
        }
        let lesson = try #require(
            try rows(
                "SELECT l.section_id, l.id FROM lessons l JOIN group_members m ON m.school_id = l.school_id AND m.student_id = $2 JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id AND s.group_id = m.group_id WHERE l.school_id = $1 AND l.date > $3 AND l.state = 'held' LIMIT 1",
                pupil, Self.lastDay
            ).first)
        let written = try old.patch(
            "/v1/sections/\(lesson[0]!)/journal",
            json:
                #"{"marks": [{"lesson_id": "\#(lesson[1]!)", "student_id": "\#(pupil)", "value": null, "version": 0}]}"#
        )
        #expect(written.status == 404)
    }

    @Test func A3_theListOfAClassTellsWhoWasThereWhen() throws {
        let path = "/v1/classes/\(class7B)/students"
        let range = "\(path)?from=2025-09-01&to=2025-11-19"
        #expect(try walk(old, "\(path)?limit=100").allSatisfy { $0["id"]?.string != pupil })
        for client in [old, try server.client("deputy")] {
            let all = try walk(client, "\(range)&limit=7")
            let moved = all.first { $0["id"]?.string == pupil }
            #expect(moved?["from"]?.string == "2025-09-01")
            #expect(moved?["to"]?.string == Self.lastDay)
            #expect(all.count > 20)
            #expect(try client.get("\(range)&include=total&limit=1").json["total"]?.int == all.count)
            #expect(try walk(client, "\(path)?from=2025-10-13&to=2025-10-13&limit=100").count == all.count - 1)
        }
        // The present class teacher sees the student there, and nobody else of that class.
        #expect(try walk(new, "\(range)&limit=100").map { $0["id"]!.string } == [pupil])
        #expect(try old.get("\(path)?from=2025-09-01").json["errors"]?[0]?["pointer"]?.string == "/query/to")
        #expect(try old.get("\(path)?from=2024-09-01&to=2025-11-19").status == 400)
    }

    /// A class teacher who hands over a class reads its students until that day; the successor reads everything.
    @Test func A3_whoHandedTheClassOverReadsUntilThen() throws {
        let deputy = try server.client("deputy")
        let path = "/v1/classes/\(ids.otherClass)/teachers"
        let standing = try deputy.get(path).json["items"]![0]!
        let first = standing["teacher_id"]!.string!
        let second = try #require(
            try rows(
                """
                SELECT r.user_id FROM user_roles r WHERE r.school_id = $1 AND r.role = 'teacher'
                    AND NOT EXISTS (SELECT FROM class_teachers t WHERE t.school_id = $1 AND t.teacher_id = r.user_id)
                LIMIT 1
                """
            ).first?[0])
        let ended = try deputy.patch(
            "\(path)/\(standing["id"]!.string!)", json: #"{"ends_on": "2025-10-31"}"#, headers: [("If-Match", "*")])
        #expect(ended.status == 200)
        #expect(
            try deputy.post(path, json: #"{"teacher_id": "\#(second)", "starts_on": "2025-11-01"}"#).status == 201)
        let pupil = try rows(
            "SELECT student_id FROM enrollments WHERE school_id = $1 AND class_id = $2 AND ends_on IS NULL ORDER BY 1",
            ids.otherClass)[0][0]!
        let before = try server.session(of: first, roles: ["teacher"])
        let after = try server.session(of: second, roles: ["teacher", "class_teacher"])
        let diary = "/v1/students/\(pupil)/diary?from=2025-10-20&to=2025-11-09"
        #expect(try before.get(diary).json["to"]?.string == "2025-10-31")
        #expect(try after.get(diary).json["to"]?.string == "2025-11-09")
        #expect(try before.get("/v1/students/\(pupil)/diary?from=2025-11-01&to=2025-11-09").status == 404)
        let marks = try walk(before, "/v1/students/\(pupil)/marks?limit=100")
        #expect(!marks.isEmpty && marks.allSatisfy { $0["lesson"]!["date"]!.string! <= "2025-10-31" })
        #expect(try walk(after, "/v1/students/\(pupil)/marks?limit=100").count > marks.count)
        #expect(try before.get("/v1/students/\(pupil)/guardians").status == 403)
        #expect(try before.get("/v1/students/\(pupil)/documents").status == 404)
        #expect(try after.get("/v1/students/\(pupil)/guardians").status == 200)
        let list = "/v1/classes/\(ids.otherClass)/students?limit=100"
        #expect(try walk(before, "\(list)&from=2025-09-01&to=2025-10-31").count > 20)

        // The journals of the class also end on that day.
        let section = try #require(
            try rows(
                """
                SELECT s.id FROM sections s
                JOIN classes c ON c.school_id = s.school_id AND c.group_id = s.group_id AND c.id = $3
                JOIN lessons l ON l.school_id = s.school_id AND l.section_id = s.id AND l.state = 'held'
                WHERE s.school_id = $1 AND NOT lyceum.reads_section($1, $2, s.id)
                GROUP BY s.id
                HAVING min(l.date) BETWEEN '2025-09-01' AND '2025-10-25' AND max(l.date) > '2025-11-05'
                ORDER BY s.id LIMIT 1
                """, first, ids.otherClass
            ).first?[0])
        let journal = "/v1/sections/\(section)/journal"
        let page = try before.get("\(journal)?from=2025-10-01&to=2025-11-14").json
        #expect(page["to"]?.string == "2025-10-31")
        #expect(!page["lessons"]!.array.isEmpty && page["students"]!.array.count > 20)
        let whole = try after.get("\(journal)?from=2025-10-01&to=2025-11-14").json
        #expect(whole["to"]?.string == "2025-11-14")
        let until = whole["lessons"]!.array.filter { $0["date"]!.string! <= "2025-10-31" }
        #expect(page["lessons"]!.array.map { $0["id"]?.string } == until.map { $0["id"]?.string })
        #expect(whole["lessons"]!.array.count > until.count)
        let columns = page["line_items"]!.array.map { $0["lesson_id"]?.string }
        #expect(columns.allSatisfy { lesson in until.contains { $0["id"]?.string == lesson } })
        #expect(try before.get("\(journal)?from=2025-11-01&to=2025-11-14").status == 404)
        #expect(try before.get(journal).status == 200)

        // Closing the year ends the access of the former class teacher.
        let year = try rows("SELECT academic_year_id FROM classes WHERE school_id = $1 AND id = $2", ids.otherClass)[0][
            0]!
        for (state, status) in [("closed", 404), ("open", 200)] {
            let changed = try deputy.patch(
                "/v1/academic-years/\(year)", json: #"{"state": "\#(state)"}"#, headers: [("If-Match", "*")])
            #expect(changed.status == 200)
            #expect(try before.get(diary).status == status, "\(state)")
            #expect(try after.get(diary).status == 200, "\(state)")
        }
    }

    /// A student who was twice in the class: each period counts separately, and nothing in between is visible.
    @Test func A3_betweenTwoTimesInAClassNothingIsSeen() throws {
        let other = try rows("SELECT id FROM classes WHERE school_id = $1 AND name = '7А'")[0][0]!
        let pupil = try rows(
            """
            SELECT e.student_id FROM enrollments e WHERE e.school_id = $1 AND e.class_id = $2 AND e.ends_on IS NULL
                AND e.starts_on = '2025-09-01' ORDER BY 1
            """, class7B)[3][0]!
        let connection = try server.owner()
        // L5: nothing was recorded on the days between, nor in parts of the class after them.
        let between = """
            USING lessons l
            JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
            JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
            WHERE r.school_id = $1 AND r.student_id = $2 AND l.school_id = $1 AND l.date >= '2025-09-15'
                AND NOT (g.kind = 'class' AND l.date BETWEEN '2025-09-29' AND '2025-10-05')
            """
        try connection.execute("BEGIN")
        for sql in [
            "DELETE FROM marks r \(between) AND l.id = (SELECT i.lesson_id FROM line_items i WHERE i.school_id = $1 AND i.id = r.line_item_id)",
            "DELETE FROM attendance r \(between) AND l.id = r.lesson_id",
            "DELETE FROM feedback r \(between) AND l.id = r.lesson_id",
            "UPDATE enrollments SET ends_on = '2025-09-14' WHERE school_id = $1 AND student_id = $2 AND ends_on IS NULL",
            "INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on, ends_on) SELECT $1, gen_random_uuid(), $2, '\(other)', '2025-09-15', '2025-09-28'",
            "INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on, ends_on) SELECT $1, gen_random_uuid(), $2, '\(class7B)', '2025-09-29', '2025-10-05'",
            "INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on) SELECT $1, gen_random_uuid(), $2, '\(other)', '2025-10-06'",
        ] { try connection.query(sql, [String(ids.school), pupil]) }
        try connection.execute("COMMIT")
        let path = "/v1/students/\(pupil)/diary"
        func range(_ from: String, _ to: String) throws -> [String?] {
            let answer = try old.get("\(path)?from=\(from)&to=\(to)")
            return answer.status == 200 ? [answer.json["from"]?.string, answer.json["to"]?.string] : [nil]
        }
        #expect(try range("2025-09-08", "2025-09-21") == ["2025-09-08", "2025-09-14"])
        #expect(try range("2025-09-15", "2025-09-28") == [nil])
        #expect(try range("2025-09-22", "2025-10-12") == ["2025-09-29", "2025-10-05"])
        // Two periods in one range: the answer has the last one.
        #expect(try range("2025-09-08", "2025-10-12") == ["2025-09-29", "2025-10-05"])
        let days = try walk(old, "/v1/students/\(pupil)/marks?limit=100").map { $0["lesson"]!["date"]!.string! }
        #expect(days.contains { $0 >= "2025-09-29" })
        #expect(days.allSatisfy { $0 <= "2025-09-14" || ("2025-09-29"..."2025-10-05").contains($0) })
    }

    @Test func A3_anotherSchoolAndOtherTeachersSeeNothingStill() throws {
        let teacher = try rows(
            """
            SELECT r.user_id FROM user_roles r WHERE r.school_id = $1 AND r.role = 'teacher'
                AND NOT EXISTS (SELECT FROM class_teachers t WHERE t.school_id = $1 AND t.teacher_id = r.user_id)
            """)[0][0]!
        let client = try server.session(of: teacher, roles: ["teacher", "class_teacher"])
        #expect(try client.get("/v1/students/\(pupil)/diary").status == 404)
        #expect(try client.get("/v1/students/\(pupil)/marks").status == 404)
        #expect(try old.get("/v1/students/\(ids.stranger)/diary").status == 404)
        #expect(try old.get("/v1/students/\(ids.child)/diary").status == 404)
    }
}
