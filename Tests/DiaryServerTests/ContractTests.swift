import Diary
import DiaryServer
import FoundationEssentials
import HTTP1
import TestSupport
import Testing
import Web
import Yams

/// openapi.yaml and the routes name the same operations.
@Suite struct ContractTests {
    @Test func everyRouteStandsInTheContractAndTheOtherWayRound() throws {
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
        #expect(inCode.subtracting(inContract) == [], "routes that openapi.yaml does not have")
        #expect(inContract.subtracting(inCode) == [], "operations that no route has")
    }

    /// Open in the contract (`security: []`) means open in the code.
    @Test func theSameOperationsAreOpen() throws {
        let text = try String(contentsOfFile: TestDatabase.repository + "/openapi.yaml", encoding: .utf8)
        let document = try #require(try Yams.load(yaml: text) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        for route in Routes.all {
            let operation = paths[route.path]?[route.method.rawValue.lowercased()] as? [String: Any]
            let security = operation?["security"] as? [Any]
            #expect((security?.isEmpty == true) == (route.access.people == .anybody), "\(route.operation)")
        }
    }

    /// Scopes that let a program in stand in the contract, and what is for the school's own apps alone names no other.
    @Test func scopesStandInTheContract() throws {
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

    /// Every problem code that the contract lists is one the server knows, and has a page.
    @Test func everyProblemHasBothLanguages() {
        for kind in ProblemKind.all.values {
            #expect(!kind.title.russian.isEmpty && !kind.title.english.isEmpty)
            #expect(kind.title.russian != kind.title.english)
            #expect(kind.detail.english.utf8.allSatisfy { $0 < 128 }, "\(kind.code)")
        }
    }
}
