import Diary

extension Exports {
    /// Final marks (M10). M12: one that is held back is absent for all readers.
    static let finals = Export(
        "finals", access: ofJournal, isAboutPerson: true,
        columns: [
            .person("student_id", "x.student_id"), .identifier("subject_id", "x.subject_id"),
            .identifier("academic_year_id", "x.academic_year_id"), .word("kind", "x.kind"),
            .identifier("term_id", "x.term_id"), .identifier("section_id", "x.section_id"),
            .word("value_kind", "x.value_kind"), .integer("number", "x.number"), .word("code", "x.code"),
            .date("due_on", "x.due_on"), .integer("exam_points", "x.exam_points"), .word("source", "x.source"),
            .decimal("average_at_the_time", "x.average_at_the_time").personal, .text("reason", "x.reason").personal,
            .text("comment", "x.comment").personal, .identifier("order_id", "x.order_id"),
            .moment("first_recorded_at", "x.first_recorded_at"),
        ] + ExportColumn.state("x"),
        rows: """
            FROM final_marks x
            WHERE x.school_id = $1::int AND x.value_kind IS NOT NULL AND \(published)
            """,
        filters: [
            // Of the year of the class, for all students who have been in it.
            .schoolClass: { parameter in
                """
                EXISTS (
                    SELECT FROM enrollments e
                    JOIN classes k ON k.school_id = e.school_id AND k.id = e.class_id
                    WHERE e.school_id = $1::int AND e.student_id = x.student_id AND e.class_id = \(parameter)::uuid
                        AND k.academic_year_id = x.academic_year_id
                )
                """
            }
        ] + ExportFilter.equal(.subject, "x.subject_id") + ExportFilter.equal(.academicYear, "x.academic_year_id"),
        entity: "final_marks", isPublished: true)
}
