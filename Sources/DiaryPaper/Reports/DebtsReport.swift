import Diary
import Postgres
import Web

/// M13: academic debts, open and settled.
enum DebtsReport {
    static let report = Report(
        "debts",
        title: Text(ru: "Академические задолженности", en: "Academic debts"),
        summary: Text(
            ru: "Открытые и ликвидированные задолженности с попытками и протоколами. Для заместителя директора и "
                + "классного руководителя.",
            en: "Open and settled debts with their attempts and protocols. For deputy heads and class teachers."),
        access: .roles([.head, .deputyHead, .classTeacher]),
        parameters: [
            ReportParameter(
                "state", .option(["open", "settled"]), ru: "Только открытые или только ликвидированные.",
                en: "Only open or only settled ones."),
            ReportParameter(
                "academic_year_id", .identifier, ru: "Учебный год, за который долг; по умолчанию все.",
                en: "The academic year that the debt is from; all by default."),
            ReportParameter(
                "class_id", .identifier, ru: "Только сегодняшние ученики этого класса.",
                en: "Only the students who are in this class today."),
        ],
        paper: Paper(.landscape, signatures: [SharedColumns.deputyHead])
    ) { input in
        let schoolClass = input.text("class_id").map { ClassGate.open(input.caller, $0) }
        let reader: [Parameter] = [
            input.school, .boolean(input.caller.readsAll), input.caller.person, input["state"],
            input["academic_year_id"],
            .boolean(schoolClass != nil),
        ]
        return ReportContent {
            if let schoolClass {
                Gate(schoolClass)
                Facts("class", schoolClass, [Column("name", ru: "Класс", en: "Class")])
            }
            Facts(
                "totals", Query(statement: totals, parameters: reader),
                [
                    Column("open", .integer, ru: "Открыто", en: "Open"),
                    Column("settled", .integer, ru: "Ликвидировано", en: "Settled"),
                    Column("students", .integer, ru: "Учеников с открытыми", en: "Students with open debts"),
                ])
            Table("debts", Query(statement: debts, parameters: reader), columns)
        }
    }

    private static let results = [
        "passed": Text(ru: "сдано", en: "passed"), "failed": Text(ru: "не сдано", en: "failed"),
        "absent": Text(ru: "неявка", en: "absent"),
    ]

    private static let columns = [
        .number, Column("student", .person, ru: "Ученик", en: "Student"),
        Column("class?.name", width: 7, ru: "Класс", en: "Class"),
        Column("subject.name", ru: "Предмет", en: "Subject"),
        Column("academic_year.name", width: 11, ru: "Учебный год", en: "Academic year"),
        Column("_period", width: 12, words: SharedColumns.kinds, ru: "Период", en: "Period"),
        Column("opened_by", .mark, ru: "Отметка", en: "Mark"),
        Column("opened_on", .date, ru: "Открыт", en: "Opened"),
        Column("first_attempt?.held_on", .date, ru: "Попытка 1", en: "Attempt 1"),
        Column("first_attempt?.result", width: 9, words: results, ru: "Итог", en: "Result"),
        Column("second_attempt?.held_on", .date, ru: "Попытка 2", en: "Attempt 2"),
        Column("second_attempt?.result", width: 9, words: results, ru: "Итог", en: "Result"),
        Column(
            "state", width: 13,
            words: [
                "open": Text(ru: "открыт", en: "open"), "settled": Text(ru: "ликвидирован", en: "settled"),
            ], ru: "Состояние", en: "State"),
        Column("settled_on", .date, ru: "Ликвидирован", en: "Settled"),
        Column("number", .integer, ru: "Новая отметка", en: "New mark"),
        Column("protocol?.number", width: 9, ru: "Протокол", en: "Protocol"),
    ]

    // MARK: SQL. `$1` is the school, `$2` whether the reader reads all, `$3` the reader.

    /// A debt that was cancelled was a mistake. Class teachers see what families see of those whom they lead (M12).
    private static let seen = """
        seen AS MATERIALIZED (
            SELECT d.*
            FROM debts d
            WHERE d.school_id = $1 AND d.state <> 'cancelled'
                AND (
                    $2::boolean
                    OR d.student_id = ANY ((SELECT lyceum.led_ids($1, $3::uuid, true))::uuid[])
                        AND d.published_at <= now()
                )
                AND ($4::text IS NULL OR d.state = $4) AND ($5::uuid IS NULL OR d.academic_year_id = $5::uuid)
                AND (
                    NOT $6::boolean
                    OR d.student_id IN (
                        SELECT e.student_id
                        FROM enrollments e
                        WHERE e.school_id = $1 AND e.class_id = \(ClassGate.schoolClass)
                            AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
                    )
                )
        )
        """

    private static let totals = Statement(
        """
        WITH \(seen)
        SELECT count(*) FILTER (WHERE d.state = 'open') AS open, count(*) FILTER (WHERE d.state = 'settled') AS settled,
            count(DISTINCT d.student_id) FILTER (WHERE d.state = 'open') AS students
        FROM seen d
        """)

    private static let debts = Statement(
        """
        WITH \(seen)
        SELECT d.id, \(SharedSQL.person("u", as: "student")), c.id AS "class?.id", c.name AS "class?.name",
            j.id AS "subject.id", j.name AS "subject.name", y.id AS "academic_year.id", y.name AS "academic_year.name",
            t.id AS "term?.id", t.name AS "term?.name", coalesce(t.name, 'year') AS _period,
            lyceum.mark_value(CASE WHEN d.number IS NULL THEN 'code' ELSE 'number' END, d.number, d.code, NULL) AS opened_by,
            d.opened_on, a.held_on AS "first_attempt?.held_on", a.result AS "first_attempt?.result",
            a.number AS "first_attempt?.number", b.held_on AS "second_attempt?.held_on",
            b.result AS "second_attempt?.result", b.number AS "second_attempt?.number", d.state, d.settled_on,
            CASE WHEN d.state = 'settled' THEN f.number END AS number, o.id AS "protocol?.id",
            o.number AS "protocol?.number", o.issued_on AS "protocol?.issued_on", '/v1/debts/' || d.id AS "links.debt"
        FROM seen d
        JOIN users u ON u.school_id = $1 AND u.id = d.student_id
        JOIN subjects j ON j.school_id = $1 AND j.id = d.subject_id
        JOIN academic_years y ON y.school_id = $1 AND y.id = d.academic_year_id
        JOIN final_marks f ON f.school_id = $1 AND f.id = d.id
        LEFT JOIN terms t ON t.school_id = $1 AND t.id = d.term_id
        LEFT JOIN debt_attempts a ON a.school_id = $1 AND a.debt_id = d.id AND a.ordinal = 1
        LEFT JOIN debt_attempts b ON b.school_id = $1 AND b.debt_id = d.id AND b.ordinal = 2
        LEFT JOIN orders o ON o.school_id = $1
            AND o.id = CASE WHEN b.result = 'passed' THEN b.order_id WHEN a.result = 'passed' THEN a.order_id END
        LEFT JOIN enrollments e ON e.school_id = $1 AND e.student_id = d.student_id
            AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
        LEFT JOIN classes c ON c.school_id = $1 AND c.id = e.class_id
        ORDER BY d.state, d.opened_on, u.last_name, u.first_name, d.id
        """)
}
