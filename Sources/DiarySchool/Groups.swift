import Diary

/// Groups of students other than whole classes. The groups of whole classes are created and deleted with the classes.
package enum Groups {
    package static let resource = Resource(
        path: "groups",
        noun: "Group",
        readers: .setUpOfStaff,
        fields: [
            ResourceField("academic_year_id", .identifier).fixed,
            ResourceField("kind", .word(["part", "cross", "individual"])).fixed,
            ResourceField("name", .text(maximum: 100)),
            ResourceField("grade_level", .integer(1...11)).nullable,
            ResourceField("class_id", .identifier).nullable.fixed,
            .archived, .externalID,
        ],
        filters: ["academic_year_id", "class_id"],
        order: ["name"],
        refusals: [
            "groups_class": .init(
                field: "class_id", code: "part_of_a_class",
                ru: "Класс указывают только для группы вида part, и для неё он обязателен.",
                en: "A part needs a class, and other groups have none."),
            "groups_class_fkey": .unknown("class_id"),
        ])
}
