import Diary
import Postgres

/// Students and their profiles (анкета). docs/people.md lists which fields each reader sees.
package enum Students {
    package static let resource = Resource(
        path: "students",
        table: "student_profiles",
        tables: ["users", "students"],
        noun: "Student",
        row: "student_id",
        readers: .signedIn.programs(.peopleRead),
        makers: .managers,
        writers: .keepersOfProfiles,
        visibility: .init(
            sees: "\(PersonFields.reader) OR lyceum.sees_profile(t.id) OR lyceum.teaches_student(t.id)",
            keeps: "lyceum.keeps_student(t.id)"),
        without: [.delete],
        fields: PersonFields.name + PersonFields.hidden(contacts, unless: "f.whole")
            + PersonFields.hidden(health, unless: "f.health")
            + PersonFields.hidden(
                [ResourceField("profile_confirmed_on", .date).nullable] + PersonFields.account, unless: "f.whole")
            + PersonFields.hidden([.externalID], unless: "(f.whole OR (SELECT lyceum.has_scope('people.read')))").map {
                // Callers that may open every profile may search by it.
                $0.filtered(as: "CASE WHEN f.whole OR \(PersonFields.reader) THEN t.external_id END")
            },
        joined: .init(
            joins(
                whole: "\(PersonFields.reader) OR lyceum.sees_profile(t.id)", health: "lyceum.sees_health(t.id)"),
            inLists: joins(
                whole: "lyceum.leads_student(t.id) OR \(own)", health: "lyceum.leads_student(t.id) OR \(own)"),
            selecting: """
                c.id AS "class?.id", c.name AS "class?.name", c.grade_level AS "class?.grade_level",
                NOT f.whole AS restricted,
                EXISTS (SELECT FROM student_photos o WHERE o.school_id = t.school_id AND o.id = t.id)
                    AND lyceum.has_consent(t.school_id, t.id, 'photo') AS has_photo
                """,
            shownAnew: "lyceum.students_shown_anew"),
        filters: [.init("class_id", on: "c.id")],
        order: PersonFields.order,
        isSearchedByName: true,
        summary: ["last_name", "first_name", "middle_name"],
        recordsReading: Statement("SELECT lyceum.record_reading($1::uuid)"),
        demands: Statement("SELECT lyceum.demand_health($1::jsonb, $2::uuid)"),
        refusals: PersonFields.refusals)

    private static let own = "lyceum.sees_student(t.school_id, lyceum.current_user_id(), t.id)"

    private static let contacts = [
        ResourceField("birth_date", .date).nullable,
        ResourceField("sex", .word(["male", "female"])).nullable,
        ResourceField("personal_file", .text(maximum: 50)).nullable,
        ResourceField("email", .text(maximum: 200)).nullable,
        ResourceField("phone", .text(maximum: 50)).nullable,
        PersonFields.otherPhones,
        ResourceField("address", .text(maximum: 500)).nullable,
    ]

    private static let health = [
        ResourceField("health_group", .integer(1...5)).nullable,
        ResourceField("pe_group", .word(["main", "preparatory", "special", "exempt"])).nullable,
    ]

    /// The current class, and the parts of the profile that the caller sees. A list shows whole profiles only to class
    /// teachers and families; others open a single profile, which is recorded (K2).
    private static func joins(whole: String, health: String) -> String {
        """
        LEFT JOIN LATERAL (
            SELECT c.id, c.name, c.grade_level
            FROM enrollments e
            JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
            WHERE e.school_id = t.school_id AND e.student_id = t.id
                AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
        ) c ON true
        CROSS JOIN LATERAL (
            SELECT \(whole) AS whole, \(health) AS health
            OFFSET 0
        ) f
        """
    }
}
