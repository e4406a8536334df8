import Diary

extension Exports {
    static let classes = Export(
        "classes", access: ofOffice,
        columns: [
            .identifier("academic_year_id", "x.academic_year_id"), .integer("grade_level", "x.grade_level"),
            .text("letter", "x.letter"), .text("name", "x.name"), .identifier("group_id", "x.group_id"),
            .text("profile", "x.profile"), .person("class_teacher_id", "\(classTeacherOfToday)"),
            .boolean("archived", "x.archived_at IS NOT NULL"), .text("external_id", "x.external_id").personal,
        ] + ExportColumn.state("x"),
        rows: """
            FROM classes x
            WHERE x.school_id = $1::int
            """,
        filters: ExportFilter.equal(.academicYear, "x.academic_year_id"))

    private static let classTeacherOfToday = """
        (
            SELECT t.teacher_id FROM class_teachers t
            WHERE t.school_id = x.school_id AND t.class_id = x.id AND NOT t.acting
                AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
        )
        """
}
