import Yams

extension DeclaredResource {
    /// The operations, each with its path and method.
    func operations(_ answers: Answers) throws(ContractError) -> [(path: String, method: String, operation: Node)] {
        let all = [
            ("list", path, "get", try list(answers)), ("create", path, "post", try create(answers)),
            ("get", pathOfOne, "get", try get(answers)), ("update", pathOfOne, "patch", try update(answers)),
            ("delete", pathOfOne, "delete", try delete(answers)),
        ]
        return all.filter { !without.contains($0.0) }.map { ($0.1, $0.2, $0.3) }
    }

    private func list(_ answers: Answers) throws(ContractError) -> Node {
        let filters = filters.map { Operations.identifier("query", $0.name, $0.description) }
        let parameters =
            parentParameters + filters + (isSearched ? shared("NameQuery") : [])
            + (isArchivable ? shared("Archived") : [])
            + (further.isEmpty ? [] : [more]) + shared("Ids")
            + (fields.contains { $0.name == "external_id" } ? shared("ExternalId") : []) + shared("UpdatedSince")
            + shared("Limit", "Cursor", "Include")
        let page = Node.members([
            ("items", .list([examples.item])), ("next_cursor", .plain("null")),
            ("watermark", .text("MS4zYTVmMGM5Mi44MTM6Njo")),
        ])
        return operation(
            "list", "list\(plural)",
            "\(description) The list is \(sorted). May be called by \(readers.words).",
            security: Operations.security(programs: programs, ownApps: readers.ownApps), parameters: parameters,
            responses: responses(
                answers, "read", (parents.isEmpty ? [] : ["404"]) + ["410"], "200",
                answer(answers, "A page.", "page", "\(noun)Page", .members([("page", .members([("value", page)]))]))))
    }

    private func create(_ answers: Answers) throws(ContractError) -> Node {
        let refusals = refusals.isEmpty ? "." : "; further refusals: \(refusals)"
        return operation(
            "create", "create\(noun)",
            "May be called by \(makers.words). 422 names every invalid field\(refusals)",
            security: Operations.security(programs: [], ownApps: makers.ownApps),
            parameters: parentParameters + shared("IdempotencyKey"),
            body: .members([
                ("schema", .reference(.schemas, "New\(noun)")), ("examples", examples.new),
            ]),
            responses: responses(
                answers, "write", (parents.isEmpty ? [] : ["404"]) + ["409"], "201",
                answer(answers, "Created.", "made", "\(noun)Record")))
    }

    private func get(_ answers: Answers) throws(ContractError) -> Node {
        operation(
            "get", "get\(noun)", "May be called by \(readers.words).",
            security: Operations.security(programs: programs, ownApps: readers.ownApps),
            parameters: ownParameters + shared("IfNoneMatch"),
            responses: responses(
                answers, "read", ["304", "404", "412"], "200",
                answer(
                    answers, this, "versioned", "\(noun)Record",
                    .members([("one", .members([("value", examples.record)]))]))))
    }

    private func update(_ answers: Answers) throws(ContractError) -> Node {
        operation(
            "update", "update\(noun)",
            "Fields that are left out keep their values. May be called by \(writers.words). The refusals are those of "
                + "creation.",
            security: Operations.security(programs: [], ownApps: writers.ownApps),
            parameters: ownParameters + shared("IfMatch", "IdempotencyKey"),
            body: .members([("schema", .reference(.schemas, "\(noun)Patch"))]),
            responses: responses(
                answers, "write", ["404", "409", "412", "428"], "200",
                answer(answers, "The changed record.", "versioned", "\(noun)Record")))
    }

    private func delete(_ answers: Answers) throws(ContractError) -> Node {
        operation(
            "delete", "delete\(noun)",
            "Only for a record to which no other record refers; otherwise 409 `in_use`. May be called by "
                + "\(writers.words).",
            security: Operations.security(programs: [], ownApps: writers.ownApps),
            parameters: ownParameters + shared("IfMatch"),
            responses: responses(
                answers, "command", ["404", "409", "412", "428"], "204", answer(answers, "Deleted.", "bare")))
    }

    // MARK: Pieces

    /// Fields that the list does not show by itself.
    private var further: [String] {
        guard let summary else { return [] }
        return fields.filter { !$0.isWriteOnly && !summary.contains($0.name) }.map { $0.name }
    }

    private var more: Node {
        .members([
            ("name", .text("fields")), ("in", .text("query")),
            (
                "description",
                .text(
                    "More fields to show, separated by commas. A field is `null` if the record has no value, or if the "
                        + "caller may not see it.")
            ),
            ("explode", .plain("false")),
            (
                "schema",
                .members([
                    ("type", .text("array")), ("minItems", .plain("1")),
                    ("items", .members([("type", .text("string")), ("enum", .texts(further))])),
                ])
            ),
        ])
    }

    private func operation(
        _ operation: String, _ identifier: String, _ description: String, security: Node?, parameters: [Node],
        body: Node? = nil, responses: Node
    ) -> Node {
        .members([
            ("tags", .list([tag])),
            ("operationId", .text(identifier)),
            ("summary", .text(summary(operation))),
            ("description", descriptions[operation]?.node ?? .text(description)),
            ("security", security),
            ("parameters", .list(parameters)),
            (
                "requestBody",
                body.map {
                    .members([
                        ("required", .plain("true")), ("content", .members([("application/json", $0)])),
                    ])
                }
            ),
            ("responses", responses),
        ])
    }

    private var parentParameters: [Node] {
        parents.map { Operations.identifier("path", $0.name, $0.description) }
    }

    private var ownParameters: [Node] { parentParameters + [Operations.identifier("path", identifier, this)] }

    private func shared(_ names: String...) -> [Node] { names.map { .reference(.parameters, $0) } }

    private func answer(
        _ answers: Answers, _ description: String, _ headers: String, _ schema: String? = nil, _ examples: Node? = nil
    ) -> Node {
        .members([
            ("description", .text(description)),
            ("headers", answers.headerSets[headers]),
            (
                "content",
                schema.map {
                    .members([
                        (
                            "application/json",
                            .members([("schema", .reference(.schemas, $0)), ("examples", examples)])
                        )
                    ])
                }
            ),
        ])
    }

    /// The answers of a class, those with these statuses, and the one for success.
    private func responses(
        _ answers: Answers, _ name: String, _ statuses: [String], _ status: String, _ response: Node
    ) -> Node {
        var responses = [status: response]
        for (status, response) in answers.classes[name] ?? [] { responses[status] = .reference(.responses, response) }
        for status in statuses { responses[status] = .reference(.responses, Self.problems[status]!) }
        return Answers.sorted(responses)
    }

    /// Further answers of an operation on a record, in addition to those of the class.
    private static let problems = [
        "304": "NotModified", "404": "NotFound", "409": "Conflict", "410": "Gone",
        "412": "PreconditionFailed",
        "428": "PreconditionRequired",
    ]
}
