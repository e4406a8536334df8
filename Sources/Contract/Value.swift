import Yams

/// A value in a part together with its place, so that a fault can point there.
struct Value {
    let node: Node
    let file: String

    func fault(_ fault: String) -> ContractError {
        ContractError(file: file, line: node.mark?.line, fault: fault)
    }

    /// A text on one or several lines, without the line break at its end.
    func text() throws(ContractError) -> String {
        guard case .scalar(let scalar) = node else { throw fault("text is expected here") }
        return scalar.string.hasSuffix("\n") ? String(scalar.string.dropLast()) : scalar.string
    }

    func flag() throws(ContractError) -> Bool {
        switch try text() {
        case "true": true
        case "false": false
        default: throw fault("true or false is expected here")
        }
    }

    func items() throws(ContractError) -> [Value] {
        guard case .sequence(let sequence) = node else { throw fault("a list is expected here") }
        return sequence.map { Value(node: $0, file: file) }
    }

    func texts() throws(ContractError) -> [String] {
        var texts: [String] = []
        for item in try items() { texts.append(try item.text()) }
        return texts
    }

    /// The members of a mapping, in order.
    func members() throws(ContractError) -> [(key: String, value: Value)] {
        guard case .mapping(let mapping) = node else { throw fault("a mapping is expected here") }
        var members: [(key: String, value: Value)] = []
        for (key, value) in mapping {
            members.append((try Value(node: key, file: file).text(), Value(node: value, file: file)))
        }
        return members
    }

    /// The members of a mapping that may only have these keys.
    ///
    /// - Parameter what: for the message, such as `an operation`.
    func members(of what: String, _ known: Set<String>) throws(ContractError) -> [String: Value] {
        guard case .mapping(let mapping) = node else { throw fault("a mapping is expected here") }
        let members = try members()
        if let unknown = members.first(where: { !known.contains($0.key) }) {
            let place = mapping.first { $0.key.string == unknown.key }.map { Value(node: $0.key, file: file) } ?? self
            throw place.fault("\(what) has no \(unknown.key); it has \(known.sorted().joined(separator: ", "))")
        }
        return Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first }
    }

    var isText: Bool {
        if case .scalar = node { true } else { false }
    }

    var isMapping: Bool {
        if case .mapping = node { true } else { false }
    }
}

// MARK: Making nodes

extension Node {
    static func text(_ text: String) -> Node { Node(text, Tag(.str)) }
    /// A number, a boolean or null.
    static func plain(_ text: String) -> Node { Node(text, .implicit, .plain) }
    static func list(_ nodes: [Node]) -> Node { Node(nodes) }
    static func texts(_ texts: [String]) -> Node { .list(texts.map { .text($0) }) }

    /// A mapping of the members that are not nil, in this order.
    static func members(_ members: [(String, Node?)]) -> Node {
        Node(members.compactMap { key, value in value.map { (.text(key), $0) } })
    }

    /// A reference to a shared part of the document.
    static func reference(_ kind: Kind, _ name: String) -> Node {
        .members([("$ref", .text("#/components/\(kind.rawValue)/\(name)"))])
    }

    /// A member of a mapping.
    subscript(member key: String) -> Node? {
        guard case .mapping(let mapping) = self else { return nil }
        return mapping.first { $0.key.string == key }?.value
    }

    /// The mapping with a member replaced, or added at the end.
    func setting(_ key: String, to value: Node) -> Node {
        guard case .mapping(let mapping) = self else { return self }
        var pairs = mapping.map { ($0.key, $0.value) }
        if let index = pairs.firstIndex(where: { $0.0.string == key }) {
            pairs[index].1 = value
        } else {
            pairs.append((.text(key), value))
        }
        return Node(pairs)
    }
}
