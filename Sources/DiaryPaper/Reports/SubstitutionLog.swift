import Diary
import Postgres
import Web

/// «Журнал замещений»: the substitutions of a period, and how many lessons each teacher has given for others in each
/// month. With the same day as `from` and `to` it is the sheet of a day.
enum SubstitutionLog {
    static let report = Report(
        "substitution-log",
        title: Text(ru: "Журнал замещения уроков", en: "Log of substitutions"),
        summary: Text(
            ru: "Замены за день или период, и сколько уроков каждый учитель дал за других по месяцам. Для заместителя "
                + "директора.",
            en:
                "The substitutions of a day or a period, and how many lessons each teacher has given for others in each "
                + "month. For deputy heads."),
        access: .headsOfSchool, parameters: ReportParameter.period,
        paper: Paper(.landscape, signatures: [Text(ru: "Заместитель директора", en: "Deputy head")])
    ) { input in
        let school = input.school
        return ReportContent {
            ReportPeriod.gate(input)
            ReportPeriod.facts(input)
            Table(
                "substitutions", title: Text(ru: "Замены", en: "Substitutions"), substitutions(school),
                [
                    .number, Column("date", .date, ru: "Дата", en: "Date"),
                    Column("slot", .integer, width: 5, ru: "Урок", en: "Slot"),
                    Column("group", width: 8, ru: "Класс, группа", en: "Class, group"),
                    Column("subject.name", width: 16, ru: "Предмет", en: "Subject"),
                    Column("old_teacher?", .shortPerson, width: 18, ru: "Учитель по расписанию", en: "Usual teacher"),
                    Column("kind", width: 18, words: kinds, ru: "Замена", en: "Substitution"),
                    Column("teacher?", .shortPerson, width: 18, ru: "Кто замещает", en: "Substitute"),
                    Column("_outcome", width: 18, ru: "Что вместо урока", en: "What happens instead"),
                    Column("reason", width: 20, ru: "Причина", en: "Reason"),
                    .blank(width: 10, ru: "Подпись", en: "Signature"),
                ])
            Pivot(
                "teachers", title: Text(ru: "Дано уроков за других", en: "Lessons given for others"), teachers(school),
                before: [.number, Column("", .person, ru: "Учитель", en: "Teacher")],
                across: Pivot.Across("months", months(school), key: "month", label: "_label", width: 8),
                cells: Pivot.Cells(given(school), value: "lessons", .integer),
                after: [Column("lessons", .integer, ru: "Всего", en: "Total")])
        }
    }

    private static let kinds = [
        "replace": Text(ru: "замещение", en: "another teacher"),
        "merge": Text(ru: "объединение групп", en: "groups together"),
        "move": Text(ru: "перенос", en: "moved"),
        "cancel": Text(ru: "урок отменён", en: "cancelled"),
        "other_subject": Text(ru: "другой предмет", en: "another subject"),
    ]

    // MARK: SQL. `$1` is the school.

    private static let day = "coalesce(x.date, x.old_date)"
    private static let within = """
        x.school_id = $1 AND x.cancelled_at IS NULL
            AND (x.old_date BETWEEN \(ReportPeriod.first) AND \(ReportPeriod.last)
                OR x.date BETWEEN \(ReportPeriod.first) AND \(ReportPeriod.last))
        """

    private static let substitutions = Statement(
        """
        SELECT x.id, x.kind, x.old_date AS date, x.old_slot AS slot, x.lesson_id, j.id AS "subject.id",
            j.name AS "subject.name", s.id AS "section.id", s.name AS "section.name", g.name AS "group",
            \(SharedSQL.person("o", as: "old_teacher?")), \(SharedSQL.person("n", as: "teacher?")),
            x.date AS "moved_to?.date", x.slot AS "moved_to?.slot", x.other_lesson_id, x.reason,
            CASE x.kind
                WHEN 'move' THEN to_char(x.date, 'DD.MM.YYYY') || ', урок ' || x.slot
                WHEN 'merge' THEN 'вместе: ' || os.name
                WHEN 'other_subject' THEN os.name
            END AS _outcome,
            '/v1/substitutions/' || x.id AS "links.substitution"
        FROM substitutions x
        JOIN lessons l ON l.school_id = $1 AND l.id = x.lesson_id
        JOIN sections s ON s.school_id = $1 AND s.id = l.section_id
        JOIN groups g ON g.school_id = $1 AND g.id = s.group_id
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        LEFT JOIN lessons ol ON ol.school_id = $1 AND ol.id = x.other_lesson_id
        LEFT JOIN sections os ON os.school_id = $1 AND os.id = coalesce(x.section_id, ol.section_id)
        LEFT JOIN users o ON o.school_id = $1 AND o.id = x.old_teacher_id
        LEFT JOIN users n ON n.school_id = $1
            AND n.id = coalesce(x.teacher_id, CASE WHEN x.kind = 'other_subject' THEN ol.teacher_id END)
        WHERE \(within)
        ORDER BY x.old_date, x.old_slot, coalesce(g.grade_level, 0), g.name, x.id
        """)

    /// Lessons that are over (L4) and were given by another teacher than the timetable says.
    private static let taken = """
        taken AS MATERIALIZED (
            SELECT t.teacher_id, to_char(\(day), 'YYYY-MM') AS month, count(*) AS lessons
            FROM substitutions x
            JOIN lessons l ON l.school_id = $1
                AND l.id = CASE WHEN x.kind = 'other_subject' THEN x.other_lesson_id ELSE x.lesson_id END
            CROSS JOIN LATERAL (SELECT coalesce(x.teacher_id, l.teacher_id) AS teacher_id) t
            WHERE x.school_id = $1 AND x.cancelled_at IS NULL AND x.kind IN ('replace', 'merge', 'other_subject')
                AND \(day) BETWEEN \(ReportPeriod.first) AND \(ReportPeriod.last)
                AND t.teacher_id IS DISTINCT FROM x.old_teacher_id AND t.teacher_id IS NOT NULL
                AND (x.kind = 'merge' OR l.state <> 'cancelled') AND lyceum.is_over(l.date, l.ends_at)
            GROUP BY t.teacher_id, to_char(\(day), 'YYYY-MM')
        )
        """

    private static let teachers = Statement(
        """
        WITH \(taken)
        SELECT u.id, u.last_name, u.first_name, u.middle_name, sum(t.lessons)::integer AS lessons
        FROM taken t
        JOIN users u ON u.school_id = $1 AND u.id = t.teacher_id
        GROUP BY u.id, u.last_name, u.first_name, u.middle_name
        ORDER BY u.last_name, u.first_name, u.id
        """)

    private static let months = Statement(
        """
        WITH \(taken)
        SELECT DISTINCT t.month, substr(t.month, 6) || '.' || left(t.month, 4) AS _label
        FROM taken t
        ORDER BY t.month
        """)

    private static let given = Statement(
        """
        WITH \(taken)
        SELECT t.teacher_id AS _parent, t.month AS _across, t.month, t.lessons
        FROM taken t
        JOIN users u ON u.school_id = $1 AND u.id = t.teacher_id
        ORDER BY u.last_name, u.first_name, u.id, t.month
        """)
}
