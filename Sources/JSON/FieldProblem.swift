/// One thing wrong with one field of a request.
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
    /// Codes of the API, beside those of `Code`, where a domain rule finds the problem.
    package let code: String
    /// What a text about the problem may name, such as `maximum`.
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

/// Collects the problems of one request, in the order found. It lives on the core that reads the request.
package final class FieldProblems {
    package private(set) var all: [FieldProblem] = []

    /// A body of a thousand bad items need not be answered with each of them; beyond this they are only counted.
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
