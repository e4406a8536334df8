/// One problem with one field of a request.
package struct FieldProblem: Sendable, Hashable {
    package enum Code: String, Sendable, Hashable, CaseIterable {
        case required
        case unknownField = "unknown_field"
        case wrongType = "wrong_type"
        case tooLong = "too_long"
        case tooShort = "too_short"
        case outOfRange = "out_of_range"
        case notADate = "not_a_date"
        case notATime = "not_a_time"
        case notAUUID = "not_a_uuid"
        case notOneOf = "not_one_of"
        case tooManyItems = "too_many_items"
        case nullNotAllowed = "null_not_allowed"
        case nullCharacter = "null_character"
    }

    package let pointer: JSONPointer
    /// One of `Code`, or another code of the API if a domain rule found the problem.
    package let code: String
    /// Values that a text about the problem may name, such as `maximum`.
    package let parameters: [String: String]

    package init(_ pointer: JSONPointer, _ code: Code, _ parameters: [String: String] = [:]) {
        self.init(pointer, code.rawValue, parameters)
    }

    package init(_ pointer: JSONPointer, _ code: String, _ parameters: [String: String] = [:]) {
        self.pointer = pointer
        self.code = code
        self.parameters = parameters
    }
}

/// Collects the problems of one request in the order found. Belongs to the core that reads the request.
package final class FieldProblems {
    package private(set) var all: [FieldProblem] = []

    /// How many problems are kept; further ones are only counted. A body with a thousand bad items needs no longer
    /// answer.
    package static let maximumCount = 100
    package private(set) var omittedCount = 0

    package init() {}

    package var isEmpty: Bool { all.isEmpty }

    package func add(_ problem: FieldProblem) {
        guard all.count < FieldProblems.maximumCount else {
            omittedCount += 1
            return
        }
        all.append(problem)
    }

    package func add(_ pointer: JSONPointer, _ code: FieldProblem.Code, _ parameters: [String: String] = [:]) {
        add(FieldProblem(pointer, code, parameters))
    }
}
