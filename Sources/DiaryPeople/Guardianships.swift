import Diary
import Postgres

/// The guardians of a student, with dates and their access to the diary (A3). Nobody writes their own guardianship, and
/// only heads and deputy heads reopen closed access: `Migrations/functions/people/guardianships.sql`.
package enum Guardianships {
    package static let resource = Resource(
        path: "students/{student_id}/guardians",
        table: "guardianships",
        noun: "Guardianship",
        parent: .init(column: "student_id", table: "students"),
        readers: .keepersOfProfiles.programs(.peopleRead),
        writers: .keepersOfProfiles,
        visibility: .init(
            sees: "\(PersonFields.reader) OR lyceum.keeps_student(t.student_id)",
            keeps: "lyceum.keeps_student(t.student_id)",
            seesParent: "\(PersonFields.reader) OR lyceum.keeps_student(p.id)"),
        fields: [
            ResourceField("guardian_id", .identifier).fixed,
            ResourceField("relation", .word(["mother", "father", "legal_guardian", "organisation"])),
            ResourceField("access", .word(["full", "none"])).initially("\"full\""),
            ResourceField("basis", .text(maximum: 500)).nullable,
            ResourceField("starts_on", .date),
            ResourceField("ends_on", .date).nullable,
        ],
        joined: .init(
            "JOIN users u ON u.school_id = t.school_id AND u.id = t.guardian_id",
            selecting: """
                \(SharedSQL.person("u", as: "guardian"))
                """),
        order: ["starts_on"],
        demands: Statement("SELECT lyceum.demand_guardian(($1::jsonb ->> 'guardian_id')::uuid), $2::uuid IS NULL"),
        refusals: [
            "guardianships_dates": .endsBeforeStart, "guardianships_no_overlap": .overlap,
            "guardianships_basis": .init(
                .basisRequired, field: "basis", code: "required",
                ru: "Назовите документ, по которому доступ открыт снова.",
                en: "Name the document that reopens the access."),
            "guardianships_self": .init(
                field: "guardian_id", code: "self", ru: "Человек не может представлять сам себя.",
                en: "People can't be their own guardians."),
        ])
}
