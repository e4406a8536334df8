import Diary

/// Parents and other legal representatives, with their contacts. Guardians of the same student never see each other
/// (A3).
package enum Guardians {
    package static let resource = Resource(
        path: "guardians",
        table: "guardian_profiles",
        entity: "guardians",
        tables: ["users", "guardians"],
        noun: "Guardian",
        row: "guardian_id",
        readers: .keepersOfProfiles.programs(.peopleRead),
        writers: .keepersOfProfiles,
        visibility: .init(
            sees: "\(PersonFields.reader) OR lyceum.keeps_guardian(t.id)", keeps: "lyceum.keeps_guardian(t.id)"),
        without: [.delete],
        fields: PersonFields.name + contacts + PersonFields.account + [.externalID],
        identity: "user_id",
        order: PersonFields.order,
        isSearchedByName: true,
        refusals: PersonFields.refusals.merging(["users_person": .unknown("user_id")], uniquingKeysWith: { $1 }))

    private static let contacts = [
        ResourceField("email", .text(maximum: 200)).nullable,
        ResourceField("phone", .text(maximum: 50)).nullable,
        PersonFields.otherPhones,
        ResourceField("address", .text(maximum: 500)).nullable,
        ResourceField("workplace", .text(maximum: 200)).nullable,
    ]
}
