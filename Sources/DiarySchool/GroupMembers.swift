import Diary

/// Members of a group, with dates. The members of a class's own group follow from enrollments.
package enum GroupMembers {
    package static let resource = Resource(
        path: "groups/{group_id}/members",
        table: "group_members",
        noun: "GroupMember",
        parent: .init(column: "group_id", table: "groups"),
        readers: .managers.programs(.peopleRead),
        fields: [
            ResourceField("student_id", .identifier).fixed,
            ResourceField("starts_on", .date),
            ResourceField("ends_on", .date).nullable,
        ],
        filters: ["student_id"],
        order: ["starts_on"],
        refusals: ["group_members_dates": .endsBeforeStart, "group_members_no_overlap": .overlap])
}
