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
