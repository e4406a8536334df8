import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `GET /v1/marks/{id}/history`: every version of a mark (A5).
@Suite(.serialized) struct MarkHistoryTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let teacher: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
    }

    /// Writes the child's mark at the lesson, over the given version.
    private func write(_ value: String, version: Int, request: String) throws -> JSONValue {
        let answer = try teacher.patch(
            "/v1/sections/\(ids.section)/journal",
            json: """
                {"marks": [{"lesson_id": "\(ids.lesson)", "student_id": "\(ids.child)", "value": \(value),
                  "comment": \(value == "null" ? "null" : "\"\(request)\""), "version": \(version)}]}
                """, headers: [("X-Request-Id", request)])
        try #require(answer.status == 200, "\(answer.text)")
        return try #require(answer.json["marks"]?[0])
    }

    private func version() throws -> Int {
        try server.owner().query(
            """
            SELECT coalesce(max(k.version), 0) FROM marks k
            JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id AND i.is_default
            WHERE k.school_id = $1 AND i.lesson_id = $2 AND k.student_id = $3
            """, [String(ids.school), ids.lesson, ids.child]
        ).first.flatMap { Int($0) }!
    }

    @Test func A5_versionsAscendAndConnect() throws {
        var old = try version()
        // Whatever the first value was, these are three changes.
        for (number, request) in [(2, "history-1"), (4, "history-2"), (5, "history-3")] {
            old = try write("{\"kind\": \"number\", \"number\": \(number)}", version: old, request: request)["version"]!
                .int!
        }
        let mark = try write("{\"kind\": \"number\", \"number\": 3}", version: old, request: "history-4")
        let id = mark["id"]!.string!
        let answer = try teacher.get("/v1/marks/\(id)/history")
        let history = answer.json
        #expect(history["mark"]?["id"]?.string == id)
        #expect(history["mark"]?["student_id"]?.string == ids.child)
        #expect(history["mark"]?["lesson"]?["id"]?.string == ids.lesson)
        #expect(history["mark"]?["value"]?["number"]?.int == 3)
        #expect(history["mark"]?["version"]?.int == mark["version"]?.int)
        let items = try #require(history["items"]?.array)
        let versions = items.compactMap { $0["version"]?.int }
        #expect(versions == Array(1...mark["version"]!.int!))
        #expect(items.first?["from"]?.isNull == true)
        for (earlier, later) in zip(items, items.dropFirst()) {
            #expect(later["from"]?["number"]?.int == earlier["to"]?["number"]?.int)
            #expect(later["changed_at"]!.string! >= earlier["changed_at"]!.string!)
        }
        #expect(items.suffix(3).map { $0["to"]?["number"]?.int } == [4, 5, 3])
        #expect(items.suffix(3).map { $0["request_id"]?.string } == ["history-2", "history-3", "history-4"])
        #expect(items.suffix(3).map { $0["comment"]?.string } == ["history-2", "history-3", "history-4"])
        #expect(items.suffix(3).allSatisfy { $0["changed_by"]?["last_name"]?.string == "Соколова" })

        let again = try teacher.get(
            "/v1/marks/\(id)/history", headers: [("If-None-Match", try #require(answer["ETag"]))])
        #expect(again.status == 304)
        #expect(again.body.isEmpty)

        // The family reads the same, without the reason and the request.
        let family = try server.client("parent").get("/v1/marks/\(id)/history").json
        let read = try #require(family["items"]?.array)
        #expect(read.map { $0["version"]?.int } == items.map { $0["version"]?.int })
        #expect(read.map { $0["to"]?["number"]?.int } == items.map { $0["to"]?["number"]?.int })
        #expect(read.allSatisfy { $0["request_id"]?.isNull == true && $0["reason"]?.isNull == true })
        #expect(!read.isEmpty)

        // A deletion is a version too: the last one.
        let deleted = try write("null", version: mark["version"]!.int!, request: "history-5")
        #expect(deleted["version"]!.int! == mark["version"]!.int! + 1)
        let last = try #require(try teacher.get("/v1/marks/\(id)/history").json["items"]?.array.last)
        #expect(last["from"]?["number"]?.int == 3)
        #expect(last["to"]?.isNull == true)
        let after = try server.client("parent").get("/v1/marks/\(id)/history")
        #expect(after.json["mark"]?["value"]?.isNull == true)
    }

    @Test(arguments: ["deputy", "head", "teacher"])
    func staffReadMarksOfTheirStudents(_ login: String) throws {
        let answer = try server.client(login).get("/v1/marks/\(ids.otherMark)/history")
        #expect(answer.status == 200)
        #expect(answer.json["mark"]?["student_id"]?.string == ids.others[0])
        #expect(answer.json["items"]?.array.isEmpty == false)
    }

    @Test func A1_foreignMarkLooksLikeAMissingOne() throws {
        let strange = try #require(
            try server.owner().query(
                "SELECT id FROM marks WHERE school_id = $1 ORDER BY id LIMIT 1", [String(ids.otherSchool)]
            ).first)
        for login in ["parent", "student"] {
            let client = try server.client(login)
            let missing = try client.get("/v1/marks/0198c5b4-55df-7528-980a-0eb04a0962ff/history")
            #expect(missing.status == 404)
            for id in [ids.otherMark, strange, "mark"] {
                let foreign = try client.get("/v1/marks/\(id)/history")
                #expect(foreign.status == 404, "\(login): \(foreign.text)")
                #expect(foreign.json.keys == missing.json.keys)
                #expect(foreign.json["detail"]?.string == missing.json["detail"]?.string)
            }
        }
        #expect(try server.client("parent").get("/v1/marks/\(ids.mark)/history").status == 200)
        #expect(try server.client("student").get("/v1/marks/\(ids.mark)/history").status == 404)
        #expect(try teacher.get("/v1/marks/\(strange)/history").status == 404)
        #expect(try server.client("admin").get("/v1/marks/\(ids.mark)/history").status == 403)
    }
}
