import Postgres

/// A refusal of the database: the SQLSTATE, and the word that identifies the rule.
package struct SQLRefusal: Equatable, Sendable, CustomStringConvertible {
    package var state: String
    /// The message (the problem's code) for the rules' own SQLSTATEs, the constraint's name for standard ones.
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

extension SQLRefusal {
    package static let marksNotAllowed = SQLRefusal("LYM01", "marks_not_allowed")
    package static let valueNotAllowed = SQLRefusal("LYM02", "value_not_allowed")
    package static let notAMember = SQLRefusal("LYM03", "not_a_member")
    package static let editWindowClosed = SQLRefusal("LYM04", "edit_window_closed")
    package static let lessonInFuture = SQLRefusal("LYM04", "lesson_in_future")
    package static let dueAfterClose = SQLRefusal("LYM04", "due_after_close")
    package static let feedbackIsAMark = SQLRefusal("LYM01", "feedback_is_a_mark")
    package static let controlWorkNotAllowed = SQLRefusal("LYM09", "control_work_not_allowed")
    package static let reasonRequired = SQLRefusal("LYM07", "reason_required")
    package static let orderRequired = SQLRefusal("LYM07", "order_required")
    package static let debtNotOpen = SQLRefusal("LYM13", "debt_not_open")
    package static let conductNotMarked = SQLRefusal("LYM14", "conduct_not_marked")
    package static let dueWithoutLesson = SQLRefusal("LYH01", "due_without_lesson")
    package static let versionNotWritable = SQLRefusal("LYM05", "version_not_writable")
    package static let studentOverlap = SQLRefusal("LYL01", "student_overlap")
    package static let lessonOnHoliday = SQLRefusal("LYL01", "lesson_on_holiday")
    package static let lessonOutsideYear = SQLRefusal("LYL01", "lesson_outside_year")
    package static let noPrivilege = SQLRefusal("42501", "privilege")
    package static let rowSecurity = SQLRefusal("42501", "row_security")

    package static func check(_ constraint: String) -> SQLRefusal { SQLRefusal("23514", constraint) }
    package static func duplicate(_ constraint: String) -> SQLRefusal { SQLRefusal("23505", constraint) }
    package static func overlap(_ constraint: String) -> SQLRefusal { SQLRefusal("23P01", constraint) }
    package static func foreignKey(_ constraint: String) -> SQLRefusal { SQLRefusal("23503", constraint) }
}
