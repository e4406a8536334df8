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
    }

    /// The thing as written in its part.
    @discardableResult
    func find(_ kind: Kind, _ name: String, at place: Value) throws(ContractError) -> Value {
        guard let source = sources[kind]?[name] else { throw place.fault("there is no \(kind.singular) \(name)") }
        return source
    }
}
