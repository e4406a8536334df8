import Diary

extension Exports {
    /// Students with the class of today and the contacts of their profiles. Health groups are not exported (K2).
    static let students = Export(
        "students", access: ofOffice, showsPeople: true, showsProfiles: true, isAboutPerson: true,
        columns: [
            .text("last_name", "u.last_name").personal, .text("first_name", "u.first_name").personal,
            .text("middle_name", "u.middle_name").personal, .identifier("class_id", "\(classOfToday)"),
            .word("sex", "x.sex"), .date("birth_date", "x.birth_date").personal,
            .text("personal_file", "x.personal_file").personal, .text("email", "x.email").personal,
            .text("phone", "x.phone").personal, .list("other_phones") { _ in "to_json(x.other_phones)" }.personal,
            .text("address", "x.address").personal, .text("external_id", "u.external_id").personal,
        ] + ExportColumn.state("x"),
        rows: """
            FROM students x
            JOIN users u ON u.school_id = x.school_id AND u.id = x.id
            WHERE x.school_id = $1::int
            """,
        filters: ExportFilter.schoolClass(of: "x.id", on: "lyceum.today()") + ExportFilter.year(of: "x.id"))

    private static let classOfToday = """
        (
            SELECT e.class_id FROM enrollments e
            WHERE e.school_id = x.school_id AND e.student_id = x.id
                AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
        )
        """
}
