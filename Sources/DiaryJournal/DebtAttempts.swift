import Diary

/// Attempts to settle a debt (M13): at most two, the second one before a commission. Heads and deputy heads write them
/// from the protocol; an attempt that was passed settles the debt and changes the final mark.
package enum DebtAttempts {
    package static let resource = Resource(
        path: "debt-attempts",
        noun: "DebtAttempt",
        readers: Debts.readers,
        writers: .headsOfSchool,
        visibility: .init(
            sees: """
                EXISTS (
                    SELECT FROM debts d
                    WHERE d.school_id = t.school_id AND d.id = t.debt_id
                        AND (
                            lyceum.has_role('head', 'deputy_head')
                            OR lyceum.leads_student(d.student_id) AND d.published_at <= now()
                        )
                )
                """,
            keeps: "true"),
        fields: [
            ResourceField("debt_id", .identifier).fixed,
            ResourceField("ordinal", .integer(1...2)).fixed,
            ResourceField("held_on", .date),
            ResourceField("commission", .text(maximum: 500)).nullable,
            ResourceField("result", .word(["passed", "failed", "absent"])).nullable,
            ResourceField("number", .integer(1...5)).nullable,
            ResourceField("order_id", .identifier).nullable,
        ],
        filters: ["debt_id"],
        order: ["held_on"],
        refusals: [
            "debt_attempts_ordinal_key": .taken("ordinal"),
            "debt_attempts_order": .init(
                field: "ordinal", code: "first_attempt_first",
                ru: "Вторая попытка бывает только после неудачной первой.",
                en: "The second attempt follows a first one that was failed or missed."),
            "debt_attempts_held_on": .init(
                field: "held_on", code: "before_start", ru: "Попытка раньше, чем возник долг.",
                en: "The attempt is before the debt."),
            "debt_attempts_future": .init(
                field: "held_on", code: "in_the_future", ru: "Результат записывают в день попытки или позже.",
                en: "A result is recorded on the day of the attempt or later."),
            "debt_attempts_commission": .init(
                field: "commission", code: "required", ru: "Вторую попытку принимает комиссия.",
                en: "The second attempt is before a commission."),
            "debt_attempts_order_id": .init(
                field: "order_id", code: "required", ru: "Результат записывают по протоколу.",
                en: "A result needs its protocol."),
            "debt_attempts_protocol": .init(
                field: "order_id", code: "not_a_protocol", ru: "Нужен приказ вида council_protocol.",
                en: "An order of the kind council_protocol is needed."),
        ])
}
