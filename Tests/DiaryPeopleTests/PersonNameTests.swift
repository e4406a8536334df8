import Diary
import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Blanks around and inside the names of people come from forms and spreadsheets; nobody means them.
@Suite(.serialized) struct PersonNameTests {
    let server: TestServer

    init() async throws { server = try await TestServer.of(Self.self) }

    @Test(arguments: [
        (" Орлова ", "Орлова"), ("Орлова\u{A0}", "Орлова"), ("фон  дер\u{A0} Пален", "фон дер Пален"),
        ("Мамин-Сибиряк", "Мамин-Сибиряк"), ("\u{2007}\u{202F}Ли\u{3000}", "Ли"),
    ])
    func namesAreTidied(_ sent: String, _ stored: String) throws {
        for (login, kind) in [("deputy", "students"), ("deputy", "guardians"), ("admin", "staff")] {
            let client = try server.client(login)
            let body = #"{"last_name": "\#(sent)", "first_name": "\#(sent)", "middle_name": "\#(sent)"}"#
            let made = try client.post("/v1/\(kind)", json: body)
            try #require(made.status == 201, "\(made.text)")
            for name in ["last_name", "first_name", "middle_name"] {
                #expect(made.json[name]?.string == stored, "\(kind) \(name)")
            }
            let id = try #require(made.json["id"]?.string)
            // The same name again changes nothing.
            let again = try client.patch("/v1/\(kind)/\(id)", json: body, headers: [("If-Match", "*")])
            #expect(again.json["version"] == made.json["version"], "\(kind)")
        }
    }

    /// The limit is that of the name as it is stored.
    @Test func aNameIsCountedWithoutSuperfluousBlanks() throws {
        let client = try server.client("deputy")
        func make(_ name: String) throws -> TestClient.Answer {
            try client.post("/v1/students", json: #"{"last_name": "\#(name)", "first_name": "Анна"}"#)
        }
        let longest = String(repeating: "а", count: 49) + "   " + String(repeating: "б", count: 50)
        let made = try make("  \(longest)  ")
        try #require(made.status == 201, "\(made.text)")
        #expect(made.json["last_name"]?.string?.count == 100)
        let refused = try make(longest + "в")
        #expect(refused.status == 422)
        #expect(refused.json["errors"]?[0]?["code"]?.string == "too_long")
        #expect(refused.json["errors"]?[0]?["pointer"]?.string == "/last_name")
    }

    @Test func onlyBlanksAreNoName() throws {
        let answer = try server.client("deputy").post(
            "/v1/students", json: "{\"last_name\": \"\u{A0} \", \"first_name\": \"Анна\"}")
        #expect(answer.status == 422)
        #expect(answer.json["errors"]?.array[0]["code"]?.string == "blank")
    }

    /// Other texts are stored as sent.
    @Test func addressesStayAsTheyAre() throws {
        let made = try server.client("deputy").post(
            "/v1/guardians", json: #"{"last_name": "А", "first_name": "Б", "address": " ул.  Мира, 1 "}"#)
        #expect(made.json["address"]?.string == " ул.  Мира, 1 ")
    }
}
