import Yams

/// A field of a declared resource: its schema, and in which bodies it appears.
struct PartField {
    let name: String
    /// Set by the server; only in answers.
    let isReadOnly: Bool
    /// Set when the record is created, and refused afterwards.
    let isFixed: Bool
    /// Only in the body of a new record.
    let isWriteOnly: Bool
    /// Required in the body of a new record.
    let isRequired: Bool
    let isNullable: Bool
    /// The value that a new record gets by default.
    let initial: Node?
    /// The schema in a body, and in an answer, where it may differ.
    let written: Node
    let answered: Node

    private static let keys: Set = ["readOnly", "fixed", "writeOnly", "optional", "answer"]

    init(_ name: String, _ value: Value, _ shared: SharedParts) throws(ContractError) {
        var value = value
        if value.isText {
            guard try value.text() == "shared", let field = shared.fields[name] else {
                throw value.fault("a field must be a schema, or `shared` if _fields.yaml has this name")
            }
            value = field
        }
        let members = try value.members(of: "a field", Self.keys.union(Schemas.keywords))
        func flag(_ key: String) throws(ContractError) -> Bool { try members[key]?.flag() ?? false }
        self.name = name
        isReadOnly = try flag("readOnly")
        isFixed = try flag("fixed")
        isWriteOnly = try flag("writeOnly")
        isNullable = try flag("nullable")
        initial = members["default"]?.node
        let isOptional = try flag("optional")
        isRequired = !(isReadOnly || isNullable || initial != nil || isOptional)
        let schema = Node(
            try value.members().filter { !Self.keys.contains($0.key) && $0.key != "default" }.map {
                (.text($0.key), $0.value.node)
            })
        written = try shared.schemas.schema(Value(node: schema, file: value.file))
        var more = schema
        for (key, member) in try members["answer"]?.members(of: "a schema", Schemas.keywords) ?? [:] {
            more = more.setting(key, to: member.node)
        }
        answered = try shared.schemas.schema(Value(node: more, file: value.file))
    }

    /// The schema in the body of a new record; its description names the default.
    var new: Node {
        guard let initial else { return written }
        var words = "`\(initial.inline)` when left out."
        if let description = written[member: "description"]?.string {
            words = "\(description.unwrapped.trimmingSuffix(" ")) \(words)"
        }
        return written.setting("description", to: .text(words))
    }
}

/// The example of a resource. Those of its operations are derived from it.
struct ResourceExamples {
    let record: Node
    let item: Node
    /// Bodies of a new record, by name.
    let new: Node

    init(_ value: Value, list: Value?, new: Value?, fields: [PartField]) throws(ContractError) {
        let names = fields.map { $0.name }
        let members = try value.members(of: "the example", Set(names + ["id"]))
        var record: [(String, Node?)] = [("id", members["id"]?.node ?? .text("0198d2c7-3f5e-7c0a-9b1e-5d7a1c2b3e4f"))]
        for field in fields where !field.isWriteOnly {
            guard let node = members[field.name]?.node ?? field.initial ?? (field.isNullable ? .plain("null") : nil)
            else { throw value.fault("the example has no \(field.name)") }
            record.append((field.name, node))
        }
        record.append(("version", .plain("1")))
        self.record = .members(record)
        var item = self.record
        for (key, member) in try list?.members(of: "the example of the list", Set(names)) ?? [:] {
            item = item.setting(key, to: member.node)
        }
        self.item = item
        let body = fields.filter { !$0.isReadOnly }.map { ($0.name, members[$0.name]?.node) }
        var examples: [(String, Node?)] = [("new", .members([("value", .members(body))]))]
        if case .mapping(let more)? = try new.map(Answers.examples) {
            examples += more.map { ($0.key.string ?? "", $0.value) }
        }
        self.new = .members(examples)
    }
}

extension Node {
    /// On one line, as quoted in a description.
    fileprivate var inline: String {
        switch self {
        case .sequence(let sequence): "[\(sequence.map { $0.inline }.joined(separator: ", "))]"
        default: string ?? ""
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
