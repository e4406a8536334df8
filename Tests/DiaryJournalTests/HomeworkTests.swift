import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Homework over the API: written in the journal (H1), read and marked as done by families (H2).
@Suite(.serialized) struct HomeworkTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let teacher: TestClient
    let parent: TestClient
    let student: TestClient

    init() async throws {
        server = try await TestServer()
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
        parent = try server.client("parent")
        student = try server.client("student")
    }

    /// A connection as the owner, with the tests' day as today.
    private func ownerToday() throws -> BlockingConnection {
        let owner = try server.owner()
        try owner.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
        return owner
    }

    private var journal: String { "/v1/sections/\(ids.section)/journal" }
    private var of: String { "/v1/students/\(ids.child)/homework" }

    private func rows(_ sql: String, _ rest: String...) throws -> [[String?]] {
        try ownerToday().query(sql, [String(ids.school)] + rest).rows
    }

    /// A lesson of the section without homework for all.
    private func lesson() throws -> (id: String, date: String) {
        let lesson = try #require(
            try rows(
                "SELECT id, date FROM lessons WHERE school_id = $1 AND id = $2", ids.lesson
            ).first)
        try ownerToday().query(
            "UPDATE homework SET deleted_at = now() WHERE lesson_id = $1 AND deleted_at IS NULL", [ids.lesson])
        return (lesson[0]!, lesson[1]!)
    }

    private func id(_ number: Int) -> String { "0198d491-d81a-7b5f-8a0b-eaf415bb6d\(number)" }

    private func item(_ number: Int, _ text: String?, version: Int, _ more: String = "") -> String {
        """
        {"id": "\(id(number))", "lesson_id": "\(ids.lesson)", "version": \(version),
            "text": \(text.map { "\"\($0)\"" } ?? "null")\(more)}
        """
    }
    private func write(_ items: String...) throws -> TestClient.Answer {
        try teacher.patch(journal, json: #"{"homework": [\#(items.joined(separator: ","))]}"#)
    }

    private func inJournal(_ client: TestClient) throws -> [JSONValue] {
        let page = try client.get(journal).json
        return try #require(page["lessons"]?.array.first { $0["id"]?.string == ids.lesson })["homework"]?.array ?? []
    }
    /// The texts of the lesson's homework in a diary.
    private func inDiary(_ client: TestClient, of student: String, _ date: String) throws -> [String] {
        let diary = try client.get("/v1/students/\(student)/diary?from=\(date)&to=\(date)").json
        let lesson = try #require(diary["lessons"]?.array.first { $0["id"]?.string == ids.lesson })
        return lesson["homework"]?.array.compactMap { $0["text"]?.string } ?? []
    }

    @Test func h1HomeworkForAllAndForSomeIsWrittenChangedAndDeleted() throws {
        let lesson = try lesson()
        let own = try #require(
            try rows("SELECT id FROM users WHERE school_id = $1 AND login = 'student'").first?[0])
        let version = try #require(
            try teacher.get(journal).json["lessons"]?.array.first { $0["id"]?.string == ids.lesson })["version"]?.int
        let made = try write(
            item(10, "§ 7", version: 0),
            item(11, "Карточка 1", version: 0, #", "student_ids": ["\#(ids.child)"], "asks_submission": true"#),
            item(12, "Карточка 2", version: 0, #", "student_ids": ["\#(own)", "\#(ids.others[0])"]"#))
        try #require(made.status == 200, "\(made.text)")
        #expect(made.json["homework"]?.array.map { $0["status"]?.string } == ["applied", "applied", "applied"])
        // M5: homework for all changes the lesson.
        #expect(made.json["homework"]?[0]?["lesson_version"]?.int == version.map { $0 + 1 })
        #expect(made.json["homework"]?[1]?["lesson_version"]?.isNull == true)

        let page = try inJournal(teacher)
        #expect(page.map { $0["text"]?.string } == ["§ 7", "Карточка 1", "Карточка 2"])
        #expect(page[0]["student_ids"]?.isNull == true)
        #expect(page[1]["student_ids"]?.array.map { $0.string } == [ids.child])
        #expect(page[1]["asks_submission"]?.bool == true)
        // H1: due at the next lesson.
        let next = try #require(
            try rows(
                "SELECT min(date) FROM lessons WHERE school_id = $1 AND section_id = $2 AND date > $3 AND state <> 'cancelled'",
                ids.section, lesson.date
            ).first?[0])
        #expect(page.allSatisfy { $0["due_on"]?.string == next })

        // A1: each family sees its own.
        #expect(try Set(inDiary(parent, of: ids.child, lesson.date)) == ["§ 7", "Карточка 1"])
        #expect(try Set(inDiary(student, of: own, lesson.date)) == ["§ 7", "Карточка 2"])
        #expect(try parent.get("/v1/homework/\(id(11))").status == 200)
        #expect(try parent.get("/v1/homework/\(id(12))").status == 404)

        // Other students; what the item leaves out stays.
        let changed = try write(item(11, "Карточка 1", version: 1, #", "student_ids": ["\#(own)"]"#))
        #expect(changed.json["homework"]?[0]?["version"]?.int == 2, "\(changed.text)")
        #expect(try inDiary(parent, of: ids.child, lesson.date) == ["§ 7"])
        #expect(try Set(inDiary(student, of: own, lesson.date)) == ["§ 7", "Карточка 1", "Карточка 2"])
        #expect(try parent.get("/v1/homework/\(id(11))").status == 404)
        #expect(try inJournal(teacher)[1]["asks_submission"]?.bool == true)
        #expect(try write(item(11, "Карточка 1", version: 2)).json["homework"]?[0]?["status"]?.string == "unchanged")

        // M5
        let stale = try write(item(11, "Иначе", version: 1))
        #expect(stale.status == 409 && stale.code == "stale_version", "\(stale.text)")
        #expect(stale.json["errors"]?[0]?["pointer"]?.string == "/homework/0")
        #expect(stale.json["errors"]?[0]?["current"]?["student_ids"]?[0]?.string == own)

        let deleted = try write(item(11, nil, version: 2), item(10, nil, version: 1))
        #expect(deleted.status == 200, "\(deleted.text)")
        #expect(try inJournal(teacher).map { $0["text"]?.string } == ["Карточка 2"])
        #expect(try write(item(11, nil, version: 3)).json["homework"]?[0]?["status"]?.string == "unchanged")
    }

    @Test func h1OnlyOneForAllAndOnlyForMembers() throws {
        _ = try lesson()
        #expect(try write(item(20, "§ 7", version: 0)).status == 200)
        #expect(try write(item(21, "§ 8", version: 0)).code == "stale_version")
        let twice = try write(item(22, "§ 8", version: 0), item(23, "§ 9", version: 0))
        #expect(twice.status == 422, "\(twice.text)")
        #expect(twice.json["errors"]?[0]?["code"]?.string == "duplicate_item")
        let member = try write(item(24, "§ 8", version: 0, #", "student_ids": ["\#(ids.firstGrader)"]"#))
        #expect(member.code == "not_a_member", "\(member.text)")
        let blank = try write(item(24, " ", version: 0))
        #expect(blank.json["errors"]?[0]?["code"]?.string == "blank", "\(blank.text)")
        let nobody = try write(item(24, "§ 8", version: 0, #", "student_ids": []"#))
        #expect(nobody.json["errors"]?[0]?["pointer"]?.string == "/homework/0/student_ids", "\(nobody.text)")
    }

    /// The day after the last lesson that exists is a Saturday; the demo school is in session until May.
    @Test func h1DueOnASundayOrHolidayIsRefused() throws {
        let lesson = try lesson()
        let sunday = "2025-11-23"
        for (due, code) in [
            (sunday, "due_without_lesson"), ("2026-01-02", "due_without_lesson"), ("2025-11-01", "due_before_lesson"),
        ] {
            let answer = try write(item(30, "§ 7", version: 0, #", "due_on": "\#(due)""#))
            #expect(answer.status == 409 && answer.code == code, "\(due): \(answer.text)")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/homework/0")
            let lessons = try teacher.get(journal).json["lessons"]!.array
            let version = try #require(lessons.first { $0["id"]?.string == lesson.id })["version"]!.int!
            let homework = #"{"text": "§ 7", "due_on": "\#(due)"}"#
            let short = try teacher.patch(
                journal,
                json: #"{"lessons": [{"id": "\#(lesson.id)", "version": \#(version), "homework": \#(homework)}]}"#)
            #expect(short.status == 409 && short.code == code, "\(due): \(short.text)")
        }
        // Beyond the generated lessons the timetable decides.
        let weekday = try #require(
            try rows(
                """
                SELECT d.day::date FROM generate_series('2026-02-02'::date, '2026-02-06', '1 day') d (day)
                WHERE EXISTS (
                    SELECT FROM timetable_entries e WHERE e.school_id = $1 AND e.section_id = $2 AND e.week = 'every'
                        AND e.weekday = extract(isodow FROM d.day)
                )
                ORDER BY 1 LIMIT 1
                """, ids.section
            ).first?[0])
        let far = try write(item(30, "Проект", version: 0, #", "due_on": "\#(weekday)""#))
        #expect(far.status == 200, "\(far.text)")
    }

    @Test func h2TheFamilyMarksItDoneAndTheTeacherSees() throws {
        _ = try lesson()
        #expect(try write(item(40, "§ 7", version: 0)).status == 200)
        let (homework, child) = ("/v1/homework/\(id(40))", "?student_id=\(ids.child)")
        func listed() throws -> JSONValue? {
            try parent.get("\(of)?from=2025-11-17&to=2025-12-07").json["days"]?.array
                .flatMap { $0["homework"]!.array }.first { $0["id"]?.string == id(40) }
        }
        #expect(try listed()?["done"]?.bool == false)
        let done = try parent.send("PUT", "\(homework)/completion\(child)")
        #expect(done.status == 200 && done.json["done"]?.bool == true, "\(done.text)")
        // Again, also by the child: the first moment stays.
        let again = try parent.send("PUT", "\(homework)/completion\(child)")
        #expect(again.json["done_at"]?.string == done.json["done_at"]?.string)
        #expect(try listed()?["done"]?.bool == true)
        #expect(try parent.get(homework).json["children"]?[0]?["done"]?.bool == true)
        let list = try teacher.get("\(homework)/completions?limit=200&include=total").json
        let row = list["items"]?.array.first { $0["student"]?["id"]?.string == ids.child }
        #expect(row?["done"]?.bool == true && row?["done_by"]?.string == "guardian")
        #expect(list["total"]?.int == list["items"]?.array.count)
        #expect(list["items"]?.array.filter { $0["done"]?.bool == true }.count == 1)

        // A1: for another child, and for a child without this homework.
        #expect(try parent.send("PUT", "\(homework)/completion?student_id=\(ids.others[0])").status == 404)
        #expect(try parent.send("PUT", "\(homework)/completion?student_id=\(ids.firstGrader)").status == 404)
        #expect(try parent.send("PUT", "\(homework)/completion").status == 400)
        #expect(try student.send("PUT", "\(homework)/completion").status == 200)
        #expect(try student.get(homework).json["children"]?.array.count == 1)

        #expect(try parent.delete("\(homework)/completion\(child)").status == 204)
        #expect(try parent.delete("\(homework)/completion\(child)").status == 204)
        #expect(try listed()?["done"]?.bool == false)
    }

    @Test func h2WhatWasDueAndIsNotDoneIsOverdue() throws {
        let page = try parent.get(of).json
        #expect(page["today"]?.string == TestServer.today)
        #expect(page["from"]?.string == TestServer.today)
        let expected = try rows(
            """
            SELECT h.id FROM homework h
            JOIN sections s ON s.school_id = h.school_id AND s.id = h.section_id
            JOIN lessons l ON l.school_id = h.school_id AND l.id = h.lesson_id
            WHERE h.school_id = $1 AND h.deleted_at IS NULL AND h.due_on BETWEEN $3::date - 14 AND $3::date - 1
                AND EXISTS (
                    SELECT FROM group_members m WHERE m.school_id = h.school_id AND m.group_id = s.group_id
                        AND m.student_id = $2 AND l.date >= m.starts_on AND l.date <= coalesce(m.ends_on, 'infinity')
                )
                AND (h.for_all OR EXISTS (SELECT FROM homework_students o WHERE o.homework_id = h.id AND o.student_id = $2))
                AND NOT EXISTS (SELECT FROM homework_completions d WHERE d.homework_id = h.id AND d.student_id = $2)
            """, ids.child, TestServer.today
        ).map { $0[0] }
        #expect(!expected.isEmpty)
        #expect(Set(page["overdue"]!.array.map { $0["id"]?.string }) == Set(expected))
        #expect(page["overdue"]!.array.allSatisfy { $0["overdue"]?.bool == true })
        let days = page["days"]!.array
        #expect(days.map { $0["date"]!.string! } == days.map { $0["date"]!.string! }.sorted())
        for day in days {
            #expect(day["homework"]!.array.allSatisfy { $0["due_on"]?.string == day["date"]?.string })
        }
        #expect(try parent.get("\(of)?from=2025-11-17&to=2025-12-30").status == 400)
    }
}
