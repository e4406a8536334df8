/// Reads the members of an object in a request. It never throws: it records every problem with its pointer, so that the
/// client learns of all of them at once. The values may be used only if `FieldProblems` is empty at the end.
///
/// Each member is read once by name; `finish()` then reports the members that were never read.
package struct ObjectReader {
    package let pointer: JSONPointer
    package let problems: FieldProblems
    private let members: [(key: String, value: JSONValue)]
    private var wasRead: [Bool]
    /// False if the value is not an object. That is one problem, not one for each missing member.
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

    /// Records a problem that only the caller can find, such as a rule about two members.
    package func add(_ name: String, _ code: FieldProblem.Code, _ parameters: [String: String] = [:]) {
        problems.add(pointer.appending(name), code, parameters)
    }

    /// Whether the member was not sent at all.
    package func isMissing(_ name: String) -> Bool {
        isObject && !members.contains { identical($0.key, name) }
    }

    /// The member without a type check.
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

    /// Reads and parses a member. `parse` returns nil after recording the problem.
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
