import Yams

/// Writes out the schemas of the parts. In addition to JSON Schema a part may use
///
/// - the bare name of a schema, for a `$ref` to it;
/// - `type: text`, a string that is not empty and has no U+0000;
/// - `nullable: true`;
/// - `page: Name`, a page of a list of these, and `pulled: true` where the list has a watermark;
/// - `patch: Name`, the properties of this schema except `version`, none of them required.
///
/// Constructs that client generators misread are refused: there is no `oneOf`, `anyOf`, `allOf`, `not` or `if`, and
/// every object has a name. See docs/decisions/0038-a-contract-for-generators.md.
struct Schemas {
    let names: Names

    static let keywords: Set = [
        "type", "format", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "items",
        "properties", "required", "additionalProperties", "minProperties", "maxProperties", "examples", "description",
        "default", "contentMediaType", "contentEncoding", "$ref", "nullable", "page", "pulled", "patch",
    ]

    /// A schema with a name, in `schemas`.
    func named(_ value: Value) throws(ContractError) -> Node {
        guard value.isMapping else { return try schema(value) }
        let members = try value.members(of: "a schema", Self.keywords)
        if let item = members["page"] {
            let isPulled = try members["pulled"]?.flag() ?? false
            return Self.page(
                of: try reference(item), members["description"]?.node ?? .text("A page of a list."), isPulled: isPulled)
        }
        if let record = members["patch"] { return try patch(of: record, members["description"]) }
        if let other = members["$ref"] {
            throw other.fault("a schema that is another one is used by that one's name; words of its own stand there")
        }
        if let nullable = members["nullable"], members["properties"] != nil || members["enum"] != nil {
            throw nullable.fault("`nullable` is said where the schema is used: clients have one type for it, not two")
        }
        return try schema(value, members)
    }

    /// A schema where it is used: of a property, a parameter, a body.
    func schema(_ value: Value) throws(ContractError) -> Node {
        if value.isText { return try reference(value) }
        let members = try value.members(of: "a schema", Self.keywords)
        for key in ["properties", "page", "patch"] {
            guard let member = members[key] else { continue }
            throw member.fault("an object is a schema with a name, under `schemas`: clients name its type by it")
        }
        return try schema(value, members)
    }

    private func schema(_ value: Value, _ members: [String: Value]) throws(ContractError) -> Node {
        var result: [(String, Node?)] = []
        if members["properties"] != nil, members["type"] == nil { result.append(("type", .text("object"))) }
        for (key, member) in try value.members() {
            switch key {
            case "nullable": break
            case "$ref": result.append((key, try reference(member)[member: key]))
            case "type" where member.node.string == "text":
                result += [
                    ("type", .text("string")), ("pattern", .text(#"^[^\u0000]*$"#)), ("minLength", .plain("1")),
                ]
            case "pattern":
                guard try member.text().hasPrefix("^") else {
                    throw member.fault("a pattern begins with ^: some languages look for it at the start alone")
                }
                result.append((key, member.node))
            case "properties": result.append((key, try properties(member)))
            case "items": result.append((key, try schema(member)))
            case "additionalProperties":
                result.append((key, member.isMapping ? try schema(member) : member.node))
            default: result.append((key, member.node))
            }
        }
        let schema = Node.members(result)
        return try members["nullable"]?.flag() == true ? try Self.nullable(schema, at: value) : schema
    }

    private func reference(_ value: Value) throws(ContractError) -> Node {
        let name = try value.text()
        try names.find(.schemas, name, at: value)
        return .reference(.schemas, name)
    }

    private func properties(_ value: Value) throws(ContractError) -> Node {
        var properties: [(String, Node?)] = []
        for (name, property) in try value.members() { properties.append((name, try schema(property))) }
        return .members(properties)
    }

    private func patch(of record: Value, _ description: Value?) throws(ContractError) -> Node {
        let source = try names.find(.schemas, try record.text(), at: record)
        guard case .mapping(let properties)? = try named(source)[member: "properties"] else {
            throw record.fault("\(try record.text()) has no properties")
        }
        return .members([
            ("type", .text("object")),
            ("description", description?.node),
            (
                "properties",
                .members(properties.filter { $0.key.string != "version" }.map { ($0.key.string ?? "", $0.value) })
            ),
        ])
    }

    /// - Parameter isPulled: with the watermark of `updated_since`.
    static func page(of item: Node, _ description: Node, isPulled: Bool) -> Node {
        .members([
            ("type", .text("object")),
            ("description", description),
            ("required", .texts(["items", "next_cursor"] + (isPulled ? ["watermark"] : []))),
            (
                "properties",
                .members([
                    (
                        "items",
                        .members([("type", .text("array")), ("maxItems", .plain("200")), ("items", item)])
                    ),
                    ("next_cursor", .reference(.schemas, "NextCursor")),
                    ("watermark", isPulled ? .reference(.schemas, "Watermark") : nil),
                    ("total", .reference(.schemas, "Total")),
                ])
            ),
        ])
    }

    /// OpenAPI 3.1 has no `nullable`: null is one of the types, or beside a reference or an enumeration.
    private static func nullable(_ schema: Node, at place: Value) throws(ContractError) -> Node {
        let null = Node("null", Tag(.str), .doubleQuoted)
        guard case .mapping(let mapping) = schema else { return schema }
        if schema[member: "$ref"] != nil || schema[member: "enum"] != nil {
            let description = schema[member: "description"]
            let rest = mapping.map { ($0.key.string ?? "", Optional($0.value)) }.filter { $0.0 != "description" }
            return .members([
                ("oneOf", .list([.members(rest), .members([("type", null)])])), ("description", description),
            ])
        }
        guard let type = schema[member: "type"] else { throw place.fault("a nullable schema needs a type or a $ref") }
        return schema.setting("type", to: .list([type, null]))
    }
}
