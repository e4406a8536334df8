import Yams

/// Answers: named classes of them, their headers, and problems.
struct Answers {
    let schemas: Schemas
    /// `_responses.yaml`, `answers`: the problems that an operation of each class may be answered with, by status.
    let classes: [String: [(status: String, response: String)]]
    /// `_responses.yaml`, `header_sets`.
    let headerSets: [String: Node]

    init(_ part: Part, _ schemas: Schemas) throws(ContractError) {
        self.schemas = schemas
        var classes: [String: [(status: String, response: String)]] = [:]
        for (name, members) in try part.entries("answers") {
            for (status, response) in try members.members() {
                try schemas.names.find(.responses, try response.text(), at: response)
                classes[name, default: []].append((status, try response.text()))
            }
        }
        self.classes = classes
        var sets: [String: Node] = [:]
        for (name, members) in try part.entries("header_sets") {
            var headers: [(String, Node?)] = []
            for (field, header) in try members.members() {
                try schemas.names.find(.headers, try header.text(), at: header)
                headers.append((field, .reference(.headers, try header.text())))
            }
            sets[name] = .members(headers)
        }
        headerSets = sets
    }

    /// - Parameters:
    ///   - name: the operation's class of answers, if it has one.
    ///   - own: the operation's own answers; they precede those of the class.
    func responses(_ name: Value?, _ own: Value) throws(ContractError) -> Node {
        var responses: [String: Node] = [:]
        if let name {
            guard let known = classes[try name.text()] else {
                throw name.fault(
                    "there is no class of answers \(try name.text()); _responses.yaml has "
                        + classes.keys.sorted().joined(separator: ", "))
            }
            for (status, response) in known { responses[status] = .reference(.responses, response) }
        }
        for (status, value) in try own.members() { responses[status] = try response(value) }
        return Self.sorted(responses)
    }

    static func sorted(_ responses: [String: Node]) -> Node {
        Node(
            responses.sorted { $0.key < $1.key }.map { (Node($0.key, Tag(.str), .doubleQuoted), $0.value) })
    }

    func response(_ value: Value) throws(ContractError) -> Node {
        if value.isText {
            try schemas.names.find(.responses, try value.text(), at: value)
            return .reference(.responses, try value.text())
        }
        let members = try value.members(
            of: "an answer", ["description", "headers", "content", "schema", "examples"])
        guard let description = members["description"] else { throw value.fault("description is missing") }
        return .members([
            ("description", description.node),
            ("headers", try members["headers"].map(headers)),
            ("content", try content(members)),
        ])
    }

    /// A named set, or header fields, each with the name of a shared header or with a header of its own.
    func headers(_ value: Value) throws(ContractError) -> Node {
        if value.isText {
            guard let set = headerSets[try value.text()] else {
                throw value.fault(
                    "there is no set of headers \(try value.text()); _responses.yaml has "
                        + headerSets.keys.sorted().joined(separator: ", "))
            }
            return set
        }
        var headers: [(String, Node?)] = []
        for (field, member) in try value.members() { headers.append((field, try header(member))) }
        return .members(headers)
    }

    func header(_ value: Value) throws(ContractError) -> Node {
        if value.isText {
            try schemas.names.find(.headers, try value.text(), at: value)
            return .reference(.headers, try value.text())
        }
        let members = try value.members(of: "a header", ["description", "required", "schema", "example"])
        return .members([
            ("description", members["description"]?.node), ("required", members["required"]?.node),
            ("schema", try members["schema"].map(schemas.schema)), ("example", members["example"]?.node),
        ])
    }

    // MARK: Content

    /// `schema` and `examples` are short for `application/json`; other media types are written out under `content`.
    func content(_ members: [String: Value]) throws(ContractError) -> Node? {
        if members["schema"] != nil || members["examples"] != nil {
            if let content = members["content"] { throw content.fault("content excludes schema and examples") }
            return .members([("application/json", try media(members["schema"], members["examples"]))])
        }
        guard let content = members["content"] else { return nil }
        var types: [(String, Node?)] = []
        for (type, value) in try content.members() {
            let media = try value.members(of: "a media type", ["schema", "examples"])
            types.append((type, try self.media(media["schema"], media["examples"])))
        }
        return .members(types)
    }

    private func media(_ schema: Value?, _ examples: Value?) throws(ContractError) -> Node {
        .members([("schema", try schema.map(schemas.schema)), ("examples", try examples.map(Self.examples))])
    }

    /// An example is just its value; with a summary it is `{ summary, value }`, as in OpenAPI.
    static func examples(_ value: Value) throws(ContractError) -> Node {
        var examples: [(String, Node?)] = []
        for (name, example) in try value.members() {
            guard example.isMapping, example.node[member: "value"] != nil else {
                examples.append((name, .members([("value", example.node)])))
                continue
            }
            _ = try example.members(of: "an example with a value", ["summary", "description", "value"])
            examples.append((name, example.node))
        }
        return .members(examples)
    }
}

// MARK: Problems

extension Answers {
    /// An answer that is a problem (RFC 9457). Its examples are named by their codes; `type`, `status` and the
    /// request's id are added. With `oauth` it also has the members and the media type of RFC 6749.
    func problem(_ value: Value) throws(ContractError) -> Node {
        let members = try value.members(of: "a problem", ["oauth", "status", "description", "headers", "examples"])
        guard let status = members["status"], let description = members["description"],
            let examples = members["examples"]
        else { throw value.fault("a problem has status, description and examples") }
        var headers: [(String, Node?)] = [
            ("X-Request-Id", .reference(.headers, "X-Request-Id")), ("Cache-Control", .reference(.headers, "NoStore")),
        ]
        for (field, member) in try members["headers"]?.members() ?? [] { headers.append((field, try header(member))) }
        var values: [(String, Node?)] = []
        for (code, example) in try examples.members() {
            values.append((code, .members([("value", try problem(code, status, example))])))
        }
        let isOAuth = try members["oauth"]?.flag() == true
        return .members([
            ("description", description.node),
            ("headers", .members(headers)),
            (
                "content",
                .members([
                    (
                        isOAuth ? "application/json" : "application/problem+json",
                        .members([
                            ("schema", .reference(.schemas, isOAuth ? "TokenProblem" : "Problem")),
                            ("examples", .members(values)),
                        ])
                    )
                ])
            ),
        ])
    }

    private func problem(_ name: String, _ status: Value, _ example: Value) throws(ContractError) -> Node {
        let members = try example.members(
            of: "the example of a problem",
            [
                "error", "error_description", "code", "title", "detail", "instance", "request_id", "errors",
                "enrolment_ticket", "limit",
            ])
        let code = try members["code"]?.text() ?? name
        return .members([
            ("error", members["error"]?.node), ("error_description", members["error_description"]?.node),
            ("type", .text("/problems/\(code)")), ("title", members["title"]?.node), ("status", status.node),
            ("detail", members["detail"]?.node), ("instance", members["instance"]?.node), ("code", .text(code)),
            ("request_id", members["request_id"]?.node ?? .text("0198ca94-2869-71eb-91b7-5bfd27fa83f1")),
            ("limit", members["limit"]?.node), ("errors", members["errors"]?.node),
            ("enrolment_ticket", members["enrolment_ticket"]?.node),
        ])
    }
}
