/// Reads the members of a request's object. It never throws: every problem is recorded with its pointer, so that a
/// client hears all of them at once. The values may only be used when `FieldProblems` is empty in the end.
///
/// Each member is read once by name; `finish()` then refuses those that were never asked for.
package struct ObjectReader {
    package let pointer: JSONPointer
    package let problems: FieldProblems
    private let members: [(key: String, value: JSONValue)]
    private var wasRead: [Bool]
    /// False when the value was no object: that is one problem, not one for each missing member.
    private let isObject: Bool

    package init(_ value: JSONValue, at pointer: JSONPointer = JSONPointer(), problems: FieldProblems) {
        self.pointer = pointer
        self.problems = problems
        if case .object(let members) = value {
            self.members = members
            isObject = true
        } else {
            members = []
            isObject = false
            problems.add(pointer, .wrongType, ["expected": "object"])
        }
        wasRead = [Bool](repeating: false, count: members.count)
    }

    /// Records the members that were not read.
    package func finish() {
        for (member, wasRead) in zip(members, wasRead) where !wasRead {
            problems.add(pointer.appending(member.key), .unknownField)
        }
    }

    /// A problem with a member that only the caller can see, such as a rule between two.
    package func add(_ name: String, _ code: FieldProblem.Code, _ parameters: [String: String] = [:]) {
        problems.add(pointer.appending(name), code, parameters)
    }

    /// Whether the member was not sent at all.
    package func isMissing(_ name: String) -> Bool {
        isObject && !members.contains { identical($0.key, name) }
    }

    /// The member as it is, whatever its type.
    package mutating func any(_ name: String, _ presence: Presence = .required) -> Field<JSONValue> {
        guard let index = members.firstIndex(where: { identical($0.key, name) }) else {
            if presence.isRequired, isObject { add(name, .required) }
            return .absent
        }
        wasRead[index] = true
        if case .null = members[index].value {
            if presence.allowsNull { return .null }
            add(name, .nullNotAllowed)
            return .absent
        }
        return .value(members[index].value)
    }

    /// Reads a member and parses it; `parse` returns nil after it has recorded why.
    mutating func read<Value>(
        _ name: String, _ presence: Presence, _ parse: (JSONValue, JSONPointer, FieldProblems) -> Value?
    ) -> Field<Value> {
        switch any(name, presence) {
        case .absent: .absent
        case .null: .null
        case .value(let value): parse(value, pointer.appending(name), problems).map { .value($0) } ?? .absent
        }
    }
}
