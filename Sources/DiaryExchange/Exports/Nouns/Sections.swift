import Diary

extension Exports {
    /// Sections with their teachers of all times. The name of a section of one student may tell who that is.
    static let sections = Export(
        "sections", access: ofOffice,
        columns: [
            .identifier("academic_year_id", "x.academic_year_id"), .identifier("subject_id", "x.subject_id"),
            .identifier("group_id", "x.group_id"), .word("kind", "x.kind"), .word("grading", "x.grading"),
            .text("name", "x.name").personal, .decimal("hours_per_week", "x.hours_per_week"),
            .list("teachers") { person in
                """
                (
                    SELECT coalesce(
                        json_agg(
                            json_build_object(
                                'teacher_id', \(person("t.teacher_id")), 'role', t.role, 'starts_on', t.starts_on,
                                'ends_on', t.ends_on
                            ) ORDER BY t.starts_on, \(person("t.teacher_id"))
                        ), '[]'
                    )
                    FROM section_teachers t
                    WHERE t.school_id = x.school_id AND t.section_id = x.id
                )
                """
            },
            .boolean("archived", "x.archived_at IS NOT NULL"), .text("external_id", "x.external_id").personal,
        ] + ExportColumn.state("x"),
        rows: """
            FROM sections x
            WHERE x.school_id = $1::int
            """,
        filters: ExportFilter.schoolClass(ofGroup: "x.group_id") + ExportFilter.equal(.subject, "x.subject_id")
            + ExportFilter.equal(.academicYear, "x.academic_year_id"))
}
