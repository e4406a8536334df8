import Diary

extension Exports {
    static let terms = Export(
        "terms", access: ofOffice,
        columns: [
            .identifier("academic_year_id", "x.academic_year_id"), .word("kind", "x.kind"),
            .integer("ordinal", "x.ordinal"), .text("name", "x.name"), .date("starts_on", "x.starts_on"),
            .date("ends_on", "x.ends_on"), .date("marks_close_on", "x.marks_close_on"),
            .list("grade_levels") { _ in "to_json(x.grade_levels)" }, .text("external_id", "x.external_id").personal,
        ] + ExportColumn.state("x"),
        rows: """
            FROM terms x
            WHERE x.school_id = $1::int
            """,
        filters: ExportFilter.equal(.academicYear, "x.academic_year_id"))
}
