import Diary

/// Quarters, trimesters or semesters of a year, each for certain grade levels.
package enum Terms {
    package static let resource = Resource(
        path: "terms",
        noun: "Term",
        readers: .setUp,
        fields: [
            ResourceField("academic_year_id", .identifier).fixed,
            ResourceField("kind", .word(["quarter", "trimester", "semester"])),
            ResourceField("ordinal", .integer(1...4)),
            ResourceField("name", .text(maximum: 100)),
            ResourceField("starts_on", .date),
            ResourceField("ends_on", .date),
            ResourceField("marks_close_on", .date),
            ResourceField("grade_levels", .gradeLevels),
            .externalID,
        ],
        filters: ["academic_year_id"],
        order: ["starts_on", "ordinal"],
        refusals: [
            "terms_dates": .endsBeforeStart, "terms_no_overlap": .overlap,
            "terms_marks_close_on": .init(
                field: "marks_close_on", code: "before_end",
                ru: "Отметки закрываются в последний день периода или позже.",
                en: "Marks must close on the term's last day or later."),
            "terms_inside_year": .init(
                field: "starts_on", code: "outside_year", ru: "Период выходит за пределы учебного года.",
                en: "The term must be inside its academic year."),
        ])
}
