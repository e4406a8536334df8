import Diary

extension Exports {
    /// Groups with their members of all times. The name of a group of one student tells who that is.
    static let groups = Export(
        "groups", access: ofOffice,
        columns: [
            .identifier("academic_year_id", "x.academic_year_id"), .word("kind", "x.kind"),
            .text("name", "x.name").personal, .integer("grade_level", "x.grade_level"),
            .identifier("class_id", "x.class_id"),
            .list("members") { person in
                """
                (
                    SELECT coalesce(
                        json_agg(
                            json_build_object(
                                'student_id', \(person("m.student_id")), 'starts_on', m.starts_on, 'ends_on', m.ends_on
                            ) ORDER BY \(person("m.student_id")), m.starts_on
                        ), '[]'
                    )
                    FROM group_members m
                    WHERE m.school_id = x.school_id AND m.group_id = x.id
                )
                """
            },
            .boolean("archived", "x.archived_at IS NOT NULL"), .text("external_id", "x.external_id").personal,
        ] + ExportColumn.state("x"),
        rows: """
            FROM groups x
            WHERE x.school_id = $1::int
            """,
        filters: ExportFilter.equal(.schoolClass, "x.class_id")
            + ExportFilter.equal(.academicYear, "x.academic_year_id"),
        touchedBy: [{ log in log.circles("group", of: "group_members") }])
}
