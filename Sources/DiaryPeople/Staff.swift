import Diary

/// The school's staff and their roles. Only administrators change them (A2).
package enum Staff {
    package static let resource = Resource(
        path: "staff",
        table: "staff_profiles",
        entity: "staff",
        tables: ["users", "staff"],
        noun: "StaffMember",
        plural: "Staff",
        row: "staff_id",
        readers: .staff.programs(.peopleRead),
        writers: .administrators.ownApps,
        visibility: .init(sees: "true", keeps: "true"),
        without: [.delete],
        fields: PersonFields.name + work + PersonFields.hidden(contacts, unless: whole) + roles
            + PersonFields.hidden(PersonFields.account + [.externalID], unless: whole),
        identity: "user_id",
        order: PersonFields.order,
        isSearchedByName: true,
        summary: ["last_name", "first_name", "middle_name", "position", "qualification", "left_on", "roles"],
        refusals: PersonFields.refusals.merging(
            ["staff_dates": .endsBeforeStart("left_on"), "users_person": .unknown("user_id")], uniquingKeysWith: { $1 })
    )

    private static let whole = "(\(PersonFields.reader) OR t.id = lyceum.current_user_id())"

    private static let work = [
        ResourceField("position", .text(maximum: 200)).nullable,
        ResourceField("qualification", .text(maximum: 200)).nullable,
    ]

    private static let contacts = [
        ResourceField("email", .text(maximum: 200)).nullable,
        ResourceField("phone", .text(maximum: 50)).nullable,
        ResourceField("hired_on", .date).nullable,
    ]

    private static let roles = [
        ResourceField("left_on", .date).nullable,
        ResourceField("roles", .words(["administrator", "head", "deputy_head", "teacher"])).initially("[]"),
    ]
}
