import Postgres

/// How the database refuses: the SQLSTATE, and the word by which a program knows the rule.
struct Refusal: Equatable, Sendable, CustomStringConvertible {
    var state: String
    /// The message of the rules' own states (the problem's code), the constraint of the standard ones.
    var word: String

    init(_ state: String, _ word: String) {
        self.state = state
        self.word = word
    }

    init(_ failure: BlockingConnection.Failure) {
        state = failure.sqlState ?? "none"
        if state == "42501" {
            word = failure.message.contains("row-level security") ? "row_security" : "privilege"
        } else if state.hasPrefix("LY") {
            word = failure.message
        } else {
            word = failure.constraint ?? failure.message
        }
    }

    var description: String { "\(state) \(word)" }
}

extension Refusal {
    static let marksNotAllowed = Refusal("LYM01", "marks_not_allowed")
    static let valueNotAllowed = Refusal("LYM02", "value_not_allowed")
    static let notAMember = Refusal("LYM03", "not_a_member")
    static let editWindowClosed = Refusal("LYM04", "edit_window_closed")
    static let lessonInFuture = Refusal("LYM04", "lesson_in_future")
    static let versionNotWritable = Refusal("LYM05", "version_not_writable")
    static let studentOverlap = Refusal("LYL01", "student_overlap")
    static let lessonOnHoliday = Refusal("LYL01", "lesson_on_holiday")
    static let lessonOutsideYear = Refusal("LYL01", "lesson_outside_year")
    static let noPrivilege = Refusal("42501", "privilege")
    static let rowSecurity = Refusal("42501", "row_security")

    static func check(_ constraint: String) -> Refusal { Refusal("23514", constraint) }
    static func duplicate(_ constraint: String) -> Refusal { Refusal("23505", constraint) }
    static func overlap(_ constraint: String) -> Refusal { Refusal("23P01", constraint) }
    static func foreignKey(_ constraint: String) -> Refusal { Refusal("23503", constraint) }
}
