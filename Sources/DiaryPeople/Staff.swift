import Diary

/// People who work in the school, and their roles. Kept by administrators alone (A2).
package enum Staff {
    package static let resource = SchoolResource(
        "staff", table: "staff_profiles", row: "staff_id", noun: "StaffMember", plural: "Staff",
        PersonFields.name + work + PersonFields.hidden(contacts, unless: whole) + roles
            + PersonFields.hidden(PersonFields.account + [.externalID], unless: whole),
        order: PersonFields.order, readers: .staff.programs(.peopleRead), writers: .administrators.ownApps,
        people: .init(sees: "true", keeps: "true", isSearched: true, identity: "user_id"),
        refusals: ["staff_dates": .endsBeforeStart, "users_person": .unknown("user_id")])

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
