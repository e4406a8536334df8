import Yams

/// Writes out the schemas of the parts. In addition to JSON Schema a part may use
///
/// - the bare name of a schema, for a `$ref` to it;
/// - `type: text`, a string that is not empty and has no U+0000;
/// - `nullable: true`;
/// - `page: Name`, a page of a list of these;
/// - `patch: Name`, the properties of this schema except `version`, none of them required.
///
/// A schema with `properties` is an object and has no others, unless it has `additionalProperties: true`.
struct Schemas {
    let names: Names

    func schema(_ value: Value) throws(ContractError) -> Node { try schema(value, isWhole: true) }

    static let keywords: Set = [
        "type", "format", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "items", "properties", "required",
        "additionalProperties", "minProperties", "maxProperties", "oneOf", "anyOf", "allOf", "not", "if", "then",
        "else",
        "discriminator", "examples", "description", "default", "contentMediaType", "contentEncoding", "$ref",
        "nullable", "page", "patch",
    ]

    /// - Parameter isWhole: false for a piece of another schema, such as a branch of `if`, which describes only part of
    ///   an object.
    private func schema(_ value: Value, isWhole: Bool) throws(ContractError) -> Node {
        if value.isText { return try reference(value) }
        let members = try value.members(of: "a schema", Self.keywords)
        if let item = members["page"] { return try page(of: item, members["description"]) }
        if let record = members["patch"] { return try patch(of: record, members["description"]) }
        var result: [(String, Node?)] = []
        let isObject = isWhole && members["properties"] != nil
        if isObject, members["type"] == nil { result.append(("type", .text("object"))) }
        for (key, member) in try value.members() {
            switch key {
            case "nullable": break
            case "$ref": result.append((key, try reference(member)[member: key]))
            case "type" where member.node.string == "text":
                result += [
                    ("type", .text("string")), ("pattern", .text(#"^[^\u0000]*$"#)), ("minLength", .plain("1")),
                ]
            case "properties": result.append((key, try properties(member, isWhole: isWhole)))
            case "items": result.append((key, try schema(member)))
            case "not", "if", "then", "else": result.append((key, try schema(member, isWhole: false)))
            case "oneOf", "anyOf", "allOf": result.append((key, try branches(member)))
            case "additionalProperties":
                result.append((key, member.isMapping ? try schema(member) : member.node))
            case "discriminator": result.append((key, try discriminator(member)))
            default: result.append((key, member.node))
            }
        }
        if isObject, members["additionalProperties"] == nil {
            let place = result.firstIndex { $0.0 == "required" || $0.0 == "properties" } ?? result.count
            result.insert(("additionalProperties", .plain("false")), at: place)
        }
        let schema = Node.members(result)
        return try members["nullable"]?.flag() == true ? try Self.nullable(schema, at: value) : schema
    }

    private func reference(_ value: Value) throws(ContractError) -> Node {
        let name = try value.text()
        try names.find(.schemas, name, at: value)
        return .reference(.schemas, name)
    }

    private func properties(_ value: Value, isWhole: Bool) throws(ContractError) -> Node {
        var properties: [(String, Node?)] = []
        for (name, property) in try value.members() {
            properties.append((name, try schema(property, isWhole: isWhole)))
        }
        return .members(properties)
    }

    private func branches(_ value: Value) throws(ContractError) -> Node {
        var branches: [Node] = []
        for branch in try value.items() { branches.append(try schema(branch, isWhole: false)) }
        return .list(branches)
    }

    private func discriminator(_ value: Value) throws(ContractError) -> Node {
        let members = try value.members(of: "a discriminator", ["propertyName", "mapping"])
        var mapping: [(String, Node?)] = []
        for (word, name) in try members["mapping"]?.members() ?? [] {
            mapping.append((word, try reference(name)[member: "$ref"]))
        }
        return .members([("propertyName", members["propertyName"]?.node), ("mapping", .members(mapping))])
    }

    private func patch(of record: Value, _ description: Value?) throws(ContractError) -> Node {
        let source = try names.find(.schemas, try record.text(), at: record)
        guard case .mapping(let properties)? = try schema(source)[member: "properties"] else {
            throw record.fault("\(try record.text()) has no properties")
        }
        return .members([
            ("type", .text("object")),
            ("description", description?.node),
            ("additionalProperties", .plain("false")),
            (
                "properties",
                .members(properties.filter { $0.key.string != "version" }.map { ($0.key.string ?? "", $0.value) })
            ),
        ])
    }

    private func page(of item: Value, _ description: Value?) throws(ContractError) -> Node {
        Self.page(of: try reference(item), description?.node ?? .text("A page of a list."))
    }

    static func page(of item: Node, _ description: Node) -> Node {
        .members([
            ("type", .text("object")),
            ("description", description),
            ("additionalProperties", .plain("false")),
            ("required", .texts(["items", "next_cursor"])),
            (
                "properties",
                .members([
                    (
                        "items",
                        .members([("type", .text("array")), ("maxItems", .plain("200")), ("items", item)])
                    ),
                    ("next_cursor", .reference(.schemas, "NextCursor")),
                    ("total", .reference(.schemas, "Total")),
                ])
            ),
        ])
    }

    /// OpenAPI 3.1 has no `nullable`: null is one of the types.
    private static func nullable(_ schema: Node, at place: Value) throws(ContractError) -> Node {
        let null = Node("null", Tag(.str), .doubleQuoted)
        guard case .mapping(let mapping) = schema else { return schema }
        if let reference = schema[member: "$ref"] {
            let rest = mapping.filter { $0.key.string != "$ref" }.map { ($0.key.string ?? "", Optional($0.value)) }
            return .members(
                [("oneOf", .list([.members([("$ref", reference)]), .members([("type", null)])]))] + rest)
        }
        guard let type = schema[member: "type"] else { throw place.fault("a nullable schema needs a type or a $ref") }
        var nullable = schema.setting("type", to: .list([type, null]))
        if case .sequence(let words)? = schema[member: "enum"] {
            nullable = nullable.setting("enum", to: .list(Array(words) + [.plain("null")]))
        }
        return nullable
    }
}
