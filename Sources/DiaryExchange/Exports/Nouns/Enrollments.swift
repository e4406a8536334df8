import Diary

extension Exports {
    /// Who was in which class when.
    static let enrollments = Export(
        "enrollments", access: ofOffice, isAboutPerson: true,
        columns: [
            .person("student_id", "x.student_id"), .identifier("class_id", "x.class_id"),
            .date("starts_on", "x.starts_on"), .date("ends_on", "x.ends_on"),
            .boolean("in_class_group", "x.in_class_group"), .text("reason", "x.reason").personal,
            .text("end_reason", "x.end_reason").personal, .text("external_id", "x.external_id").personal,
        ] + ExportColumn.state("x"),
        rows: """
            FROM enrollments x
            WHERE x.school_id = $1::int
            """,
        // In the class on one of the days.
        filters: [
            .from: { "(x.ends_on IS NULL OR x.ends_on >= \($0)::date)" }, .to: { "x.starts_on <= \($0)::date" },
        ] + ExportFilter.equal(.schoolClass, "x.class_id")
            + [
                .academicYear: { parameter in
                    """
                    EXISTS (
                        SELECT FROM classes k
                        WHERE k.school_id = $1::int AND k.id = x.class_id AND k.academic_year_id = \(parameter)::uuid
                    )
                    """
                }
            ])
}
