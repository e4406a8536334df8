import Yams

/// The document while it is built. Paths and shared parts are sorted by name, so that changing one part changes one
/// place.
struct Document {
    private var paths: [String: [String: Node]] = [:]
    private var components: [Kind: [String: Node]] = [:]
    private var operationIDs: Set<String> = []

    mutating func add(_ kind: Kind, _ name: String, _ node: Node) { components[kind, default: [:]][name] = node }

    mutating func add(_ path: String, _ method: String, _ node: Node, at place: Value) throws(ContractError) {
        if paths[path]?[method] != nil { throw place.fault("\(method) \(path) is in the contract twice") }
        if let id = node[member: "operationId"]?.string, !operationIDs.insert(id).inserted {
            throw place.fault("there is another operation \(id)")
        }
        paths[path, default: [:]][method] = node
    }

    func node(_ root: Part) throws(ContractError) -> Node {
        let methods = ["parameters"] + Operations.methods
        let paths = paths.sorted { $0.key < $1.key }.map { path, operations in
            (path, Node.members(methods.map { ($0, operations[$0]) }))
        }
        let components = closed()
        let sorted = Kind.allCases.map { kind in
            (
                kind.rawValue,
                Node.members((components[kind] ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
            )
        }
        let document = Node.members([
            ("openapi", try root.required("openapi").node),
            ("info", try root.required("info").node),
            ("servers", try root.required("servers").node),
            ("security", try root.required("security").node),
            ("tags", try root.required("tags").node),
            ("paths", .members(paths.map { ($0.0, $0.1) })),
            (
                "components",
                .members(
                    [("securitySchemes", try root.required("securitySchemes").node)] + sorted.map { ($0.0, $0.1) })
            ),
        ])
        try checkUse(document)
        return document
    }

    /// The shared parts. Schemas that only requests use are closed: the server refuses fields that it does not know.
    /// Schemas of answers stay open, because a later version of the server may add fields.
    private func closed() -> [Kind: [String: Node]] {
        let operations = paths.values.flatMap { $0.values }
        let inRequests = schemas(in: operations.compactMap { $0[member: "requestBody"] })
        let inAnswers = schemas(in: operations.compactMap { $0[member: "responses"] })
        var components = components
        components[.schemas] = components[.schemas]?.reduce(into: [:]) { schemas, entry in
            let (name, schema) = entry
            guard case .mapping(let mapping) = schema, schema[member: "properties"] != nil else {
                schemas[name] = schema
                return
            }
            // `true` is the default for an object with properties, and some generators fail when it is written.
            var members = mapping.map { ($0.key.string ?? "", Optional($0.value)) }
            members.removeAll { $0.0 == "additionalProperties" }
            if schema[member: "additionalProperties"] == nil, inRequests.contains(name), !inAnswers.contains(name) {
                let place = members.firstIndex { $0.0 == "required" || $0.0 == "properties" } ?? members.count
                members.insert(("additionalProperties", .plain("false")), at: place)
            }
            schemas[name] = .members(members)
        }
        return components
    }

    /// The names of the schemas that these parts of the document refer to, directly or through others.
    private func schemas(in nodes: [Node]) -> Set<String> {
        var found: Set<String> = []
        var waiting = nodes
        while let node = waiting.popLast() {
            node.visitTexts { text in
                guard text.hasPrefix("#/components/"), found.insert(text).inserted else { return }
                let steps = text.split(separator: "/")
                if let kind = Kind(rawValue: String(steps[2])), let next = components[kind]?[String(steps[3])] {
                    waiting.append(next)
                }
            }
        }
        let prefix = "#/components/schemas/"
        return Set(found.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
    }

    /// Checks that everything shared is used.
    private func checkUse(_ document: Node) throws(ContractError) {
        var used: Set<String> = []
        document.visitTexts { if $0.hasPrefix("#/components/") { used.insert($0) } }
        for (kind, named) in components.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            for name in named.keys.sorted() where !used.contains("#/components/\(kind.rawValue)/\(name)") {
                throw ContractError(
                    file: "", line: nil, fault: "nothing refers to the \(kind.singular) \(name)")
            }
        }
    }
}

extension Node {
    fileprivate func visitTexts(_ visit: (String) -> Void) {
        switch self {
        case .scalar(let scalar): visit(scalar.string)
        case .sequence(let sequence): for node in sequence { node.visitTexts(visit) }
        case .mapping(let mapping): for (_, node) in mapping { node.visitTexts(visit) }
        case .alias: break
        }
    }
}
