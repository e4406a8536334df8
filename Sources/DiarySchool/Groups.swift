import Diary

/// Who studies together, beside the classes, whose own groups come and go with them.
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
                field: "class_id", code: "part_of_a_class", ru: "Класс указывают для части класса, и только для неё.",
                en: "A part has a class, and only a part has."),
            "groups_class_fkey": .unknown("class_id"),
        ])
}
