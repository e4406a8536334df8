import Diary
import Postgres

/// The figures of control that `lyceum.journal_control` counts, for the reports that show them. They are stored in a
/// setting by a gate, counted now or taken from a snapshot.
enum ControlFigures {
    /// Each is a count, or a sum of hours. A row of a person or class without lessons lacks some of them.
    private static let counts = [
        "due_lessons", "with_topic", "homework_lessons", "with_homework", "with_roll", "days", "complete_days",
        "late_topics", "late_homework", "late_rolls", "late_marks", "sections", "seats", "marks", "expected",
        "without_mark", "with_one_mark", "without_plan", "given_hours", "planned_hours", "teachers",
        "teachers_recording", "students", "students_issued", "students_activated", "students_active", "guardians",
        "guardians_issued", "guardians_activated", "guardians_active",
    ]

    /// SQL: the rows of a list of the content, with its keys.
    static func rows(_ list: String, keys: String) -> String {
        """
        jsonb_to_recordset((SELECT nullif(\(Setting.control.text), '')::jsonb -> '\(list)')) AS t(
            \(keys), \(counts.map { "\($0) numeric" }.joined(separator: ", "))
        )
        """
    }

    static let school = """
        jsonb_to_record((SELECT nullif(\(Setting.control.text), '')::jsonb -> 'school')) AS t(
            \(counts.map { "\($0) numeric" }.joined(separator: ", "))
        )
        """

    /// SQL: the columns about lessons, marks and plans of the row `t`.
    static let keeping = """
        \(count("due_lessons")), \(count("with_topic")), \(percent("with_topic", "due_lessons", as: "topic_percent")),
            \(count("homework_lessons")), \(count("with_homework")),
            \(percent("with_homework", "homework_lessons", as: "homework_percent")),
            \(count("with_roll")), \(percent("with_roll", "due_lessons", as: "roll_percent")),
            \(count("late_topics")), \(count("late_homework")), \(count("late_rolls")), \(count("late_marks")),
            \(count("sections")), \(count("seats")), \(count("marks")),
            trim_scale(round(coalesce(t.expected, 0), 2)) AS expected_marks,
            \(percent("marks", "expected", as: "accumulation_percent")),
            \(count("without_mark")), \(count("with_one_mark")), \(count("without_plan")),
            trim_scale(coalesce(t.given_hours, 0)) AS given_hours,
            trim_scale(coalesce(t.planned_hours, 0)) AS planned_hours,
            \(percent("given_hours", "planned_hours", as: "coverage_percent"))
        """

    /// SQL: the columns about the days of teachers.
    static let days = """
        \(count("days")), \(count("complete_days")), \(percent("complete_days", "days", as: "participation_percent"))
        """

    /// SQL: the columns about the accounts of students and guardians.
    static let accounts = """
        \(count("guardians")), \(count("guardians_issued")), \(count("guardians_activated")),
            \(count("guardians_active")), \(percent("guardians_active", "guardians", as: "guardians_percent")),
            \(count("students")), \(count("students_issued")), \(count("students_activated")),
            \(count("students_active")), \(percent("students_active", "students", as: "students_percent"))
        """

    static func count(_ name: String) -> String { "coalesce(t.\(name), 0)::bigint AS \(name)" }

    static func percent(_ part: String, _ whole: String, as name: String) -> String {
        "lyceum.percent_of(coalesce(t.\(part), 0), t.\(whole)) AS \(name)"
    }
}

extension Setting {
    /// The figures of `lyceum.journal_control`, as JSON.
    static let control = Setting("journal_control", .text)
}
