import Diary
import DiaryTestSupport
import HTTP1
import JSON
import Testing
import Web

/// The documents of the server itself: problem pages, the contract, health.
@Suite(.serialized) struct DocumentsTests {
    let server: TestServer

    init() async throws { server = try await TestServer.of(Self.self) }

    private func client(_ language: Language) -> TestClient {
        TestClient(port: server.port, language: language.rawValue)
    }

    @Test(arguments: Language.allCases)
    func everyProblemHasAPageForPeople(_ language: Language) throws {
        #expect(ProblemKind.all.count > 40)
        for (code, kind) in ProblemKind.all {
            let page = try client(language).get("/problems/\(code)", headers: [("Accept", "text/html")])
            #expect(page.status == 200, "\(code)")
            #expect(page["Content-Type"] == "text/html; charset=utf-8")
            #expect(page["Content-Language"] == language.rawValue)
            #expect(page.text.contains("<html lang=\"\(language.rawValue)\">"))
            #expect(page.text.contains("<h1>\(kind.title[language])</h1>"), "\(code)")
            #expect(page.text.contains("<p>\(kind.detail[language])</p>"), "\(code)")
            #expect(page.text.contains("HTTP \(kind.status.code)"))
        }
    }

    @Test(arguments: Language.allCases)
    func everyProblemHasAPageForPrograms(_ language: Language) throws {
        for (code, kind) in ProblemKind.all {
            let page = try client(language).get("/problems/\(code)", headers: [("Accept", "application/json")])
            #expect(page.status == 200, "\(code)")
            #expect(page["Content-Type"] == "application/json")
            #expect(page["Content-Language"] == language.rawValue)
            #expect(page["Vary"]?.contains("Accept-Language") == true)
            #expect(page.json["code"]?.string == code)
            #expect(page.json["title"]?.string == kind.title[language])
            #expect(page.json["description"]?.string == kind.detail[language])
            #expect(page.json["statuses"]?.array.map { $0.int } == [kind.status.code])
        }
    }

    @Test func everyTextIsInBothLanguages() {
        for (code, kind) in ProblemKind.all {
            #expect(kind.title[.russian] != kind.title[.english], "\(code)")
            #expect(kind.detail[.russian] != kind.detail[.english], "\(code)")
            #expect(kind.title[.english].utf8.allSatisfy { $0 < 0x80 }, "\(code)")
            #expect(kind.status.code >= 400)
        }
    }

    @Test(arguments: [
        (nil, "text/html; charset=utf-8"), ("*/*", "text/html; charset=utf-8"),
        ("application/json;q=0.9, text/html;q=0.1", "application/json"),
        ("text/html;q=0, */*", "application/json"), ("application/*", "application/json"),
    ])
    func representationIsTheRequestedOne(_ accept: String?, _ type: String) throws {
        let page = try client(.russian).get("/problems/not_found", headers: accept.map { [("Accept", $0)] } ?? [])
        #expect(page.status == 200)
        #expect(page["Content-Type"] == type)
    }

    @Test func defaultLanguageIsRussian() throws {
        let page = try TestClient(port: server.port).get("/problems/stale_version")
        #expect(page["Content-Language"] == "ru")
        #expect(page.text.contains("<h1>Запись уже изменена</h1>"))
    }

    @Test(arguments: ["image/png", "text/plain", "text/html;q=0, application/json;q=0"])
    func otherRepresentationsAreNotAcceptable(_ accept: String) throws {
        let answer = try client(.english).get("/problems/not_found", headers: [("Accept", accept)])
        #expect(answer.status == 406)
        #expect(answer.code == "not_acceptable")
        #expect(answer["Content-Type"] == "application/problem+json")
    }

    @Test(arguments: ["nothing", "NOT_FOUND", "not_found%20", "%00"])
    func unknownCodesHaveNoPage(_ code: String) throws {
        let answer = try client(.english).get("/problems/\(code)", headers: [("Accept", "text/html")])
        #expect((400...404).contains(answer.status), "\(answer.text)")
        #expect(answer["Content-Type"] == "application/problem+json")
        if code != "%00" { #expect(answer.code == "not_found") }
    }

    /// The `type` of a problem is the address of an existing page.
    @Test func typeOfAProblemIsThePageOfTheProblem() throws {
        let client = client(.russian)
        let refused = try client.get("/v1/me")
        #expect(refused.status == 401)
        let type = try #require(refused.json["type"]?.string)
        let path = try #require(type.firstRange(of: "/problems/").map { String(type[$0.lowerBound...]) })
        let page = try client.get(path, headers: [("Accept", "application/json")])
        #expect(page.json["code"]?.string == refused.code)
        #expect(page.json["title"]?.string == refused.json["title"]?.string)
    }

    @Test(arguments: [
        ("/openapi.json", "application/json", "{}"), ("/openapi.yaml", "application/yaml", "openapi: 3.1.0\n"),
    ])
    func contractIsServedWithATag(_ path: String, _ type: String, _ text: String) throws {
        let client = TestClient(port: server.port)
        let answer = try client.get(path)
        #expect(answer.status == 200)
        #expect(answer["Content-Type"] == type)
        #expect(answer.text == text)
        let again = try client.get(path, headers: [("If-None-Match", try #require(answer["ETag"]))])
        #expect(again.status == 304)
        #expect(again.body.isEmpty)
    }

    @Test(arguments: ["/livez", "/readyz"])
    func readyServerReportsThatItIsReady(_ path: String) throws {
        let answer = try TestClient(port: server.port).get(path)
        #expect(answer.status == 200)
        #expect(answer.json["status"]?.string == "ok")
        #expect(answer["Cache-Control"] == "no-store")
        #expect(try TestClient(port: server.port).send("HEAD", path).body.isEmpty)
        #expect(try TestClient(port: server.port).post(path, json: "{}").status == 405)
    }
}
