import Diary
import DiaryServer
import FoundationEssentials
import TestSupport
import Testing
import Yams

/// Compares the declarations of resources in the program and in the contract.
@Suite struct DeclaredResourceContractTests {
    static let declared = Routes.declared

    private let contract: Contract

    init() throws { contract = try Contract() }

    @Test func programAndContractDeclareTheSameResources() {
        #expect(Set(Self.declared.map { $0.noun }) == Set(contract.parts.keys))
    }

    @Test func fieldsAreThoseOfTheContract() throws {
        for resource in Self.declared { try expectFields(of: resource) }
    }

    private func expectFields(of resource: Resource) throws {
        let record = try contract.properties("\(resource.noun)Record")
        let new = try contract.properties("New\(resource.noun)")
        let patch = try contract.properties("\(resource.noun)Patch")
        let required = contract.schemas["New\(resource.noun)"]?["required"] as? [String] ?? []
        let written = resource.fields.filter { !$0.isReadOnly }
        let identity = [resource.identity].compactMap { $0 }
        #expect(Set(resource.fields.map { $0.name }).subtracting(record.keys) == [], "\(resource.noun)")
        #expect(Set(new.keys) == Set(written.map { $0.name } + identity), "\(resource.noun)")
        #expect(Set(patch.keys) == Set(written.filter { !$0.isFixed }.map { $0.name }), "\(resource.noun)")
        for field in written {
            let place: Comment = "\(resource.noun).\(field.name)"
            let schema = contract.resolved(new[field.name] ?? [:])
            #expect(schema.isNullable == field.isNullable, place)
            #expect(required.contains(field.name) == (!field.isNullable && field.initial == nil), place)
            for (keyword, value) in contract.limits(field.rule) {
                #expect(schema.text(keyword) == value, "\(place): \(keyword)")
            }
            try expectFields(of: field.rule, schema, place)
            let initial = try field.initial.map { try #require(try Yams.load(yaml: $0)) }
            let said = contract.initial(resource.noun, field.name)
            #expect(said.map { "\($0)" } == initial.map { "\($0)" }, place)
        }
    }

    /// Compares the fields of a list that is replaced as a whole.
    private func expectFields(of rule: ResourceField.Rule, _ schema: Schema, _ place: Comment) throws {
        guard case .rows(let fields, _) = rule else { return }
        let item = contract.resolved(schema.value["items"] as? [String: Any] ?? [:])
        let properties = try #require(item.value["properties"] as? [String: [String: Any]], place)
        #expect(Set(properties.keys) == Set(fields.map { $0.name }), place)
        for field in fields {
            for (keyword, value) in contract.limits(field.rule) {
                #expect(contract.resolved(properties[field.name]!).text(keyword) == value, "\(place).\(field.name)")
            }
        }
    }

    @Test func callersAndFiltersAreThoseOfTheContract() throws {
        for resource in Self.declared { try expectWhoAndFilters(of: resource) }
    }

    private func expectWhoAndFilters(of resource: Resource) throws {
        let part = try #require(contract.parts[resource.noun])
        #expect(part["path"] as? String == resource.path)
        let write = try #require(part["write"] as? String)
        try expect(resource.readers, part["read"] as? String, part["programs"] as? [String] ?? [])
        try expect(resource.writers, write, [])
        try expect(resource.makers, part["make"] as? String ?? write, [])
        #expect(part["searched"] as? Bool ?? false == resource.isSearchedByName)
        // Lists written by hand are in `paths`.
        guard (part["without"] as? [String])?.contains("list") != true else { return }
        #expect(
            Set((part["filters"] as? [String: String] ?? [:]).keys) == Set(resource.filters.map { $0.name }),
            "\(resource.noun)")
        let summary = Set(part["summary"] as? [String] ?? [])
        let fields = Set(resource.fields.map { $0.name })
        #expect(summary.intersection(fields) == resource.summary, "\(resource.noun)")
    }

    private func expect(_ access: Access, _ name: String?, _ programs: [String]) throws {
        let callers = try #require(contract.callers[name ?? ""])
        let roles = (callers["roles"] as? [String]).map {
            Access.People.roles(Set($0.compactMap { Role(rawValue: $0) }))
        }
        #expect(access.people == roles ?? .signedIn, "\(name ?? "")")
        #expect(access.isForOwnApps == (callers["own_apps"] as? Bool ?? false), "\(name ?? "")")
        #expect(Set(access.scopes.map { $0.rawValue }) == Set(programs), "\(name ?? "")")
    }
}

/// The document, and the information that only its parts have.
private struct Contract {
    let schemas: [String: [String: Any]]
    /// Declared resources by their nouns.
    let parts: [String: [String: Any]]
    let callers: [String: [String: Any]]
    private let shared: [String: Any]

    init() throws {
        func read(_ path: String) throws -> [String: Any] {
            let text = try String(contentsOfFile: "\(TestDatabase.repository)/\(path)", encoding: .utf8)
            return try #require(try Yams.load(yaml: text) as? [String: Any])
        }
        let components = try #require(try read("openapi.yaml")["components"] as? [String: Any])
        schemas = try #require(components["schemas"] as? [String: [String: Any]])
        callers = try #require(try read("openapi/_callers.yaml")["callers"] as? [String: [String: Any]])
        shared = try #require(try read("openapi/_fields.yaml")["fields"] as? [String: Any])
        var parts: [String: [String: Any]] = [:]
        let directory = TestDatabase.repository + "/openapi"
        for file in try FileManager.default.subpathsOfDirectory(atPath: directory) where file.hasSuffix(".yaml") {
            guard let resource = try read("openapi/\(file)")["resource"] as? [String: Any] else { continue }
            parts[try #require(resource["noun"] as? String)] = resource
        }
        self.parts = parts
    }

    func properties(_ name: String) throws -> [String: [String: Any]] {
        try #require(schemas[name]?["properties"] as? [String: [String: Any]], "\(name)")
    }

    /// The part's default value for new records.
    func initial(_ noun: String, _ name: String) -> Any? {
        let field = (parts[noun]?["fields"] as? [String: Any])?[name]
        return ((field as? String == "shared" ? shared[name] : field) as? [String: Any])?["default"]
    }

    /// The schema itself, with references resolved and without null.
    func resolved(_ schema: [String: Any]) -> Schema {
        if let reference = schema["$ref"] as? String,
            let target = schemas[String(reference.split(separator: "/").last!)]
        {
            return resolved(target)
        }
        if let branches = schema["oneOf"] as? [[String: Any]], branches.count == 2,
            branches[1]["type"] as? String == "null"
        {
            return Schema(value: resolved(branches[0]).value, isNullable: true)
        }
        guard let types = schema["type"] as? [String], types.last == "null" else {
            return Schema(value: schema, isNullable: false)
        }
        var schema = schema
        schema["type"] = types[0]
        if let words = schema["enum"] as? [Any] { schema["enum"] = words.compactMap { $0 as? String } }
        return Schema(value: schema, isNullable: true)
    }

    /// The expected keywords of a field's schema.
    func limits(_ rule: ResourceField.Rule) -> [String: String] {
        switch rule {
        case .text(let maximum): ["type": "string", "minLength": "1", "maxLength": "\(maximum)"]
        case .integer(let range):
            ["type": "integer", "minimum": "\(range.lowerBound)", "maximum": "\(range.upperBound)"]
        case .decimal(let whole, let fraction):
            [
                "type": "number", "exclusiveMaximum": "1" + String(repeating: "0", count: whole),
                "multipleOf": "0." + String(repeating: "0", count: fraction - 1) + "1",
            ]
        case .boolean: ["type": "boolean"]
        case .date: ["type": "string", "format": "date"]
        case .time: ["type": "string", "pattern": resolved(schemas["TimeOfDay"]!).text("pattern") ?? ""]
        case .identifier: ["type": "string", "format": "uuid"]
        case .word(let words): ["type": "string", "enum": "\(words)"]
        case .gradeLevels: ["type": "array", "minItems": "1", "maxItems": "11", "uniqueItems": "true"]
        case .words: ["type": "array", "uniqueItems": "true"]
        case .texts(let count, _, _): ["type": "array", "maxItems": "\(count)", "uniqueItems": "true"]
        case .rows(_, let maximum): ["type": "array", "maxItems": "\(maximum)"]
        }
    }
}

private struct Schema {
    let value: [String: Any]
    let isNullable: Bool

    func text(_ keyword: String) -> String? { value[keyword].map { "\($0)" } }
}
