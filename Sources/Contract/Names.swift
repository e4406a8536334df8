/// The kinds of things in the document's `components`.
enum Kind: String, CaseIterable {
    case parameters, headers, responses, schemas

    /// For messages.
    var singular: String { String(rawValue.dropLast()) }
}

/// The names of all shared things. A part uses a bare name where OpenAPI requires the thing or a `$ref` to it.
struct Names {
    private var sources: [Kind: [String: Value]] = [:]

    mutating func add(_ kind: Kind, _ name: String, _ source: Value) throws(ContractError) {
        guard sources[kind, default: [:]].updateValue(source, forKey: name) == nil else {
            throw source.fault("there is another \(kind.singular) \(name)")
        }
        if kind == .schemas, Self.wordsOfLanguages.contains(name.lowercased()) {
            throw source.fault("\(name) means something else in a language of clients; call the schema otherwise")
        }
    }

    /// Types and keywords of Swift, Kotlin, Java, TypeScript and Python, in lower case. Generators rename schemas with
    /// such names, each generator in its own way.
    private static let wordsOfLanguages: Set = [
        "any", "array", "bool", "boolean", "byte", "bytes", "character", "class", "codable", "collection", "data",
        "date",
        "datetime", "decimal", "default", "dict", "dictionary", "document", "double", "element", "encoder", "enum",
        "error", "event", "exception", "file", "float", "function", "import", "int", "integer", "interface", "iterator",
        "list", "location", "long", "map", "module", "never", "node", "none", "nothing", "null", "number", "object",
        "operation", "optional", "package", "pair", "partial", "promise", "protocol", "range", "record", "request",
        "required", "response", "result", "self", "set", "short", "string", "symbol", "task", "thread", "throwable",
        "timer",
        "type", "unit", "url", "uuid", "value", "void",
    ]

    /// The thing as written in its part.
    @discardableResult
    func find(_ kind: Kind, _ name: String, at place: Value) throws(ContractError) -> Value {
        guard let source = sources[kind]?[name] else { throw place.fault("there is no \(kind.singular) \(name)") }
        return source
    }
}
