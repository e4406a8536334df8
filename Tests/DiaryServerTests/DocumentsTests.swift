import Diary
import DiaryServer
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

    // MARK: Pages of the API

    @Test(arguments: ["/docs", "/docs/redoc", "/docs/oauth2-redirect"])
    func pagesOfTheAPIRunNothingOfOthers(_ path: String) throws {
        for language in Language.allCases {
            let page = try client(language).get(path)
            #expect(page.status == 200)
            #expect(page["Content-Type"] == "text/html; charset=utf-8" && page["Vary"] == "Accept-Language")
            #expect(page.text.contains("<html lang=\"\(language.rawValue)\">"))
            let policy = try #require(page["Content-Security-Policy"])
            #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'"))
            #expect(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"))
            // Everything that a page loads is there, and of this server.
            for part in page.text.split(separator: "\"") where part.contains("/assets/") {
                #expect(part.hasPrefix("/docs/assets/"))
                guard !part.hasSuffix(".png") else { continue }
                #expect(try client(language).get(String(part)).status == 200, "\(part)")
            }
        }
    }

    @Test func assetsAreKeptForGood() throws {
        let client = client(.english)
        let parts = try client.get("/docs").text.split(separator: "\"").map { String($0) }
        let path = try #require(parts.first { $0.hasSuffix("swagger-ui.css") })
        let asset = try client.get(path)
        #expect(asset["Content-Type"] == "text/css; charset=utf-8")
        #expect(asset["Cache-Control"] == "public, max-age=31536000, immutable")
        #expect(asset["X-Content-Type-Options"] == "nosniff")
        let tag = try #require(asset["ETag"])
        #expect(try client.get(path, headers: [("If-None-Match", tag)]).status == 304)
        for other in [
            path.replacing("swagger-ui.css", with: "nothing.css"), path.replacing("swagger-ui.css", with: "..%2Fx"),
            path.replacing("swagger-ui.css", with: "version.txt"), path + "/x", "/docs/assets/0/swagger-ui.css",
        ] {
            #expect(try client.get(other).status == 404, "\(other)")
        }
    }

    @Test func withoutSwaggerUIThePageSaysWhatToRun() async throws {
        let server = try await TestServer.start(self.server.database, cores: 1, apiPages: ["api-pages.css"])
        for (language, words) in [(Language.russian, "Выполните"), (.english, "Run")] {
            for path in ["/docs", "/docs/redoc", "/docs/oauth2-redirect"] {
                let page = try TestClient(port: server.port, language: language.rawValue).get(path)
                #expect(page.status == 404)
                #expect(page.text.contains("\(words) <code>script/api-pages</code>"), "\(path)")
            }
        }
        _ = await server.shutDown(delaySeconds: 0, graceSeconds: 5)
    }

    @Test(arguments: [
        (nil, "application/json"), ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
    ])
    func theStartSaysWhereThingsAre(_ accept: String?, _ type: String) throws {
        let client = client(.english)
        let start = try client.get("/", headers: accept.map { [("Accept", $0)] } ?? [])
        #expect(start.status == 200 && start["Content-Type"] == type)
        #expect(start["Vary"]?.contains("Accept") == true)
        for path in ["/docs", "/docs/redoc", "/openapi.yaml", "/openapi.json", "/readyz"] {
            #expect(start.text.contains("\"\(path)\""), "\(path)")
            #expect(try client.get(path).status == 200)
        }
        #expect(try client.get("/", headers: [("Accept", "image/png")]).code == "not_acceptable")
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
