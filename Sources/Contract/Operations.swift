import Yams

/// Operations that are written by hand.
struct Operations {
    let answers: Answers
    let tags: Set<String>

    private var schemas: Schemas { answers.schemas }

    static let methods = ["get", "post", "put", "patch", "delete"]

    func operation(_ value: Value, tag: Value) throws(ContractError) -> Node {
        let members = try value.members(
            of: "an operation",
            [
                "operationId", "tag", "summary", "description", "access", "programs", "parameters", "requestBody",
                "answers", "responses",
            ])
        for key in ["operationId", "summary", "description", "responses"] where members[key] == nil {
            throw value.fault("the operation has no \(key)")
        }
        let tag = members["tag"] ?? tag
        guard tags.contains(try tag.text()) else { throw tag.fault("_root.yaml has no tag \(try tag.text())") }
        return .members([
            ("tags", .list([tag.node])),
            ("operationId", members["operationId"]?.node),
            ("summary", members["summary"]?.node),
            ("description", members["description"]?.node),
            ("security", try security(members["access"], members["programs"])),
            ("parameters", try members["parameters"].map(parameters)),
            ("requestBody", try members["requestBody"].map(body)),
            ("responses", try answers.responses(members["answers"], members["responses"]!)),
        ])
    }

    // MARK: Security

    /// With neither, the document's default applies: people, with the school's own apps or those of others.
    private func security(_ access: Value?, _ programs: Value?) throws(ContractError) -> Node? {
        guard let access else { return Self.security(programs: try programs?.texts() ?? [], ownApps: false) }
        if try access.text() == "programs" {
            guard let programs else { throw access.fault("access: programs needs the scopes in programs") }
            return .list([.members([("program", .texts(try programs.texts()))])])
        }
        if let programs { throw programs.fault("programs and access exclude each other") }
        switch try access.text() {
        case "open": return Node([Node](), .implicit, .flow)
        case "own_apps": return Self.security(programs: [], ownApps: true)
        default: throw access.fault("access must be open, own_apps or programs")
        }
    }

    static func security(programs: [String], ownApps: Bool) -> Node? {
        func scheme(_ name: String, _ scopes: [String] = []) -> Node { .members([(name, .texts(scopes))]) }
        if ownApps { return .list([scheme("token")]) }
        return programs.isEmpty ? nil : .list([scheme("token"), scheme("app"), scheme("program", programs)])
    }

    // MARK: Parameters

    func parameters(_ value: Value) throws(ContractError) -> Node {
        var parameters: [Node] = []
        for item in try value.items() { parameters.append(try parameter(item)) }
        return .list(parameters)
    }

    /// A shared parameter by its name, or one of its own: `{ query: from, schema: Date, … }`. A path parameter is an id
    /// unless it has a schema.
    func parameter(_ value: Value) throws(ContractError) -> Node {
        if value.isText {
            try schemas.names.find(.parameters, try value.text(), at: value)
            return .reference(.parameters, try value.text())
        }
        let members = try value.members(
            of: "a parameter", ["path", "query", "header", "required", "schema", "explode", "example", "description"])
        let places = ["path", "query", "header"].filter { members[$0] != nil }
        guard let place = places.first, places.count == 1 else {
            throw value.fault("a parameter needs its name as path, query or header")
        }
        var schema = try members["schema"].map(schemas.schema)
        if schema == nil, place == "path" { schema = .reference(.schemas, "Id") }
        guard let schema else { throw value.fault("the parameter has no schema") }
        return .members([
            ("name", members[place]?.node),
            ("in", .text(place)),
            ("required", place == "path" ? .plain("true") : members["required"]?.node),
            ("description", members["description"]?.node),
            ("explode", members["explode"]?.node),
            ("schema", schema),
            ("example", members["example"]?.node),
        ])
    }

    static func identifier(_ place: String, _ name: String, _ description: String) -> Node {
        .members([
            ("name", .text(name)), ("in", .text(place)), ("required", place == "path" ? .plain("true") : nil),
            ("description", .text(description)), ("schema", .reference(.schemas, "Id")),
        ])
    }

    // MARK: Bodies

    private func body(_ value: Value) throws(ContractError) -> Node {
        let members = try value.members(of: "a body", ["description", "schema", "examples", "content"])
        if let content = members["content"], try content.members().count != 1 {
            throw content.fault("a body has one media type: clients can't choose; the description may name others")
        }
        return .members([
            ("description", members["description"]?.node),
            ("required", .plain("true")),
            ("content", try answers.content(members)),
        ])
    }
}
