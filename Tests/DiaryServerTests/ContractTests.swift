import Diary
import DiaryPaper
import DiaryServer
import FoundationEssentials
import HTTP1
import TestSupport
import Testing
import Web
import Yams

/// openapi.yaml and the routes have the same operations.
@Suite struct ContractTests {
    @Test func contractAndRoutesHaveTheSameOperations() throws {
        let text = try String(contentsOfFile: TestDatabase.repository + "/openapi.yaml", encoding: .utf8)
        let document = try #require(try Yams.load(yaml: text) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        var inContract: Set<String> = []
        for (path, operations) in paths {
            for (method, operation) in operations where method != "parameters" {
                let fields = try #require(operation as? [String: Any])
                let name = try #require(fields["operationId"] as? String, "\(method) \(path) has no operationId")
                inContract.insert("\(method.uppercased()) \(path) \(name)")
            }
        }
        let inCode = Set(Routes.all.map { "\($0.method.rawValue) \($0.path) \($0.operation)" })
        #expect(inCode.subtracting(inContract) == [], "routes missing from openapi.yaml")
        #expect(inContract.subtracting(inCode) == [], "operations without a route")
    }

    /// An answer with a tag can be a 304 with the same tag (RFC 9110, section 15.4.5), and JSON has an example for developers and
    /// tools.
    @Test func taggedReadsNameThe304AndHaveExamples() throws {
        let text = try String(contentsOfFile: TestDatabase.repository + "/openapi.yaml", encoding: .utf8)
        let document = try #require(try Yams.load(yaml: text) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        // A document of its own format, and settings that refer to the schema's examples.
        let withoutExample = ["getServerMetadata", "getOpenAPIJSON", "getSchoolSettings"]
        for route in Routes.all where route.method == .get {
            let operation = paths[route.path]?["get"] as? [String: Any]
            let responses = operation?["responses"] as? [String: Any]
            guard let read = responses?["200"] as? [String: Any] else { continue }
            if let isWeak = tagIsWeak(read, in: document) {
                let unchanged = try #require(responses?["304"], "\(route.operation)")
                #expect(tagIsWeak(unchanged, in: document) == isWeak, "\(route.operation)")
            }
            let json = (read["content"] as? [String: Any])?["application/json"] as? [String: Any]
            if let json, !withoutExample.contains(route.operation) {
                #expect(json["examples"] != nil || json["example"] != nil, "\(route.operation)")
            }
        }
    }

    /// Whether the tag of an answer is weak; nil if it has none.
    private func tagIsWeak(_ response: Any, in document: [String: Any]) -> Bool? {
        func resolved(_ part: Any?, _ kind: String) -> [String: Any]? {
            let part = part as? [String: Any]
            guard let name = (part?["$ref"] as? String)?.split(separator: "/").last else { return part }
            return (document["components"] as? [String: [String: [String: Any]]])?[kind]?[String(name)]
        }
        let headers = resolved(response, "responses")?["headers"] as? [String: Any]
        let schema = resolved(headers?["ETag"], "headers")?["schema"] as? [String: Any]
        return (schema?["pattern"] as? String)?.hasPrefix("^W/")
    }

    /// A report takes the parameters that it declares, those of its form, and the scopes of its access. It is a 404 where a
    /// parameter names a record.
    @Test func reportsHaveTheParametersThatTheyDeclare() throws {
        let text = try String(contentsOfFile: TestDatabase.repository + "/openapi.yaml", encoding: .utf8)
        let document = try #require(try Yams.load(yaml: text) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        for report in Reports.all {
            let operation = try #require(paths[report.path]?["get"] as? [String: Any], "\(report.name)")
            let parameters = (operation["parameters"] as? [[String: Any]] ?? []).filter {
                $0["in"] as? String == "query"
            }
            // The shared parameters of the form are references.
            let own = parameters.filter { $0["name"] as? String != "table" }
            let inContract = own.map { "\($0["name"] ?? "") \($0["required"] as? Bool ?? false)" }
            let declared = report.parameters.map { "\($0.name) \($0.isRequired)" }
            #expect(inContract.sorted() == declared.sorted(), "\(report.name)")
            let gates: Set = ["class_id", "section_id", "student_id", "teacher_id", "order_id"]
            let isGated = report.parameters.contains { gates.contains($0.name) }
            #expect(((operation["responses"] as? [String: Any])?["404"] != nil) == isGated, "\(report.name)")
            let schemes = (operation["security"] as? [[String: [String]]] ?? []).compactMap { $0["program"] }
            #expect(Set(schemes.flatMap { $0 }) == Set(report.access.scopes.map { $0.rawValue }), "\(report.name)")
        }
    }

    /// Operations that are open in the contract (`security: []`) are open in the code.
    @Test func sameOperationsAreOpen() throws {
        let text = try String(contentsOfFile: TestDatabase.repository + "/openapi.yaml", encoding: .utf8)
        let document = try #require(try Yams.load(yaml: text) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        for route in Routes.all {
            let operation = paths[route.path]?[route.method.rawValue.lowercased()] as? [String: Any]
            let security = operation?["security"] as? [Any]
            #expect((security?.isEmpty == true) == (route.access.people == .anybody), "\(route.operation)")
        }
    }

    /// The contract lists the scopes that give an integration access; operations that are only for the school's own
    /// apps have no scope.
    @Test func contractHasTheScopes() throws {
        let text = try String(contentsOfFile: TestDatabase.repository + "/openapi.yaml", encoding: .utf8)
        let document = try #require(try Yams.load(yaml: text) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        let usual = try #require(document["security"] as? [[String: [String]]])
        #expect(usual == [["token": []], ["app": []]])
        for route in Routes.all where route.access.people != .anybody {
            let operation = paths[route.path]?[route.method.rawValue.lowercased()] as? [String: Any]
            let security = operation?["security"] as? [[String: [String]]] ?? usual
            let scopes = security.flatMap { $0["program"] ?? [] }
            #expect(Set(scopes) == Set(route.access.scopes.map { $0.rawValue }), "\(route.operation)")
            #expect(security.contains { $0["app"] != nil } == !route.access.isForOwnApps, "\(route.operation)")
        }
        let schemes = try #require((document["components"] as? [String: Any])?["securitySchemes"] as? [String: Any])
        #expect(schemes.keys.max() == "token", "generators of clients let the last one write Authorization")
        let flows = try #require((schemes["program"] as? [String: Any])?["flows"] as? [String: Any])
        let named = try #require((flows["clientCredentials"] as? [String: Any])?["scopes"] as? [String: Any])
        #expect(Set(named.keys) == Set(ProgramScope.allCases.map { $0.rawValue }))
    }

    /// The server knows every problem code in the contract, and has a page for it.
    @Test func everyProblemHasBothLanguages() {
        for kind in ProblemKind.all.values {
            #expect(!kind.title.russian.isEmpty && !kind.title.english.isEmpty)
            #expect(kind.title.russian != kind.title.english)
            #expect(kind.detail.english.utf8.allSatisfy { $0 < 128 }, "\(kind.code)")
        }
    }
}
