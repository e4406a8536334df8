import Diary

/// Days without lessons.
package enum Holidays {
    package static let resource = Resource(
        path: "holidays",
        noun: "Holiday",
        readers: .setUp,
        fields: [
            ResourceField("academic_year_id", .identifier).fixed,
            ResourceField("name", .text(maximum: 100)),
            ResourceField("starts_on", .date),
            ResourceField("ends_on", .date),
            ResourceField("grade_levels", .gradeLevels).nullable,
            .externalID,
        ],
        filters: ["academic_year_id"],
        order: ["starts_on"],
        refusals: ["holidays_dates": .endsBeforeStart])
}
