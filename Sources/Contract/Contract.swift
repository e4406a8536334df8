import Yams

/// Generates the contract, openapi.yaml, from the parts in `openapi/`.
package enum Contract {
    /// Returns the text of openapi.yaml.
    ///
    /// - Parameter directory: the directory of the parts.
    /// - Throws: the first fault in a part, with its place.
    package static func bundle(_ directory: String) throws(ContractError) -> String {
        let text = YAMLText.of(try document(directory))
        return """
            # Generated from the parts in openapi/ by `lyceum openapi bundle`. Change those, not this.
            \(text)
            """
    }

    private static func document(_ directory: String) throws(ContractError) -> Node {
        let root = try Part(
            "_root.yaml", in: directory,
            keys: ["openapi", "info", "servers", "security", "tags", "securitySchemes"])
        let parameters = try Part("_parameters.yaml", in: directory, keys: ["parameters"])
        let responses = try Part(
            "_responses.yaml", in: directory, keys: ["answers", "header_sets", "responses", "headers"])
        let fields = try Part("_fields.yaml", in: directory, keys: ["fields"])
        let callers = try Part("_callers.yaml", in: directory, keys: ["callers"])
        let common = try ["_problems.yaml", "_schemas.yaml"].map { (file) throws(ContractError) in
            try Part(file, in: directory, keys: ["problems", "schemas"])
        }
        let nouns = try Part.files(in: directory).map { (file) throws(ContractError) in
            try Part(file, in: directory)
        }

        // Collect the names first: a part may refer to names in another one.
        var names = Names()
        for (name, value) in try parameters.entries("parameters") { try names.add(.parameters, name, value) }
        for (name, value) in try responses.entries("headers") { try names.add(.headers, name, value) }
        for (name, value) in try responses.entries("responses") { try names.add(.responses, name, value) }
        for part in common + nouns {
            for (name, value) in try part.entries("problems") { try names.add(.responses, name, value) }
            for (name, value) in try part.entries("schemas") { try names.add(.schemas, name, value) }
            guard let resource = part["resource"] else { continue }
            let members = try resource.members(of: "a resource", DeclaredResource.keys)
            for name in try DeclaredResource.names(members) {
                try names.add(.schemas, name, resource)
            }
        }

        let schemas = Schemas(names: names)
        let answers = try Answers(responses, schemas)
        let shared = try SharedParts(callers: callers, fields: fields, schemas)
        var tags: Set<String> = []
        for tag in try root.required("tags").items() {
            if let name = tag.node[member: "name"]?.string { tags.insert(name) }
        }
        let operations = Operations(answers: answers, tags: tags)

        var document = Document()
        for (name, value) in try parameters.entries("parameters") {
            document.add(.parameters, name, try operations.parameter(value))
        }
        for (name, value) in try responses.entries("headers") {
            document.add(.headers, name, try answers.header(value))
        }
        for (name, value) in try responses.entries("responses") {
            document.add(.responses, name, try answers.response(value))
        }
        for part in common + nouns {
            for (name, value) in try part.entries("problems") {
                document.add(.responses, name, try answers.problem(value))
            }
            for (name, value) in try part.entries("schemas") { document.add(.schemas, name, try schemas.named(value)) }
        }
        for part in nouns {
            let tag = try part.required("tag")
            if let value = part["resource"] {
                guard tags.contains(try tag.text()) else { throw tag.fault("_root.yaml has no tag \(try tag.text())") }
                let resource = try DeclaredResource(value, tag: tag.node, shared)
                for (path, method, operation) in try resource.operations(answers) {
                    try document.add(path, method, operation, at: value)
                }
                for (name, schema) in resource.schemas() { document.add(.schemas, name, schema) }
            }
            if let value = part["report"] {
                let report = try ReportOperation(value, tag: tag, operations)
                try document.add(report.path, "get", report.node, at: value)
            }
            for (path, value) in try part.entries("paths") {
                let members = try value.members(of: "a path", Set(Operations.methods + ["parameters"]))
                if let parameters = members["parameters"] {
                    try document.add(path, "parameters", try operations.parameters(parameters), at: parameters)
                }
                for method in Operations.methods {
                    guard let member = members[method] else { continue }
                    try document.add(path, method, try operations.operation(member, tag: tag), at: member)
                }
            }
        }
        return try document.node(root)
    }
}
