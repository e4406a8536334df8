import Diary

extension Exports {
    /// Marks as the journal has them, with the column and the lesson. M12: a mark that is held back is absent for all
    /// readers, because what leaves the server may reach families.
    static let marks = Export(
        "marks", access: ofJournal, isAboutPerson: true,
        columns: [
            .person("student_id", "x.student_id"), .identifier("section_id", "i.section_id"),
            .identifier("subject_id", "c.subject_id"), .identifier("lesson_id", "i.lesson_id"), .date("date", "l.date"),
            .identifier("line_item_id", "x.line_item_id"), .identifier("category_id", "i.category_id"),
            .text("title", "i.title").personal, .decimal("weight", "i.weight"), .word("value_kind", "x.kind"),
            .integer("number", "x.number"), .word("code", "x.code"), .date("due_on", "x.due_on"),
            .text("comment", "x.comment").personal, .moment("first_recorded_at", "x.first_recorded_at"),
        ] + ExportColumn.state("x"),
        rows: """
            FROM marks x
            JOIN line_items i ON i.school_id = x.school_id AND i.id = x.line_item_id AND i.deleted_at IS NULL
            JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
            JOIN sections c ON c.school_id = l.school_id AND c.id = l.section_id
            WHERE x.school_id = $1::int AND x.kind IS NOT NULL AND \(published)
            """,
        filters: ExportFilter.days("l.date") + ExportFilter.schoolClass(of: "x.student_id", on: "l.date")
            + ExportFilter.equal(.subject, "c.subject_id"),
        isPublished: true,
        touchedBy: [
            { log in
                """
                SELECT x.id FROM marks x
                WHERE x.school_id = $1::int AND x.kind IS NOT NULL AND \(published)
                    AND x.line_item_id IN (
                        SELECT i.id FROM line_items i
                        WHERE i.school_id = $1::int
                            AND (i.id IN (\(log.ids("line_items"))) OR i.lesson_id IN (\(log.ids("lessons"))))
                    )
                """
            }
        ])

    /// The time of the statement and not of its transaction: a transaction begins before its snapshot, so the snapshot
    /// may show a row that was published after the beginning.
    static let published = "x.published_at <= statement_timestamp()"
}
