import Diary
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

    /// Every problem code that the contract lists is one the server knows, and has a page.
    @Test func everyProblemHasBothLanguages() {
        for kind in ProblemKind.all.values {
            #expect(!kind.title.russian.isEmpty && !kind.title.english.isEmpty)
            #expect(kind.title.russian != kind.title.english)
            #expect(kind.detail.english.utf8.allSatisfy { $0 < 128 }, "\(kind.code)")
        }
    }
}
