import Diary
import Postgres
import Web

/// What the council decided about the students at the end of a year (Y1), for its protocol.
enum Promotion {
    static let report = Report(
        "promotion",
        title: Text(
            ru: "Решения педагогического совета о переводе", en: "Decisions of the council at the end of a year"),
        summary: Text(
            ru: "Переведённые, условно переведённые, оставленные и выпущенные по классам и поимённо. Для "
                + "администрации.",
            en: "Who is promoted, promoted with debts, repeats or graduates, by class and by name. For the "
                + "administration."),
        access: .headsOfSchool, parameters: [.academicYear],
        paper: Paper(
            signatures: [
                Text(ru: "Председатель", en: "Chair"), Text(ru: "Секретарь", en: "Secretary"),
            ])
    ) { input in
        let school = input.school
        return ReportContent {
            AcademicYearGate.gate(input)
            Facts(
                "academic_year", AcademicYearGate.query(input), [Column("name", ru: "Учебный год", en: "Academic year")]
            )
            Table(
                "classes", title: Text(ru: "По классам", en: "By class"), classes(school), total: total(school),
                [
                    Column("class.name", width: 8, ru: "Класс", en: "Class"),
                    Column("students", .integer, width: 9, ru: "Учеников", en: "Students"),
                    Column("promoted", .integer, width: 10, ru: "Переведено", en: "Promoted"),
                    Column("conditional", .integer, width: 9, ru: "Условно", en: "With debts"),
                    Column("repeats", .integer, width: 10, ru: "Оставлено", en: "Repeat"),
                    Column("graduated", .integer, width: 10, ru: "Выпущено", en: "Graduated"),
                    Column("left", .integer, width: 9, ru: "Выбыло", en: "Left"),
                    Column("undecided", .integer, width: 11, ru: "Нет решения", en: "Undecided"),
                ])
            Table(
                "students", title: Text(ru: "Поимённо", en: "By name"), students(school),
                [
                    .number, Column("class.name", width: 7, ru: "Класс", en: "Class"),
                    Column("", .person, width: 30, ru: "Ученик", en: "Student"),
                    Column("decision", width: 18, words: decisions, ru: "Решение", en: "Decision"),
                    Column("debts", width: 24, ru: "Долги", en: "Debts"),
                    Column("_protocol", width: 18, ru: "Протокол", en: "Protocol"),
                ])
        }
    }

    static let decisions = [
        "promoted": Text(ru: "переведён", en: "promoted"),
        "conditional": Text(ru: "переведён условно", en: "promoted with debts"),
        "repeats": Text(ru: "оставлен на повторный курс", en: "repeats"),
        "graduated": Text(ru: "выпущен", en: "graduated"), "left": Text(ru: "выбыл", en: "left"),
    ]

    // MARK: SQL. `$1` is the school.

    /// The students of the year's last day, before it those of today.
    private static let decided = """
        decided AS MATERIALIZED (
            SELECT e.student_id, c.id AS class_id, c.name AS class_name, c.grade_level, p.decision, p.debts, p.protocol,
                p.decided_on, p.settled_on, p.order_id
            FROM academic_years y
            JOIN classes c ON c.school_id = $1 AND c.academic_year_id = y.id
            JOIN enrollments e ON e.school_id = $1 AND e.class_id = c.id
                AND lyceum.holds(e.starts_on, e.ends_on, greatest(y.starts_on, least(y.ends_on, lyceum.today())))
            LEFT JOIN promotions p ON p.school_id = $1 AND p.academic_year_id = y.id AND p.student_id = e.student_id
            WHERE y.school_id = $1 AND y.id = \(AcademicYearGate.year)
        )
        """

    private static let counts =
        "count(*) AS students, "
        + ["promoted", "conditional", "repeats", "graduated", "left"].map {
            "count(*) FILTER (WHERE d.decision = '\($0)') AS \"\($0)\""
        }.joined(separator: ", ") + ", count(*) FILTER (WHERE d.decision IS NULL) AS undecided"

    private static let classes = Statement(
        """
        WITH \(decided)
        SELECT d.class_id AS "class.id", d.class_name AS "class.name", d.grade_level, \(counts)
        FROM decided d
        GROUP BY d.class_id, d.class_name, d.grade_level
        ORDER BY d.grade_level, d.class_name, d.class_id
        """)

    private static let total = Statement("WITH \(decided) SELECT \(counts) FROM decided d")

    private static let students = Statement(
        """
        WITH \(decided)
        SELECT u.id, u.last_name, u.first_name, u.middle_name, d.class_id AS "class.id", d.class_name AS "class.name",
            d.decision, d.debts, d.decided_on, d.settled_on, o.id AS "order?.id", o.kind AS "order?.kind",
            o.number AS "order?.number", o.issued_on AS "order?.issued_on", d.protocol,
            coalesce(
                '№ ' || o.number || ' от ' || to_char(o.issued_on, 'DD.MM.YYYY'),
                '№ ' || d.protocol || ' от ' || to_char(d.decided_on, 'DD.MM.YYYY')
            ) AS _protocol
        FROM decided d
        JOIN users u ON u.school_id = $1 AND u.id = d.student_id
        LEFT JOIN orders o ON o.school_id = $1 AND o.id = d.order_id
        ORDER BY d.grade_level, d.class_name, u.last_name, u.first_name, u.middle_name, u.id
        """)
}
