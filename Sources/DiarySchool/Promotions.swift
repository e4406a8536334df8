import Diary

/// The council's decision about each student at the end of a year (Y1).
package enum Promotions {
    package static let resource = Resource(
        path: "academic-years/{academic_year_id}/promotions",
        table: "promotions",
        noun: "Promotion",
        parent: .init(column: "academic_year_id", table: "academic_years"),
        readers: .keepersOfProfiles,
        visibility: .init(sees: "lyceum.keeps_student(t.student_id)", keeps: "true"),
        fields: [
            ResourceField("student_id", .identifier).fixed,
            ResourceField("decision", .word(["promoted", "conditional", "repeats", "graduated", "left"])),
            ResourceField("debts", .text(maximum: 1000)).nullable,
            ResourceField("protocol", .text(maximum: 100)).nullable,
            ResourceField("decided_on", .date),
            ResourceField("order_id", .identifier).nullable,
            ResourceField("settled_on", .date).readOnly,
        ],
        filters: ["student_id"],
        order: ["decided_on"],
        refusals: [
            "promotions_student_key": .taken("student_id"),
            "promotions_debts": .init(
                field: "debts", code: "only_when_conditional", ru: "Долги указывают только при условном переводе.",
                en: "Only a conditional promotion has debts."),
        ])
}
