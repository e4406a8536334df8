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
        refusals: [
            "group_members_dates": .endsBeforeStart, "group_members_no_overlap": .overlap,
            "group_members_in_class_student_id": notInClass("student_id"),
            "group_members_in_class_starts_on": notInClass("starts_on"),
            "group_members_in_class_ends_on": notInClass("ends_on"),
        ])

    /// L5: the days of a member of a subgroup are days in its class.
    private static func notInClass(_ field: String) -> Refusal {
        Refusal(
            .notInClass, field: field, code: "not_in_class",
            ru: "В эти дни ученик не зачислен в класс этой группы.",
            en: "The student is not enrolled in the group's class on these days.")
    }
}
