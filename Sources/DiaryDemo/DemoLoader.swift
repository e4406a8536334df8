import Diary
import Postgres

extension Demo {
    typealias Loader = SchoolLoader
}

extension Demo.Loader {
    /// The tables that a demo fills, parents before children.
    static let tables = [
        "users", "user_roles", "staff", "students", "guardians", "guardianships", "academic_years", "terms",
        "holidays", "bell_schedules", "bell_slots", "rooms", "subjects", "categories", "attendance_codes", "groups",
        "classes", "class_teachers", "enrollments", "group_members", "sections", "section_teachers",
        "curriculum_plans", "plan_units", "plan_topics", "timetable_entries", "lessons", "substitutions",
        "line_items", "marks", "mark_history", "attendance", "attendance_history", "homework", "homework_students",
        "homework_completions", "feedback", "conduct_notes", "final_marks", "final_mark_history", "announcements",
        "announcement_receipts", "threads", "thread_participants", "messages", "thread_receipts", "contacts",
        "consultations", "consultation_messages", "consultation_history", "notifications",
    ]

    /// Disables row-level rules and histories while `body` loads. The caller has to check the rules afterwards.
    func withoutTriggers(_ body: () throws -> Void) throws {
        for table in Self.tables { try connection.execute("ALTER TABLE \(table) DISABLE TRIGGER USER") }
        try body()
        // A table with pending trigger events can't be altered.
        try connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in Self.tables { try connection.execute("ALTER TABLE \(table) ENABLE TRIGGER USER") }
    }
}

extension CopyWriter {
    mutating func field(_ id: Demo.ID) { field(raw: id.append(to:)) }
    mutating func field(_ moment: Demo.Moment) { field(raw: moment.append(to:)) }

    mutating func field(_ id: Demo.ID?) {
        if let id { field(id) } else { null() }
    }

    mutating func field(_ moment: Demo.Moment?) {
        if let moment { field(moment) } else { null() }
    }
}
