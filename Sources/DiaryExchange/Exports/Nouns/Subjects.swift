import Diary

extension Exports {
    static let subjects = Export(
        "subjects", access: ofOffice,
        columns: [
            .text("name", "x.name"), .text("short_name", "x.short_name"), .text("area", "x.area"),
            .boolean("is_physical", "x.is_physical"), .integer("position", "x.position"),
            .boolean("archived", "x.archived_at IS NOT NULL"), .text("external_id", "x.external_id").personal,
        ] + ExportColumn.state("x"),
        rows: """
            FROM subjects x
            WHERE x.school_id = $1::int
            """)
}
