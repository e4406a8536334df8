import Diary

/// Academic years.
package enum AcademicYears {
    package static let resource = Resource(
        path: "academic-years",
        noun: "AcademicYear",
        readers: .setUp,
        fields: [
            ResourceField("name", .text(maximum: 50)),
            ResourceField("starts_on", .date),
            ResourceField("ends_on", .date),
            ResourceField("second_half_starts_on", .date),
            ResourceField("state", .word(["planned", "open", "closed"])).initially("\"planned\""),
            .externalID,
        ],
        order: ["starts_on"],
        refusals: [
            "academic_years_dates": .endsBeforeStart, "academic_years_no_overlap": .overlap,
            "academic_years_second_half": .init(
                field: "second_half_starts_on", code: "not_mid_year",
                ru: "Второе полугодие начинается в средней трети года.",
                en: "The second half begins in the middle third of the year."),
        ])
}
