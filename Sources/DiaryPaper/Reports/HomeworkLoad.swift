import Diary
import Postgres
import Web

/// How much homework each class has for each day, beside the norm of time of the sanitary rules. Homework has no
/// minutes, so the report counts tasks and says how many minutes the norm leaves for each.
enum HomeworkLoad {
    static let report = Report(
        "homework-load",
        title: Text(ru: "Нагрузка домашними заданиями", en: "Homework load"),
        summary: Text(
            ru: "Заданий по классам и дням рядом с нормой времени (СП 2.4.3648-20, СанПиН 1.2.3685-21): сколько минут "
                + "остаётся на одно. Для заместителя директора.",
            en: "Homework by class and day beside the norm of time of the sanitary rules: how many minutes it leaves "
                + "for a task. For deputy heads."),
        access: .headsOfSchool,
        parameters: ReportParameter.period + [
            ReportParameter("class_id", .identifier, ru: "Только этот класс.", en: "This class only.")
        ],
        paper: Paper(.landscape, signatures: [Text(ru: "Заместитель директора", en: "Deputy head")])
    ) { input in
        let (school, schoolClass) = (input.school, input["class_id"])
        return ReportContent {
            ReportPeriod.gate(input)
            ReportPeriod.facts(input)
            Table(
                "classes", title: Text(ru: "Классы", en: "Classes"), classes(school, schoolClass),
                [
                    Column("class.name", width: 8, ru: "Класс", en: "Class"),
                    Column("norm_minutes", .integer, ru: "Норма, мин", en: "Norm, min"),
                    Column("days", .integer, ru: "Учебных дней", en: "School days"),
                    Column("days_with_homework", .integer, ru: "Дней с заданиями", en: "Days with homework"),
                    Column("tasks", .integer, ru: "Заданий", en: "Tasks"),
                    Column("tasks_per_day", .decimal(1), ru: "В день", en: "A day"),
                    Column("most", .integer, ru: "Больше всего", en: "Most"),
                    Column("most_on", .date, ru: "Когда", en: "On"),
                    Column("least_minutes", .integer, ru: "Минут на задание в этот день", en: "Minutes a task then"),
                ])
            Pivot(
                "load", title: Text(ru: "Заданий на день", en: "Tasks for each day"), load(school, schoolClass),
                before: [Column("name", width: 7, ru: "Класс", en: "Class")],
                across: Pivot.Across("days", days(school, schoolClass), key: "date", label: "_label", width: 4),
                cells: Pivot.Cells(cells(school, schoolClass), value: "tasks", .integer))
            Notes("remarks", remark(school)) { _, _, language in
                Text(
                    ru: "У заданий нет времени выполнения, поэтому считаются предметы с заданием на день; группы "
                        + "одного предмета — одно задание. Норма: 1 класс — без заданий, 2–3 — 1,5 ч, 4–5 — 2 ч, "
                        + "6–8 — 2,5 ч, 9–11 — 3,5 ч.",
                    en: "Homework has no duration, so subjects with homework for the day are counted; parts of a class "
                        + "in one subject are one task. Norm: none in grade 1, 1.5 h in 2-3, 2 h in 4-5, 2.5 h in 6-8, "
                        + "3.5 h in 9-11.")[language]
            }
        }
    }

    // MARK: SQL. `$1` is the school, `$2` the class.

    /// SanPiN 1.2.3685-21 and SP 2.4.3648-20, in minutes.
    private static let norm = """
        CASE WHEN c.grade_level = 1 THEN 0 WHEN c.grade_level <= 3 THEN 90 WHEN c.grade_level <= 5 THEN 120
            WHEN c.grade_level <= 8 THEN 150 ELSE 210 END
        """

    private static let asked = """
        asked AS MATERIALIZED (
            SELECT c.id, c.name, c.grade_level, c.letter, \(norm) AS norm
            FROM classes c
            WHERE c.school_id = $1 AND c.academic_year_id = \(ReportPeriod.year) AND ($2::uuid IS NULL OR c.id = $2::uuid)
        )
        """

    /// Subjects by class and day. Homework of groups across classes is not of one class and stands outside.
    private static let tasks = """
        \(asked), tasks AS MATERIALIZED (
            SELECT c.id AS class_id, h.due_on AS date, count(DISTINCT s.subject_id) AS tasks
            FROM homework h
            JOIN sections s ON s.school_id = $1 AND s.id = h.section_id
            JOIN groups g ON g.school_id = $1 AND g.id = s.group_id
            JOIN asked c ON c.id = g.class_id
            WHERE h.school_id = $1 AND h.deleted_at IS NULL
                AND h.due_on BETWEEN \(ReportPeriod.first) AND \(ReportPeriod.last)
            GROUP BY c.id, h.due_on
        )
        """

    private static let classes = Statement(
        """
        WITH \(tasks), school_days AS MATERIALIZED (
            SELECT g.class_id, count(DISTINCT l.date) AS days
            FROM lessons l
            JOIN sections s ON s.school_id = $1 AND s.id = l.section_id
            JOIN groups g ON g.school_id = $1 AND g.id = s.group_id
            JOIN asked c ON c.id = g.class_id
            WHERE l.school_id = $1 AND l.state <> 'cancelled'
                AND l.date BETWEEN \(ReportPeriod.first) AND \(ReportPeriod.last)
            GROUP BY g.class_id
        )
        SELECT c.id AS "class.id", c.name AS "class.name", c.grade_level AS "class.grade_level",
            c.norm AS norm_minutes, coalesce(d.days, 0) AS days, coalesce(t.days, 0) AS days_with_homework,
            coalesce(t.tasks, 0) AS tasks,
            trim_scale(round(coalesce(t.tasks, 0) / nullif(d.days, 0), 1)) AS tasks_per_day, t.most, t.most_on,
            c.norm / t.most AS least_minutes, c.norm = 0 AND t.most IS NOT NULL AS is_over_norm
        FROM asked c
        LEFT JOIN school_days d ON d.class_id = c.id
        LEFT JOIN (
            SELECT t.class_id, count(*) AS days, sum(t.tasks) AS tasks, max(t.tasks) AS most,
                (array_agg(t.date ORDER BY t.tasks DESC, t.date))[1] AS most_on
            FROM tasks t
            GROUP BY t.class_id
        ) t ON t.class_id = c.id
        ORDER BY c.grade_level, c.letter, c.id
        """)

    private static let load = Statement(
        "WITH \(asked) SELECT c.id, c.name FROM asked c WHERE $1::int IS NOT NULL ORDER BY c.grade_level, c.letter, c.id"
    )

    private static let days = Statement(
        """
        WITH \(tasks)
        SELECT t.date, to_char(t.date, 'DD.MM') AS _label FROM tasks t GROUP BY t.date ORDER BY t.date
        """)

    private static let cells = Statement(
        """
        WITH \(tasks)
        SELECT t.class_id AS _parent, t.date AS _across, t.date, t.tasks
        FROM tasks t
        JOIN asked c ON c.id = t.class_id
        ORDER BY c.grade_level, c.letter, c.id, t.date
        """)

    private static let remark = Statement("SELECT 'homework_has_no_duration' AS code WHERE $1::int IS NOT NULL")
}
