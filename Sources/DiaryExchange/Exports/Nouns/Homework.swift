import Diary

extension Exports {
    /// `student_ids` is null for homework that is for all students of the section.
    static let homework = Export(
        "homework", access: ofJournal,
        columns: [
            .identifier("lesson_id", "x.lesson_id"), .identifier("section_id", "x.section_id"),
            .identifier("subject_id", "c.subject_id"), .date("date", "l.date"), .date("due_on", "x.due_on"),
            .text("text", "x.text").personal, .boolean("asks_submission", "x.asks_submission"),
            .list("student_ids") { person in
                """
                (
                    SELECT json_agg(\(person("s.student_id")) ORDER BY \(person("s.student_id")))
                    FROM homework_students s
                    WHERE s.school_id = x.school_id AND s.homework_id = x.id AND NOT x.for_all
                )
                """
            },
            .moment("first_recorded_at", "x.first_recorded_at"),
        ] + ExportColumn.state("x"),
        rows: """
            FROM homework x
            JOIN lessons l ON l.school_id = x.school_id AND l.id = x.lesson_id
            JOIN sections c ON c.school_id = x.school_id AND c.id = x.section_id
            WHERE x.school_id = $1::int AND x.deleted_at IS NULL
            """,
        filters: ExportFilter.days("l.date") + ExportFilter.schoolClass(ofGroup: "c.group_id")
            + ExportFilter.equal(.subject, "c.subject_id"),
        touchedBy: [
            { log in
                """
                SELECT x.id FROM homework x
                WHERE x.school_id = $1::int AND x.deleted_at IS NULL AND x.lesson_id IN (\(log.ids("lessons")))
                """
            }
        ])
}
