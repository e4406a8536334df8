import Diary

/// The register of certificates: of basic education (grade 9) and of secondary education (grade 11).
package enum Certificates {
    package static let resource = Resource(
        path: "certificates",
        noun: "Certificate",
        readers: .managers,
        fields: [
            ResourceField("student_id", .identifier).fixed,
            ResourceField("kind", .word(["basic", "secondary"])).fixed,
            ResourceField("award", .word(["honours", "medal_first", "medal_second"])).nullable,
            ResourceField("entry_number", .integer(1...999_999)),
            ResourceField("form_number", .text(maximum: 50)),
            ResourceField("issued_on", .date),
            ResourceField("order_id", .identifier),
            ResourceField("received_by", .text(maximum: 200)).nullable,
            ResourceField("is_duplicate", .boolean).initially("false"),
        ],
        filters: ["student_id", "order_id"],
        order: ["issued_on", "entry_number"],
        refusals: [
            "certificates_grade_level": .init(
                field: "student_id", code: "not_in_grade_level",
                ru: "До дня выдачи ученик не был в 9 (11) классе.",
                en: "The student was not in grade 9 (11) by the day of issue.")
        ])
}
