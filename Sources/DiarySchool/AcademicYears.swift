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
            "academic_years_entries_starts_on": leavesEntries("starts_on"),
            "academic_years_entries_ends_on": leavesEntries("ends_on"),
            "academic_years_length": .init(
                field: "ends_on", code: "not_a_year", ru: "Учебный год длится от 240 до 370 дней.",
                en: "A year has 240 to 370 days."),
            "academic_years_first_day": .init(
                .conflict, field: "starts_on", code: "has_records",
                ru: "На уроках года есть отметки или пропуски: первый день года больше не меняется.",
                en: "Lessons of the year have marks or attendance: its first day no longer changes."),
        ])

    /// L1: entries of the timetable would be outside the year.
    private static func leavesEntries(_ field: String) -> Refusal {
        Refusal(
            .entryOutsideYear, field: field, code: "entry_outside_year",
            ru: "Вне года остались бы записи расписания.", en: "Entries of the timetable would be outside the year.")
    }
}
