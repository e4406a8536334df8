import Postgres

/// How the database refuses: the SQLSTATE, and the word by which a program knows the rule.
package struct Refusal: Equatable, Sendable, CustomStringConvertible {
    package var state: String
    /// The message of the rules' own states (the problem's code), the constraint of the standard ones.
    package var word: String

    package init(_ state: String, _ word: String) {
        self.state = state
        self.word = word
    }

    package init(_ failure: BlockingConnection.Failure) {
        state = failure.sqlState ?? "none"
        if state == "42501" {
            word = failure.message.contains("row-level security") ? "row_security" : "privilege"
        } else if state.hasPrefix("LY") {
            word = failure.message
        } else {
            word = failure.constraint ?? failure.message
        }
    }

    package var description: String { "\(state) \(word)" }
}

extension Refusal {
    package static let marksNotAllowed = Refusal("LYM01", "marks_not_allowed")
    package static let valueNotAllowed = Refusal("LYM02", "value_not_allowed")
    package static let notAMember = Refusal("LYM03", "not_a_member")
    package static let editWindowClosed = Refusal("LYM04", "edit_window_closed")
    package static let lessonInFuture = Refusal("LYM04", "lesson_in_future")
    package static let versionNotWritable = Refusal("LYM05", "version_not_writable")
    package static let studentOverlap = Refusal("LYL01", "student_overlap")
    package static let lessonOnHoliday = Refusal("LYL01", "lesson_on_holiday")
    package static let lessonOutsideYear = Refusal("LYL01", "lesson_outside_year")
    package static let noPrivilege = Refusal("42501", "privilege")
    package static let rowSecurity = Refusal("42501", "row_security")

    package static func check(_ constraint: String) -> Refusal { Refusal("23514", constraint) }
    package static func duplicate(_ constraint: String) -> Refusal { Refusal("23505", constraint) }
    package static func overlap(_ constraint: String) -> Refusal { Refusal("23P01", constraint) }
    package static func foreignKey(_ constraint: String) -> Refusal { Refusal("23503", constraint) }
}
