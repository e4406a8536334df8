import DiaryExchange
import FoundationEssentials
import TestSupport
import Testing
import Yams

/// openapi.yaml and the declarations of exports have the same columns, in the same order, and the same parameters.
@Suite struct ExportContractTests {
    private let document: [String: Any]

    init() throws {
        let text = try String(contentsOfFile: TestDatabase.repository + "/openapi.yaml", encoding: .utf8)
        document = try #require(try Yams.load(yaml: text) as? [String: Any])
    }

    private func find(_ path: String..., in value: Any?) -> Any? {
        path.reduce(value) { ($0 as? [String: Any])?[$1] }
    }

    private func schema(_ reference: Any?) throws -> [String: Any] {
        let reference = try #require(find("$ref", in: reference) as? String)
        let name = String(reference.split(separator: "/").last!)
        return try #require(find("components", "schemas", name, in: document) as? [String: Any])
    }

    @Test(arguments: Exports.all.map { $0.name }) func anExportIsAsTheContractSays(_ name: String) throws {
        let export = try #require(Exports.all.first { $0.name == name })
        let operation = find("paths", "/v1/exports/\(name)", "get", in: document)
        let content = find("responses", "200", "content", in: operation)
        let answer = try schema(find("application/json", "schema", in: content))
        let row = try schema(find("properties", "items", "items", in: answer))
        let properties = try #require(row["properties"] as? [String: Any])
        let columns = export.columns(pseudonymous: false).map { $0.name } + ["deleted"]
        #expect(Set(properties.keys) == Set(columns) && properties.count == columns.count)
        #expect(row["required"] as? [String] == ["id", "deleted"], "the others are missing or null")
        #expect(Set((content as? [String: Any] ?? [:]).keys) == Set(ExportForm.allCases.map { $0.rawValue }))
        var parameters: Set<String> = []
        for parameter in find("parameters", in: operation) as? [Any] ?? [] {
            let reference = find("$ref", in: parameter) as? String
            let shared = reference.map { String($0.split(separator: "/").last!) }
            let whole = shared.flatMap { find("components", "parameters", $0, in: document) } ?? parameter
            if let name = find("name", in: whole) as? String { parameters.insert(name) }
        }
        let always = ["format", "bom", "pseudonymous", "updated_since", "after", "watermark"]
        #expect(parameters == Set(always + export.parameters), "\(parameters)")
    }
}
