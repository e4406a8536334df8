import DiaryExchange
import DiarySchool
import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// A small school for one lived quarter: 7А with five students, 7Б, algebra in both on Monday, Wednesday and Friday.
/// Everything but the first import of staff goes through the API. The test moves the school's day.
final class QuarterSchool {
    let server: TestServer
    let owner: BlockingConnection
    let id: Int
    private(set) var today = ""

    let admin: TestClient
    let deputy: TestClient
    /// Teaches algebra in 7А and leads it.
    let sokolova: TestClient
    /// Teaches algebra in 7Б.
    let petrov: TestClient

    init() async throws {
        let database = try TestDatabase(.migrated)
        owner = try BlockingConnection(url: database.ownerURL)
        try Self.set(day: "2025-08-28", owner)
        id = try NewSchool(
            code: "quarter", name: "Лицей", timeZone: "Asia/Yekaterinburg", template: .russian, year: 2025
        ).open(owner).id
        let staff = """
            Код;Фамилия;Имя;Роли
            А;Админова;Ада;Администратор
            З;Завучева;Зоя;Завуч
            С;Соколова;Ирина;Учитель
            П;Петров;Пётр;Учитель

            """
        _ = try OwnerImport(owner, school: "quarter", .staff, Array(staff.utf8))
            .run(ImportOptions(isForced: true)) { _, _ in }
        server = try await TestServer(over: database)
        let people = try owner.query("SELECT external_id, id FROM users WHERE school_id = $1", [String(id)]).rows
        let ids = Dictionary(uniqueKeysWithValues: people.map { ($0[0]!, $0[1]!) })
        admin = try server.session(of: ids["А"]!, school: id, roles: ["administrator"])
        deputy = try server.session(of: ids["З"]!, school: id, roles: ["deputy_head"])
        sokolova = try server.session(of: ids["С"]!, school: id, roles: ["teacher", "class_teacher"])
        petrov = try server.session(of: ids["П"]!, school: id, roles: ["teacher"])
        today = "2025-08-28"
    }

    // MARK: The day

    func day(_ day: String) throws {
        try Self.set(day: day, owner)
        today = day
    }

    private static func set(day: String, _ owner: BlockingConnection) throws {
        try owner.execute(
            """
            CREATE OR REPLACE FUNCTION lyceum.today() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE RETURN '\(day)'::date;
            CREATE OR REPLACE FUNCTION lyceum.time_now() RETURNS time LANGUAGE sql STABLE PARALLEL SAFE RETURN '20:00'::time
            """)
    }

    /// The dates of Mondays, Wednesdays and Fridays in the first quarter: 24.
    static let dates = [
        "2025-09-01", "2025-09-03", "2025-09-05", "2025-09-08", "2025-09-10", "2025-09-12", "2025-09-15", "2025-09-17",
        "2025-09-19", "2025-09-22", "2025-09-24", "2025-09-26", "2025-09-29", "2025-10-01", "2025-10-03", "2025-10-06",
        "2025-10-08", "2025-10-10", "2025-10-13", "2025-10-15", "2025-10-17", "2025-10-20", "2025-10-22", "2025-10-24",
    ]

    // MARK: Requests

    func load(_ kind: String, _ rows: String) throws {
        let answer = try admin.send(
            "POST", "/v1/imports/\(kind)", headers: [("Content-Type", "text/csv")], body: Array((rows + "\n").utf8))
        try #require(answer.status == 200, "\(kind): \(answer.text)")
    }

    func get(_ client: TestClient, _ path: String) throws -> JSONValue {
        let answer = try client.get(path)
        try #require(answer.status == 200, "\(path): \(answer.text)")
        return answer.json
    }

    /// The id of the item of a list whose member has this value.
    func find(_ path: String, _ member: String, _ value: String) throws -> String {
        let items = try get(deputy, path)["items"]?.array ?? []
        let item = try #require(items.first { $0[member]?.string == value }, "\(path) has no \(value)")
        return item["id"]!.string!
    }

    /// Lessons of a section on all dates, by their dates.
    func lessons(_ section: String) throws -> [String: String] {
        let items = try get(deputy, "/v1/lessons?section_id=\(section)&limit=200")["items"]?.array ?? []
        return Dictionary(uniqueKeysWithValues: items.map { ($0["date"]!.string!, $0["id"]!.string!) })
    }

    /// Writes in the journal; refused writes fail the test.
    @discardableResult
    func write(_ client: TestClient, _ section: String, _ json: String) throws -> JSONValue {
        let answer = try client.patch("/v1/sections/\(section)/journal", json: json)
        try #require(answer.status == 200, "\(today): \(answer.text)")
        return answer.json
    }
}
