import Diary

/// Parts of composite subjects in a year (M11): algebra, geometry and probability are parts of mathematics.
package enum SubjectParts {
    package static let resource = Resource(
        path: "academic-years/{academic_year_id}/subject-parts",
        table: "subject_parts",
        noun: "SubjectPart",
        parent: .init(column: "academic_year_id", table: "academic_years"),
        readers: .setUp,
        fields: [
            ResourceField("subject_id", .identifier),
            ResourceField("part_id", .identifier),
        ],
        filters: ["subject_id"],
        order: ["part_id"],
        refusals: [
            "subject_parts_part_id_key": .taken("part_id"),
            "subject_parts_not_itself": oneLevel,
            "subject_parts_one_level": oneLevel,
        ])

    private static let oneLevel = Refusal(
        field: "part_id", code: "one_level", ru: "Часть составного предмета сама не бывает составной.",
        en: "A part of a composite subject is no composite subject itself.")
}
