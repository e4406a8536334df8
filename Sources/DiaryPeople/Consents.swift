import Diary

/// A family's consents (K3): for a student, to a purpose, given by a person, and for a period. `lyceum.may_consent`
/// decides who may give one.
package enum Consents {
    package static let resource = Resource(
        path: "students/{student_id}/consents",
        table: "consents",
        noun: "Consent",
        parent: .init(column: "student_id", table: "students"),
        readers: .signedIn,
        writers: .keepersOfProfiles,
        visibility: .init(
            // Families read only the consents that they gave: another guardian's consents are hidden (A3).
            sees: """
                lyceum.keeps_student(t.student_id)
                    OR t.given_by = lyceum.current_user_id() AND lyceum.sees_profile(t.student_id)
                    OR t.student_id = lyceum.current_user_id()
                """, keeps: "lyceum.keeps_student(t.student_id)", seesParent: "lyceum.sees_profile(p.id)"),
        fields: [
            ResourceField("purpose", .word(["processing", "photo", "publication", "medical", "other"])).fixed,
            ResourceField("given_by", .identifier).fixed,
            ResourceField("given_on", .date),
            ResourceField("withdrawn_on", .date).nullable,
            ResourceField("document", .text(maximum: 500)).nullable,
        ],
        order: ["given_on"],
        refusals: [
            "consents_dates": .init(
                field: "withdrawn_on", code: "before_start", ru: "Дата отзыва не может быть раньше даты согласия.",
                en: "The day of withdrawal must not be before the day of the consent."),
            "consents_given_on": .init(
                field: "given_on", code: "in_the_future", ru: "Эта дата ещё не наступила.",
                en: "The date is in the future."),
            "consents_giver": .init(
                .giverNotEntitled, field: "given_by", code: "not_entitled",
                ru: "Ни ученик с 14 лет (на медицинскую помощь — с 15), ни представитель с доступом в этот день.",
                en: "Neither the student from the age of 14 (medical care: 15) nor a guardian with access on that day."
            ),
            "consents_withdrawal": .init(
                .consentWithdrawn, field: "withdrawn_on", code: "withdrawn", ru: "Отзыв уже действует.",
                en: "The withdrawal is already in force."),
            "consents_one_at_a_time": .init(
                .conflict, field: "given_on", code: "overlap", ru: "Такое согласие уже действует.",
                en: "The same person's consent to this purpose is already in force."),
        ])
}
