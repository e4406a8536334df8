import Diary

/// Kinds of work, with the default weight of new columns (M6) and the mark for control works (M9).
package enum Categories {
    package static let resource = Resource(
        path: "categories",
        noun: "Category",
        plural: "Categories",
        readers: .setUp,
        fields: [
            ResourceField("name", .text(maximum: 100)),
            ResourceField("short_name", .text(maximum: 30)).nullable,
            ResourceField("weight", .decimal(wholeDigits: 3, fractionDigits: 2)).initially("1"),
            ResourceField("is_control", .boolean).initially("false"),
            ResourceField("position", .integer(0...32_767)).initially("0"),
            .archived, .externalID,
        ],
        order: ["position", "name"])
}
