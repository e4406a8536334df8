import Diary

/// Parents and other legal representatives, with their contacts. Another guardian of the same child never sees them (A3).
package enum Guardians {
    package static let resource = SchoolResource(
        "guardians", table: "guardian_profiles", row: "guardian_id", noun: "Guardian",
        PersonFields.name + contacts + PersonFields.account + [.externalID],
        order: PersonFields.order, readers: .keepersOfProfiles.programs(.peopleRead), writers: .keepersOfProfiles,
        people: .init(
            sees: "\(PersonFields.reader) OR lyceum.keeps_guardian(t.id)", keeps: "lyceum.keeps_guardian(t.id)",
            isSearched: true, identity: "user_id"),
        refusals: ["users_person": .unknown("user_id")])

    private static let contacts = [
        ResourceField("email", .text(maximum: 200)).nullable,
        ResourceField("phone", .text(maximum: 50)).nullable,
        PersonFields.otherPhones,
        ResourceField("address", .text(maximum: 500)).nullable,
        ResourceField("workplace", .text(maximum: 200)).nullable,
    ]
}
