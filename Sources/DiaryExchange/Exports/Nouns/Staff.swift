import Diary

extension Exports {
    static let staff = Export(
        "staff", access: ofOffice, showsPeople: true, isAboutPerson: true,
        columns: [
            .text("last_name", "u.last_name").personal, .text("first_name", "u.first_name").personal,
            .text("middle_name", "u.middle_name").personal, .text("position", "x.position").personal,
            .text("qualification", "x.qualification").personal,
            .list("roles") { _ in
                """
                (
                    SELECT coalesce(json_agg(r.role ORDER BY r.role), '[]') FROM user_roles r
                    WHERE r.school_id = x.school_id AND r.user_id = x.id
                        AND r.role IN ('administrator', 'head', 'deputy_head', 'teacher')
                )
                """
            },
            .text("email", "x.email").personal, .text("phone", "x.phone").personal, .date("hired_on", "x.hired_on"),
            .date("left_on", "x.left_on"), .text("external_id", "u.external_id").personal,
        ] + ExportColumn.state("x"),
        rows: """
            FROM staff x
            JOIN users u ON u.school_id = x.school_id AND u.id = x.id
            WHERE x.school_id = $1::int
            """)
}
