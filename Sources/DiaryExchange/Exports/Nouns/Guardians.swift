import Diary

extension Exports {
    /// Guardians with their guardianships of all times. A3: those without access, or whose dates are over, are among
    /// them, and a program that lets families read has to respect `access` and the dates.
    static let guardians = Export(
        "guardians", access: ofOffice, showsPeople: true, isAboutPerson: true,
        columns: [
            .text("last_name", "u.last_name").personal, .text("first_name", "u.first_name").personal,
            .text("middle_name", "u.middle_name").personal,
            .list("guardianships") { person in
                """
                (
                    SELECT coalesce(
                        json_agg(
                            json_build_object(
                                'student_id', \(person("g.student_id")), 'relation', g.relation\(rights(person))
                            ) ORDER BY \(person("g.student_id")), g.starts_on
                        ), '[]'
                    )
                    FROM guardianships g
                    WHERE g.school_id = x.school_id AND g.guardian_id = x.id
                )
                """
            },
            .text("email", "x.email").personal, .text("phone", "x.phone").personal,
            .list("other_phones") { _ in "to_json(x.other_phones)" }.personal, .text("address", "x.address").personal,
            .text("workplace", "x.workplace").personal, .text("external_id", "u.external_id").personal,
        ] + ExportColumn.state("x"),
        rows: """
            FROM guardians x
            JOIN users u ON u.school_id = x.school_id AND u.id = x.id
            WHERE x.school_id = $1::int
            """,
        filters: [
            // Guardians of students who are in the class today, with or without access.
            .schoolClass: { parameter in
                """
                EXISTS (
                    SELECT FROM guardianships g
                    JOIN enrollments e ON e.school_id = g.school_id AND e.student_id = g.student_id
                        AND e.class_id = \(parameter)::uuid AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
                    WHERE g.school_id = $1::int AND g.guardian_id = x.id
                        AND lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
                )
                """
            },
            .academicYear: { parameter in
                """
                EXISTS (
                    SELECT FROM guardianships g
                    JOIN enrollments e ON e.school_id = g.school_id AND e.student_id = g.student_id
                    JOIN classes k ON k.school_id = e.school_id AND k.id = e.class_id
                        AND k.academic_year_id = \(parameter)::uuid
                    WHERE g.school_id = $1::int AND g.guardian_id = x.id
                )
                """
            },
        ])

    /// Who has no access is a matter of the family, which the pseudonymous form leaves out.
    private static func rights(_ person: PersonID) -> String {
        person.isPseudonymous ? "" : ", 'access', g.access, 'starts_on', g.starts_on, 'ends_on', g.ends_on"
    }
}
