import Diary

extension Exports {
    static let lessons = Export(
        "lessons", access: ofOffice,
        columns: [
            .identifier("section_id", "x.section_id"), .identifier("subject_id", "c.subject_id"),
            .date("date", "x.date"),
            .integer("slot", "x.slot"), .word("starts_at", "lyceum.local_moment(x.date, x.starts_at)"),
            .word("ends_at", "lyceum.local_moment(x.date, x.ends_at)"), .identifier("room_id", "x.room_id"),
            .person("teacher_id", "x.teacher_id"), .word("state", "x.state"), .text("topic", "x.topic").personal,
            .identifier("plan_topic_id", "x.plan_topic_id"), .boolean("no_homework", "x.no_homework"),
            .moment("attendance_taken_at", "x.attendance_taken_at"), .text("external_id", "x.external_id").personal,
        ] + ExportColumn.state("x"),
        rows: """
            FROM lessons x
            JOIN sections c ON c.school_id = x.school_id AND c.id = x.section_id
            WHERE x.school_id = $1::int
            """,
        filters: ExportFilter.days("x.date") + ExportFilter.schoolClass(ofGroup: "c.group_id")
            + ExportFilter.equal(.subject, "c.subject_id"),
        touchedBy: [
            // The times have the offset of the school's time zone.
            { log in "SELECT x.id FROM lessons x WHERE x.school_id = $1::int AND EXISTS (\(log.ids("school")))" }
        ])
}
