import Diary

extension Exports {
    /// Absences and latenesses at lessons: the teacher's code and the class teacher's word, which counts (T2). No row
    /// means present where the lesson has `attendance_taken_at` (T4).
    static let attendance = Export(
        "attendance", access: ofJournal, isAboutPerson: true,
        columns: [
            .person("student_id", "x.student_id"), .identifier("lesson_id", "x.lesson_id"),
            .identifier("section_id", "l.section_id"), .date("date", "l.date"), .integer("slot", "l.slot"),
            .word("counted_meaning", "lyceum.counted_meaning(x.meaning, x.decided_meaning)"),
            .word("meaning", "x.meaning"), .integer("minutes", "x.minutes"), .identifier("code_id", "x.code_id"),
            .word("decided_meaning", "x.decided_meaning"), .integer("decided_minutes", "x.decided_minutes"),
            .text("comment", "x.comment").personal, .text("decided_reason", "x.decided_reason").personal,
            .moment("first_recorded_at", "x.first_recorded_at"),
        ] + ExportColumn.state("x"),
        rows: """
            FROM attendance x
            JOIN lessons l ON l.school_id = x.school_id AND l.id = x.lesson_id
            JOIN sections c ON c.school_id = l.school_id AND c.id = l.section_id
            WHERE x.school_id = $1::int AND coalesce(x.meaning, x.decided_meaning) IS NOT NULL
            """,
        filters: ExportFilter.days("l.date") + ExportFilter.schoolClass(of: "x.student_id", on: "l.date")
            + ExportFilter.equal(.subject, "c.subject_id"),
        touchedBy: [
            { log in
                """
                SELECT x.id FROM attendance x
                WHERE x.school_id = $1::int AND coalesce(x.meaning, x.decided_meaning) IS NOT NULL
                    AND x.lesson_id IN (\(log.ids("lessons")))
                """
            }
        ])
}
