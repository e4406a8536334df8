import CPostgres
import JSON

/// How a statement's columns become JSON. Computed once per connection from their aliases and types:
///
/// | alias | becomes |
/// |---|---|
/// | `name` | `"name": …` |
/// | `subject.name` | `"subject": {"name": …}`, together with neighbours that have the same first part |
/// | `room?.id` | the same, or `"room": null` if this first column of the object is NULL |
/// | `_parent` | nothing: a column for the server's own use |
@safe final class RowShape {
    /// One step of writing a row. Small and without references, because it is used for each value of each row.
    struct Step {
        enum Kind { case begin, beginUnlessNull, end, verbatim, boolean, moment, text }

        let kind: Kind
        /// The form of a value in binary.
        let form: BinaryForm
        /// The column whose value is written or tested; -1 for none.
        let column: Int32
        /// The step to continue with if the object is null.
        var next: Int32 = 0
        /// The position of its key in `keys`, which begins with a comma.
        let key: Int32
        let keyCount: Int32
    }

    let steps: [Step]
    /// All keys one after the other, plus eight bytes, because they are copied by words.
    let keys: [UInt8]
    let names: [String]
    /// The column that `_parent` of child rows refers to: `_key`, otherwise `id`.
    let key: Int?
    let parent: Int?
    /// The binary forms of the columns; nil if the statement is requested in text.
    let forms: [BinaryForm]?

    init(_ result: OpaquePointer) {
        let count = unsafe PQnfields(result)
        let names = (0..<count).map { unsafe String(cString: PQfname(result, $0)) }
        let types = (0..<count).map { unsafe PQftype(result, $0) }
        let forms = types.map { BinaryForm(type: $0) }
        var builder = Builder()
        for (column, name) in names.enumerated() where !name.hasPrefix("_") {
            builder.add(name, Int32(column), Self.kind(ofType: types[column]), forms[column] ?? .same)
        }
        builder.close()
        steps = builder.steps
        keys = builder.keys + Array(repeating: 0, count: 8)
        key = names.firstIndex(of: "_key") ?? names.firstIndex(of: "id")
        parent = names.firstIndex(of: "_parent")
        self.names = names
        self.forms = BinaryForm.pays(forms) ? forms.compactMap { $0 } : nil
    }

    func index(of name: String) -> Int {
        guard let index = names.firstIndex(of: name) else { preconditionFailure("no column \(name) in \(names)") }
        return index
    }

    /// The kind of a built-in type, by its object identifier (pg_type.dat).
    private static func kind(ofType oid: Oid) -> Step.Kind {
        switch oid {
        case 16: .boolean
        case 20, 21, 23, 26, 700, 701, 1700, 114, 3802: .verbatim  // numbers and json as they are
        case 1184: .moment
        default: .text
        }
    }

    private struct Builder {
        var steps: [Step] = []
        var keys: [UInt8] = []
        private var open: String?
        private var optional: Int?

        mutating func add(_ name: String, _ column: Int32, _ kind: Step.Kind, _ form: BinaryForm) {
            let parts = name.split(separator: ".", maxSplits: 1).map { String($0) }
            let group = parts.count == 2 ? parts[0] : nil
            if group != open { close() }
            if let group, open == nil {
                open = group
                if group.hasSuffix("?") {
                    optional = steps.count
                    append(.beginUnlessNull, column, String(group.dropLast()))
                } else {
                    append(.begin, -1, group)
                }
            }
            append(kind, column, parts.last!, form)
        }

        mutating func close() {
            guard open != nil else { return }
            steps.append(Step(kind: .end, form: .same, column: -1, key: 0, keyCount: 0))
            if let optional { steps[optional].next = Int32(steps.count) }
            open = nil
            optional = nil
        }

        private mutating func append(_ kind: Step.Kind, _ column: Int32, _ name: String, _ form: BinaryForm = .same) {
            let key = JSONKey(name).bytes
            steps.append(
                Step(kind: kind, form: form, column: column, key: Int32(keys.count), keyCount: Int32(key.count)))
            keys += key
        }
    }
}
