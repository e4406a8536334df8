import Yams

/// A noun that the program declares instead of programming: a list, one record, and creating, changing and deleting it.
///
/// Its part has only what is special: fields, an example, texts, who may call, and what it refuses. The operations with
/// their parameters and answers, and the schemas for record, new, patch and page, are derived from it.
struct DeclaredResource {
    /// For operation ids and schema names: `Room`, and `Rooms` for the list.
    let noun: String
    let plural: String
    let path: String
    let tag: Node
    /// The path parameter of one record: `room_id`.
    let identifier: String
    /// `Rooms`, `a room`, `The room.`
    let many: String
    let one: String
    let this: String
    /// Texts that replace the generated ones of an operation.
    let summaries: [String: Value]
    let descriptions: [String: Value]
    /// What the noun is, and how its list is sorted: `by name`.
    let description: String
    let sorted: String
    let readers: Callers
    let makers: Callers
    let writers: Callers
    let programs: [String]
    let without: [String]
    let refusals: String
    /// Ids in the path of the list, and what they mean.
    let parents: [(name: String, description: String)]
    let filters: [(name: String, description: String)]
    let isSearched: Bool
    let fields: [PartField]
    let examples: ResourceExamples

    static let keys: Set = [
        "noun", "plural", "path", "id", "many", "one", "this", "summaries", "descriptions", "description", "sorted",
        "read",
        "make", "write", "programs", "without", "refusals", "parents", "filters", "searched", "fields", "example",
        "list_example", "new_examples",
    ]
    static let operations: Set = ["list", "create", "get", "update", "delete"]

    init(_ value: Value, tag: Node, _ shared: SharedParts) throws(ContractError) {
        let members = try value.members(of: "a resource", Self.keys)
        func text(_ key: String) throws(ContractError) -> String {
            guard let member = members[key] else { throw value.fault("the resource has no \(key)") }
            return try member.text()
        }
        func callers(_ member: Value?) throws(ContractError) -> Callers? {
            try member.map { (member) throws(ContractError) in try shared.callers(member) }
        }
        func pairs(_ key: String) throws(ContractError) -> [(name: String, description: String)] {
            var pairs: [(name: String, description: String)] = []
            for (name, words) in try members[key]?.members() ?? [] { pairs.append((name, try words.text())) }
            return pairs
        }
        self.tag = tag
        noun = try text("noun")
        plural = try members["plural"]?.text() ?? noun + "s"
        path = try text("path")
        identifier = try members["id"]?.text() ?? noun.underscored + "_id"
        many = try text("many")
        one = try text("one")
        this = try members["this"]?.text() ?? "The \(one.withoutArticle)."
        summaries = try members["summaries"]?.members(of: "summaries", Self.operations) ?? [:]
        descriptions = try members["descriptions"]?.members(of: "descriptions", Self.operations) ?? [:]
        without = try members["without"]?.texts() ?? []
        if let strange = without.first(where: { !Self.operations.contains($0) }) {
            throw members["without"]!.fault("there is no operation \(strange)")
        }
        let saysItsList = without.contains("list") || descriptions["list"] != nil
        description = saysItsList ? "" : try text("description").unwrapped
        sorted = saysItsList ? "" : try text("sorted")
        guard let readers = try callers(members["read"]), let writers = try callers(members["write"]) else {
            throw value.fault("the resource does not say who may read and write")
        }
        self.readers = readers
        self.writers = writers
        makers = try callers(members["make"]) ?? writers
        programs = try members["programs"]?.texts() ?? []
        refusals = try members["refusals"]?.text().unwrapped ?? ""
        parents = try pairs("parents")
        filters = try pairs("filters")
        isSearched = try members["searched"]?.flag() ?? false
        guard let fields = members["fields"], let example = members["example"] else {
            throw value.fault("the resource has no fields or no example")
        }
        var read: [PartField] = []
        for (name, field) in try fields.members() { read.append(try PartField(name, field, shared)) }
        self.fields = read
        examples = try ResourceExamples(
            example, list: members["list_example"], new: members["new_examples"], fields: read)
    }

    /// The path of one record.
    var pathOfOne: String { "\(path)/{\(identifier)}" }

    var isArchivable: Bool { fields.contains { $0.name == "archived" } }

    /// The names of its schemas, needed before the rest is read.
    static func names(_ noun: Value?, _ without: Value?) throws(ContractError) -> [String] {
        guard let noun = try noun?.text() else { return [] }
        let hasList = try without?.texts().contains("list") != true
        return ["\(noun)Record", "New\(noun)", "\(noun)Patch"] + (hasList ? ["\(noun)Page"] : [])
    }
}

/// Who may call, as named in `_callers.yaml`.
struct Callers {
    /// The text after "May be called by".
    let words: String
    /// Apps of others may not call.
    let ownApps: Bool
}

/// What the parts share.
struct SharedParts {
    let schemas: Schemas
    let fields: [String: Value]
    private let callers: [String: Callers]

    init(callers: Part, fields: Part, _ schemas: Schemas) throws(ContractError) {
        self.schemas = schemas
        var shared: [String: Value] = [:]
        for (name, field) in try fields.entries("fields") { shared[name] = field }
        self.fields = shared
        var all: [String: Callers] = [:]
        for (name, value) in try callers.entries("callers") {
            let members = try value.members(of: "callers", ["words", "roles", "own_apps"])
            guard let words = members["words"] else { throw value.fault("words are missing") }
            all[name] = Callers(words: try words.text(), ownApps: try members["own_apps"]?.flag() ?? false)
        }
        self.callers = all
    }

    func callers(_ name: Value) throws(ContractError) -> Callers {
        guard let known = callers[try name.text()] else {
            throw name.fault(
                "there are no callers \(try name.text()); _callers.yaml has "
                    + callers.keys.sorted().joined(separator: ", "))
        }
        return known
    }
}

extension String {
    /// Turns `BellSchedule` into `bell_schedule`.
    var underscored: String {
        var result = ""
        for character in self {
            if character.isUppercase, !result.isEmpty { result.append("_") }
            result += character.lowercased()
        }
        return result
    }

    var withoutArticle: String {
        for article in ["a ", "an "] where hasPrefix(article) { return String(dropFirst(article.count)) }
        return self
    }

    /// The text as one paragraph, without line breaks.
    var unwrapped: String { replacing("\n", with: " ") }
}
