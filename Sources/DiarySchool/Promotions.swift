import Diary

/// What the council decided for each pupil at the end of a year (Y1).
package enum Promotions {
    package static let resource = SchoolResource(
        "academic-years/{academic_year_id}/promotions", table: "promotions", noun: "Promotion",
        parent: ("academic_year_id", "academic_years"),
        [
            ResourceField("student_id", .identifier).fixed,
            ResourceField("decision", .word(["promoted", "conditional", "repeats", "graduated", "left"])),
            ResourceField("debts", .text(maximum: 1000)).nullable,
            ResourceField("protocol", .text(maximum: 100)).nullable,
            ResourceField("decided_on", .date),
        ],
        filters: ["student_id"], order: ["decided_on"], readers: .keepersOfProfiles,
        people: .init(sees: "lyceum.keeps_student(t.student_id)", keeps: "true"),
        refusals: [
            "promotions_debts": .init(
                field: "debts", code: "only_when_conditional", ru: "Долги бывают при условном переводе.",
                en: "Debts go with a conditional promotion.")
        ])
}
