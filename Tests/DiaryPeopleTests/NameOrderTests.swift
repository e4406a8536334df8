import DiaryTestSupport
import JSON
import Postgres
import Testing

/// People are listed by name as Russian readers expect, page by page, and the lists walk an index.
@Suite(.serialized) struct NameOrderTests {
    let server: TestServer
    let ids: DemoSchoolIDs

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
    }

    private static let surnames = [
        "Аввакумов-Тест", "Едемский-Тест", "Елкин-Тест", "Ёлкин-Тест", "Елкина-Тест", "Ёлкина-Тест", "Ельцов-Тест",
        "Ёрохин-Тест", "Еськов-Тест", "Жалнин-Тест", "Яхнин-Тест", "Ященко-Тест",
    ]

    /// "Тест"
    private static let tail = "%D0%A2%D0%B5%D1%81%D1%82"

    private func made(_ kind: String) throws -> TestClient {
        let deputy = try server.client("deputy")
        let there = try deputy.get("/v1/\(kind)?q=\(Self.tail)&limit=1").json["items"]?.array
        guard there?.isEmpty == true else { return deputy }
        for name in Self.surnames.shuffled() {
            let answer = try deputy.post("/v1/\(kind)", json: #"{"last_name": "\#(name)", "first_name": "Имя"}"#)
            try #require(answer.status == 201, "\(answer.text)")
        }
        return deputy
    }

    /// One name to a page: the order is that of the sort, and of the comparison with the cursor.
    @Test(arguments: ["students", "guardians"]) func pagesFollowTheAlphabet(_ kind: String) throws {
        let deputy = try made(kind)
        var names: [String?] = []
        var cursor: String?
        repeat {
            let page = try deputy.get("/v1/\(kind)?q=\(Self.tail)&limit=1" + (cursor.map { "&cursor=\($0)" } ?? ""))
            try #require(page.status == 200, "\(page.text)")
            names += page.json["items"]!.array.map { $0["last_name"]?.string }
            cursor = page.json["next_cursor"]?.string
        } while cursor != nil && names.count <= Self.surnames.count
        #expect(names == Self.surnames)
    }

    /// Under row-level security too: the comparison of texts is leakproof, whatever the collation.
    @Test func listsWalkTheIndex() throws {
        let connection = try server.connection()
        try connection.execute("SET lyceum.school_id = '\(ids.school)'")
        let plan = try connection.query(
            """
            EXPLAIN (COSTS OFF) SELECT u.id FROM users u
            WHERE u.school_id = \(ids.school) AND (u.last_name, u.first_name, u.id) > ('Ёлкин', 'Анна', '\(ids.child)'::uuid)
            ORDER BY u.last_name, u.first_name, u.id LIMIT 20
            """
        ).rows.map { $0[0] ?? "" }.joined(separator: "\n")
        #expect(plan.contains("using users_by_name"), "\(plan)")
        #expect(plan.contains("Index Cond: ((school_id = \(ids.school)) AND (ROW("), "\(plan)")
        #expect(!plan.contains("Sort"), "\(plan)")
    }

    @Test func classListIsInTheSameOrder() throws {
        let owner = try server.owner()
        let deputy = try server.client("deputy")
        let students = Array(ids.others.prefix(6))
        let renamed = ["Яшин", "Ёжиков", "Ежов", "Ежиков", "Ёлкин", "Абрамов"]
        for (id, name) in zip(students, renamed) {
            try owner.query("UPDATE users SET last_name = $2 WHERE id = $1", [id, name])
        }
        let names = try deputy.get("/v1/classes/\(ids.class7A)/students?limit=100").json["items"]!.array.filter {
            students.contains($0["id"]!.string!)
        }.map { $0["last_name"]?.string }
        #expect(names == ["Абрамов", "Ежиков", "Ёжиков", "Ежов", "Ёлкин", "Яшин"])
        let journal = try deputy.get("/v1/sections/\(ids.section)/journal").json["students"]?.array.filter {
            students.contains($0["id"]?.string ?? "")
        }.map { $0["last_name"]?.string }
        #expect(journal == names)
    }
}
