import Diary

/// Subjects of the curriculum.
package enum Subjects {
    package static let resource = Resource(
        path: "subjects",
        noun: "Subject",
        readers: .setUp,
        fields: [
            ResourceField("name", .text(maximum: 100)),
            ResourceField("short_name", .text(maximum: 30)).nullable,
            ResourceField("area", .text(maximum: 200)).nullable,
            ResourceField("is_physical", .boolean).initially("false"),
            ResourceField("position", .integer(0...32_767)).initially("0"),
            .archived, .externalID,
        ],
        order: ["position", "name"])
}
