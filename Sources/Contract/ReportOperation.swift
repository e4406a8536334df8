import Yams

/// The operation of a report, `report` in a part: the same forms and answers for all reports.
struct ReportOperation {
    let path: String
    let node: Node

    private static let keys: Set<String> = [
        "name", "summary", "description", "callers", "programs", "parameters", "period", "tables", "schema", "example",
    ]
    /// Parameters whose record may be hidden from the caller, or not exist: 404.
    private static let gates: Set<String> = ["class_id", "section_id", "student_id", "teacher_id", "order_id"]

    init(_ value: Value, tag: Value, _ operations: Operations) throws(ContractError) {
        let members = try value.members(of: "a report", Self.keys)
        for key in ["name", "summary", "description", "callers", "tables", "schema", "example"]
        where members[key] == nil {
            throw value.fault("the report has no \(key)")
        }
        let name = try members["name"]!.text()
        let tables = try members["tables"]!.texts()
        path = "/v1/reports/\(name)"
        let programs = try members["programs"]?.texts() ?? []
        let own = try members["parameters"]?.items() ?? []
        var parameters: [Node] = []
        var isGated = false
        for parameter in own {
            parameters.append(try operations.parameter(parameter))
            for (key, value) in try parameter.members() where key == "query" {
                isGated = Self.gates.contains(try value.text()) || isGated
            }
        }
        if try members["period"]?.flag() ?? false { parameters += Self.period }
        parameters += [Self.reference("ReportFormat"), Self.table(tables), Self.reference("ByteOrderMark")]
        let words = try members["callers"]!.text()
        node = .members([
            ("tags", .list([tag.node])),
            ("operationId", .text(Self.operation(name))),
            ("summary", members["summary"]!.node),
            (
                "description",
                .text(try members["description"]!.text() + "\n\n\(Self.forms)\n\nMay be called by \(words).\n")
            ),
            ("security", Operations.security(programs: programs, ownApps: false)),
            ("parameters", .list(parameters + [Self.reference("IfNoneMatch")])),
            ("responses", try Self.responses(members, isGated: isGated, operations.answers)),
        ])
    }

    private static let forms = """
        `format`, or otherwise `Accept`, chooses the form. All forms show the same figures; JSON has the ids and links
        besides. `docs/reports.md` describes the forms.
        """

    private static func operation(_ name: String) -> String {
        "get" + name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() + "Report"
    }

    private static func reference(_ name: String) -> Node { .reference(.parameters, name) }

    /// The time that the report is about.
    private static var period: [Node] {
        [
            Operations.identifier(
                "query", "term_id",
                "The term. The default is the term that began last, among those of the grade level. Excludes `from` and `to`."
            ),
            day("from", "The first day, together with `to`."),
            day("to", "The last day, inclusive; at most 366 days from `from`."),
        ]
    }

    private static func day(_ name: String, _ description: String) -> Node {
        .members([
            ("name", .text(name)), ("in", .text("query")), ("description", .text(description)),
            ("schema", .reference(.schemas, "CalendarDate")),
        ])
    }

    private static func table(_ names: [String]) -> Node {
        .members([
            ("name", .text("table")), ("in", .text("query")),
            ("description", .text("For `format=csv`: the table. The default is `\(names[0])`.")),
            ("schema", .members([("type", .text("string")), ("enum", .texts(names))])),
        ])
    }

    private static func responses(
        _ members: [String: Value], isGated: Bool, _ answers: Answers
    ) throws(ContractError) -> Node {
        var responses: [(String, Node)] = [("200", try success(members, answers)), ("304", named("ReportNotModified"))]
        if isGated { responses.append(("404", named("NotFound"))) }
        for (status, response) in answers.classes["report"] ?? [] { responses.append((status, named(response))) }
        return Answers.sorted(Dictionary(responses) { first, _ in first })
    }

    private static func named(_ response: String) -> Node { .reference(.responses, response) }

    private static func success(_ members: [String: Value], _ answers: Answers) throws(ContractError) -> Node {
        let text = Node.members([("schema", .members([("type", .text("string"))]))])
        let file = Node.members([
            ("schema", .members([("type", .text("string")), ("format", .text("binary"))]))
        ])
        return .members([
            ("description", .text("The report.")),
            ("headers", answers.headerSets["report"]),
            (
                "content",
                .members([
                    (
                        "application/json",
                        .members([
                            ("schema", try answers.schemas.schema(members["schema"]!)),
                            ("examples", .members([("report", .members([("value", members["example"]!.node)]))])),
                        ])
                    ),
                    ("text/csv", text), ("text/html", text), ("application/pdf", file),
                    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", file),
                ])
            ),
        ])
    }
}
