import Diary
import Postgres
import Web

/// An order of the school or a protocol of its council on paper (Y2), with the students whom it concerns.
enum OrderSheet {
    static let report = Report(
        "order",
        title: Text(ru: "Приказ, протокол", en: "Order or protocol"),
        summary: Text(
            ru: "Приказ школы или протокол педагогического совета для печати, с учениками, которых он касается.",
            en: "An order of the school or a protocol of its council for printing, with the students it concerns."),
        access: .managers,
        parameters: [
            ReportParameter("order_id", .identifier, isRequired: true, ru: "Приказ или протокол.", en: "The order.")
        ],
        paper: Paper(signatures: [Text(ru: "Подпись", en: "Signature")], layout: "order")
    ) { input in
        let order = order(input.school, input["order_id"])
        return ReportContent {
            Gate(order)
            Facts(
                "order", order,
                [
                    Column("kind", words: kinds, ru: "Вид", en: "Kind"),
                    Column("number", ru: "Номер", en: "Number"),
                    Column("issued_on", .date, ru: "Дата", en: "Date"),
                    Column("signatory", ru: "Подписывает", en: "Signed by"),
                ])
            Notes("text", text(input.school, input["order_id"])) { rows, row, _ in rows.text(row, "text") ?? "" }
            Table(
                "students", title: Text(ru: "Ученики", en: "Students"),
                students(input.school, input["order_id"], .boolean(input.caller.readsAll)),
                isOptional: true,
                [
                    .number, Column("", .person, ru: "Ученик", en: "Student"),
                    Column("class?.name", width: 8, ru: "Класс", en: "Class"),
                    Column("what", width: 30, words: subjects, ru: "О чём", en: "About"),
                    Column("detail", width: 24, words: details, ru: "Решение, предмет", en: "Decision, subject"),
                    Column("day", .date, ru: "Дата", en: "Day"),
                ])
        }
    }

    static let kinds = [
        "admission": Text(ru: "Приказ о зачислении", en: "Admission"),
        "transfer": Text(ru: "Приказ о переводе", en: "Transfer"),
        "expulsion": Text(ru: "Приказ об отчислении", en: "Expulsion"),
        "promotion": Text(ru: "Приказ о переводе в следующий класс", en: "Promotion"),
        "study_form": Text(ru: "Приказ о форме обучения", en: "Form of study"),
        "council_protocol": Text(ru: "Протокол педагогического совета", en: "Protocol of the council"),
        "other": Text(ru: "Приказ", en: "Order"),
    ]

    private static let subjects = [
        "enrollment": Text(ru: "зачисление в класс", en: "enrollment in a class"),
        "leaving": Text(ru: "выбытие из класса", en: "leaving a class"),
        "promotion": Text(ru: "решение по итогам года", en: "decision at the end of the year"),
        "debt": Text(ru: "ликвидация задолженности", en: "settling a debt"),
        "exemption": Text(ru: "освобождение от аттестации", en: "exemption"),
        "certificate": Text(ru: "выдача аттестата", en: "certificate"),
    ]

    private static let details = Promotion.decisions

    // MARK: SQL. `$1` is the school, `$2` the order.

    private static let order = Statement(
        """
        SELECT o.id, o.kind, o.number, o.issued_on, o.signatory
        FROM orders o WHERE o.school_id = $1 AND o.id = $2::uuid
        """)

    private static let text = Statement("SELECT o.text FROM orders o WHERE o.school_id = $1 AND o.id = $2::uuid")

    /// All records that name the order. No values of marks: administrators read orders, too. `$3`: whether the reader may
    /// know in which subjects there are debts and exemptions.
    private static let students = Statement(
        """
        SELECT u.id, u.last_name, u.first_name, u.middle_name, c.id AS "class?.id", c.name AS "class?.name", k.what, k.detail,
            k.day
        FROM (
            SELECT e.student_id, e.class_id, 'enrollment' AS what, e.reason AS detail, e.starts_on AS day
            FROM enrollments e WHERE e.school_id = $1 AND e.order_id = $2::uuid
            UNION ALL
            SELECT e.student_id, e.class_id, 'leaving', e.end_reason, e.ends_on
            FROM enrollments e WHERE e.school_id = $1 AND e.end_order_id = $2::uuid
            UNION ALL
            SELECT p.student_id, NULL, 'promotion', p.decision, p.decided_on
            FROM promotions p WHERE p.school_id = $1 AND p.order_id = $2::uuid
            UNION ALL
            SELECT d.student_id, NULL, 'debt', CASE WHEN $3::boolean THEN j.name END, a.held_on
            FROM debt_attempts a
            JOIN debts d ON d.school_id = $1 AND d.id = a.debt_id
            JOIN subjects j ON j.school_id = $1 AND j.id = d.subject_id
            WHERE a.school_id = $1 AND a.order_id = $2::uuid
            UNION ALL
            SELECT f.student_id, NULL, 'exemption', CASE WHEN $3::boolean THEN j.name END, o.issued_on
            FROM final_marks f
            JOIN orders o ON o.school_id = $1 AND o.id = f.order_id
            JOIN subjects j ON j.school_id = $1 AND j.id = f.subject_id
            WHERE f.school_id = $1 AND f.order_id = $2::uuid AND f.code = 'exempt'
            UNION ALL
            SELECT i.student_id, NULL, 'certificate', i.form_number, i.issued_on
            FROM certificates i WHERE i.school_id = $1 AND i.order_id = $2::uuid
        ) k
        JOIN users u ON u.school_id = $1 AND u.id = k.student_id
        LEFT JOIN LATERAL (
            SELECT e.class_id FROM enrollments e
            WHERE e.school_id = $1 AND e.student_id = k.student_id AND e.starts_on <= k.day
            ORDER BY e.starts_on DESC
            LIMIT 1
        ) e ON k.class_id IS NULL
        LEFT JOIN classes c ON c.school_id = $1 AND c.id = coalesce(k.class_id, e.class_id)
        ORDER BY u.last_name, u.first_name, u.middle_name, u.id, k.day, k.what, k.detail
        """)
}
