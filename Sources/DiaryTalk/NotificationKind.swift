/// The kinds of notifications (C3), as in `lyceum.notification_kinds`.
package enum NotificationKind {
    package static let all = [
        "mark", "mark_changed", "mark_removed", "absence", "first_absence", "homework", "homework_changed",
        "final_mark",
        "final_mark_changed", "feedback", "conduct_note", "announcement", "message", "substitution", "lesson_moved",
        "lesson_cancelled", "debt_due", "week_digest", "consultation",
        "journal_remark",
    ]
}
