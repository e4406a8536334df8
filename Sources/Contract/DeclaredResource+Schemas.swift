import Yams

extension DeclaredResource {
    /// Record, new, patch and page.
    func schemas() -> [(name: String, schema: Node)] {
        let record = fields.filter { !$0.isWriteOnly }
        let new = fields.filter { !$0.isReadOnly }
        let patch = fields.filter { !$0.isReadOnly && !$0.isFixed && !$0.isWriteOnly }
        let whole =
            [("id", Node.reference(.schemas, "Id"))] + record.map { ($0.name, $0.answered) }
            + [("version", Node.reference(.schemas, "Version"))]
        var schemas = [
            (
                "\(noun)Record",
                object("\(many): a single record.", required: whole.map { $0.0 }, whole)
            ),
            (
                "New\(noun)",
                object(
                    "To \(summary("create").lowercasedFirst).", required: new.filter { $0.isRequired }.map { $0.name },
                    new.map { ($0.name, $0.new) })
            ),
            (
                "\(noun)Patch",
                object("To change \(one).", required: [], patch.map { ($0.name, $0.written) })
            ),
        ]
        if !without.contains("list") {
            schemas.append(
                (
                    "\(noun)Page",
                    Schemas.page(of: .reference(.schemas, "\(noun)Record"), .text("A page of a list."))
                ))
        }
        return schemas
    }

    private func object(_ description: String, required: [String], _ properties: [(String, Node)]) -> Node {
        .members([
            ("type", .text("object")),
            ("description", .text(description)),
            ("additionalProperties", .plain("false")),
            ("required", required.isEmpty ? nil : .texts(required)),
            ("properties", .members(properties.map { ($0.0, $0.1) })),
        ])
    }

    /// The summary of an operation; the part may give its own.
    func summary(_ operation: String) -> String {
        if let own = try? summaries[operation]?.text() { return own }
        return switch operation {
        case "list": many
        case "create": "Create \(one)"
        case "get": "One \(one.withoutArticle)"
        case "update": "Change \(one)"
        default: "Delete \(one)"
        }
    }
}

extension String {
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
