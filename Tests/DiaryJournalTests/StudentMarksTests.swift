import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `GET /v1/students/{id}/marks`: a student's marks, newest lesson first.
@Suite(.serialized) struct StudentMarksTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let parent: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        parent = try server.client("parent")
    }

    private var path: String { "/v1/students/\(ids.child)/marks" }

    /// The child's published marks in the tables, newest first.
    private func expected(_ condition: String = "true", _ parameters: [String] = []) throws -> [String] {
        try server.owner().query(
            """
            SELECT k.id FROM marks k
            JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id
            JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
            JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
            WHERE k.school_id = $1 AND k.student_id = $2 AND k.kind IS NOT NULL AND k.published_at <= now()
                AND i.deleted_at IS NULL AND \(condition)
            ORDER BY l.date DESC, k.id DESC
            """, [String(ids.school), ids.child] + parameters
        ).rows.compactMap { $0[0] }
    }

    /// Follows `Link` to the last page.
    private func walk(_ first: String) throws -> [[JSONValue]] {
        var pages: [[JSONValue]] = []
        var next: String? = first
        while let path = next {
            let answer = try parent.get(path)
            try #require(answer.status == 200, "\(path): \(answer.text)")
            pages.append(answer.json["items"]!.array)
            try #require(pages.count < 100, "the walk does not end")
            guard let link = answer["Link"] else {
                #expect(answer.json["next_cursor"]?.isNull == true)
                break
            }
            #expect(link.hasPrefix("<http://127.0.0.1:\(server.port)/v1/students/"))
            #expect(link.hasSuffix(">; rel=\"next\""))
            #expect(link.contains("cursor=\(try #require(answer.json["next_cursor"]?.string))>"))
            next = link.firstRange(of: "/v1/").map { String(link[$0.lowerBound...].prefix { $0 != ">" }) }
        }
        return pages
    }

    /// M12: a teacher holds a mark back, and publishes it.
    @Test(arguments: ["", "?partial=true"]) func m12TeacherHoldsAMarkBack(_ query: String) throws {
        let teacher = try server.client("teacher")
        let owner = try server.owner()
        try owner.query("SELECT set_config('lyceum.today', $1, false)", [TestServer.today])
        let column = try owner.query(
            """
            INSERT INTO line_items (school_id, id, lesson_id, section_id, title)
            SELECT school_id, gen_random_uuid(), id, section_id, 'Тест' FROM lessons WHERE school_id = $1 AND id = $2
            RETURNING id
            """, [String(ids.school), ids.lesson]
        ).first!
        func write(_ value: Int, _ published: String, _ version: Int) throws -> JSONValue? {
            let answer = try teacher.patch(
                "/v1/sections/\(ids.section)/journal\(query)",
                json: """
                    {"marks": [{"line_item_id": "\(column)", "student_id": "\(ids.child)", "version": \(version),
                        "value": {"kind": "number", "number": \(value)}\(published)}]}
                    """)
            try #require(answer.status == 200, "\(answer.text)")
            return answer.json["marks"]?[0]
        }
        func isSeen() throws -> Bool {
            let items = try parent.get("\(path)?limit=200").json["items"]?.array ?? []
            return items.contains { $0["line_item_id"]?.string == column }
        }
        let held = try write(3, #", "published": false"#, 0)
        #expect(held?["status"]?.string == "applied" && held?["published_at"]?.isNull == true)
        #expect(try !isSeen())
        // A correction without a word about it stays held back; repeating it changes nothing.
        #expect(try write(4, "", 1)?["published_at"]?.isNull == true)
        #expect(try write(4, #", "published": false"#, 2)?["status"]?.string == "unchanged")
        #expect(try !isSeen())
        let published = try write(4, #", "published": true"#, 2)
        #expect(published?["status"]?.string == "applied" && published?["published_at"]?.string != nil)
        #expect(try isSeen())
        // What the family has seen may be held back again.
        #expect(try write(4, #", "published": false"#, 3)?["published_at"]?.isNull == true)
        #expect(try !isSeen())
    }

    @Test func pagesOfTenHaveEachMarkOnce() throws {
        let expected = try expected()
        #expect(expected.count > 50)
        let pages = try walk("\(path)?limit=10")
        #expect(pages.dropLast().allSatisfy { $0.count == 10 })
        let marks = pages.flatMap { $0 }
        #expect(marks.compactMap { $0["id"]?.string } == expected)
        let dates = marks.compactMap { $0["lesson"]?["date"]?.string }
        #expect(dates.count == expected.count)
        #expect(dates == dates.sorted(by: >))
        let total = try parent.get("\(path)?limit=1&include=total").json
        #expect(total["total"]?.int == expected.count)
        #expect(total["items"]?.array.count == 1)
        #expect(try parent.get("\(path)?limit=1").json["total"] == nil)
    }

    @Test func changesBetweenPagesNeitherRepeatNorHideMarks() throws {
        let expected = try expected()
        let first = try parent.get("\(path)?limit=10").json
        let cursor = try #require(first["next_cursor"]?.string)
        // The last mark of the first page is unpublished: the second page still begins at the same place.
        let owner = try server.owner()
        try owner.query("SELECT set_config('lyceum.today', $1, false)", [TestServer.today])
        let hold = "UPDATE marks SET published_at = now() + $3::interval WHERE school_id = $1 AND id = $2"
        defer { _ = try? owner.query(hold, [String(ids.school), expected[9], "-1 minute"]) }
        try owner.query(hold, [String(ids.school), expected[9], "1 day"])
        let second = try parent.get("\(path)?limit=10&cursor=\(cursor)").json
        #expect(second["items"]?.array.compactMap { $0["id"]?.string } == Array(expected[10..<20]))
    }

    @Test func filtersBySubjectAndDates() throws {
        let subject = try #require(
            try server.owner().query(
                "SELECT subject_id FROM sections WHERE school_id = $1 AND id = $2", [String(ids.school), ids.section]
            ).first)
        let ofSubject = try expected("s.subject_id = $3::uuid", [subject])
        #expect(!ofSubject.isEmpty)
        let marks = try walk("\(path)?subject_id=\(subject)&limit=5").flatMap { $0 }
        #expect(marks.compactMap { $0["id"]?.string } == ofSubject)
        #expect(marks.allSatisfy { $0["subject"]?["id"]?.string == subject })

        let ofDates = try expected("l.date BETWEEN '2025-10-06' AND '2025-10-12'")
        let answer = try parent.get("\(path)?from=2025-10-06&to=2025-10-12&limit=200&include=total").json
        #expect(!ofDates.isEmpty)
        #expect(answer["items"]?.array.compactMap { $0["id"]?.string } == ofDates)
        #expect(answer["total"]?.int == ofDates.count)

        for (query, condition) in [
            ("from=2025-11-10", "l.date >= '2025-11-10'"), ("to=2025-09-20", "l.date <= '2025-09-20'"),
        ] {
            let ids = try parent.get("\(path)?\(query)&limit=200").json["items"]!.array.compactMap { $0["id"]?.string }
            #expect(try ids == expected(condition), "\(query)")
            #expect(!ids.isEmpty)
        }
        #expect(try parent.get("\(path)?subject_id=\(ids.child)&include=total").json["total"]?.int == 0)
    }

    @Test func cursorOfAnotherListIsRefused() throws {
        let teacher = try server.client("teacher")
        let cursor = try #require(try teacher.get("/v1/classes?limit=1").json["next_cursor"]?.string)
        let answer = try teacher.get("\(path)?cursor=\(cursor)")
        #expect(answer.status == 400)
        #expect(answer.json["errors"]?[0]?["code"]?.string == "invalid_cursor")
    }

    @Test(arguments: [
        ("cursor=zz", "/query/cursor"), ("cursor=abc", "/query/cursor"), ("cursor=00", "/query/cursor"),
        ("cursor=3230", "/query/cursor"), ("cursor=", "/query/cursor"),
        // Two parts, but not a date and an id.
        ("cursor=611f62", "/query/cursor"),
        ("limit=0", "/query/limit"), ("limit=201", "/query/limit"), ("limit=ten", "/query/limit"),
        ("include=all", "/query/include"), ("subject_id=algebra", "/query/subject_id"),
        ("from=2025-13-01", "/query/from"), ("to=tomorrow", "/query/to"), ("page=2", "/query/page"),
    ])
    func badParametersAreRefusedWithAPointer(_ query: String, _ pointer: String) throws {
        let answer = try parent.get("\(path)?\(query)")
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.json["errors"]?.array.map { $0["pointer"]?.string } == [pointer])
    }
}
