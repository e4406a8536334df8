import Diary
import Postgres
import Web

/// The page of a section for a period, for the paper archive: students by lessons with marks and absences, then the lessons
/// with topic and homework, and what was changed after the term was closed. Where marks are not given (M1), the page has
/// absences alone.
enum JournalPage {
    static let report = Report(
        "journal-page",
        title: Text(ru: "Страница классного журнала", en: "Journal page"),
        summary: Text(
            ru: "Страница журнала за период для бумажного архива: отметки и пропуски, темы и задания, изменения после "
                + "закрытия периода. Для администрации и учителей этого предмета.",
            en:
                "The page of a section for a period, for the paper archive: marks and absences, topics and homework, and "
                + "changes after the term was closed. For the administration and the section's teachers."),
        access: .roles([.head, .deputyHead, .teacher]), parameters: [.section] + ReportParameter.period,
        paper: Paper(
            .landscape,
            signatures: [
                Text(ru: "Учитель", en: "Teacher"), Text(ru: "Заместитель директора", en: "Deputy head"),
            ], layout: "journal-page")
    ) { input in
        let school = input.school
        let section = SectionGate.open(input.caller, input.required("section_id"))
        return ReportContent {
            Gate(section)
            Gate(isWhole())
            ReportPeriod.gate(input)
            Facts(
                "section", section,
                [
                    Column("subject.name", ru: "Предмет", en: "Subject"),
                    Column("group.name", ru: "Класс, группа", en: "Class, group"),
                ])
            Facts("teachers", teachers(school), [Column("names", ru: "Учитель", en: "Teacher")])
            ReportPeriod.facts(input)
            Pivot(
                "students", students(school),
                before: [.number, Column("", .shortPerson, width: 22, ru: "Ученик", en: "Student")],
                across: Pivot.Across("columns", columns(school), label: "_day", group: "_month", width: 3.2),
                cells: Pivot.Cells(cells(school), value: "_text", .text),
                after: [
                    Column("missed", .integer, width: 6, ru: "Проп.", en: "Missed"),
                    Column("average", .decimal(2), width: 6, isOptional: true, ru: "Ср.", en: "Mean"),
                    Column("final", .mark, width: 6, isOptional: true, ru: "Итог", en: "Final"),
                ])
            Table(
                "lessons", title: Text(ru: "Уроки", en: "Lessons"), lessons(school),
                [
                    .number, Column("date", .date, ru: "Дата", en: "Date"),
                    Column("slot", .integer, width: 5, ru: "Урок", en: "Slot"),
                    Column("topic", width: 50, ru: "Тема урока", en: "Topic"),
                    Column("homework", width: 45, ru: "Домашнее задание", en: "Homework"),
                    Column("substitute?", .shortPerson, width: 20, ru: "Замена", en: "Substitute"),
                ])
            Table(
                "changes", title: Text(ru: "Изменения после закрытия периода", en: "Changes after the close"),
                changes(school),
                [
                    Column("_changed", .moment, ru: "Когда", en: "When"),
                    Column("changed_by?", .shortPerson, ru: "Кто", en: "Who"),
                    Column("student", .shortPerson, ru: "Ученик", en: "Student"),
                    Column("date", .date, ru: "Урок", en: "Lesson"),
                    Column("from", .mark, width: 8, ru: "Было", en: "Before"),
                    Column("to", .mark, width: 8, ru: "Стало", en: "After"),
                    Column("reason", width: 40, ru: "Основание", en: "Reason"),
                ])
        }
    }

    // MARK: SQL. `$1` is the school.

    private static let section = "(SELECT \(SectionGate.section))"
    private static let first = ReportPeriod.first
    private static let last = ReportPeriod.last

    /// A class teacher who does not teach the section would see only some of its students, and that is no page.
    private static let isWhole = Statement("SELECT WHERE \(SectionGate.isReadWhole)")

    private static let teachers = Statement(
        """
        SELECT string_agg(
            DISTINCT concat_ws(' ', u.last_name, u.first_name, u.middle_name), ', '
            ORDER BY concat_ws(' ', u.last_name, u.first_name, u.middle_name)
        ) AS names
        FROM section_teachers t
        JOIN users u ON u.school_id = $1 AND u.id = t.teacher_id
        WHERE t.school_id = $1 AND t.section_id = \(section)
            AND lyceum.holds_between(t.starts_on, t.ends_on, \(first), \(last))
        """)

    private static let members = """
        members AS MATERIALIZED (
            SELECT DISTINCT m.student_id
            FROM sections s
            JOIN group_members m ON m.school_id = $1 AND m.group_id = s.group_id
                AND lyceum.holds_between(m.starts_on, m.ends_on, \(first), \(last))
            WHERE s.school_id = $1 AND s.id = \(section)
        )
        """

    private static let held = """
        held AS MATERIALIZED (
            SELECT l.id, l.date, l.slot, l.starts_at, l.topic, l.no_homework, l.teacher_id, l.substitution_id
            FROM lessons l
            WHERE l.school_id = $1 AND l.section_id = \(section) AND l.state <> 'cancelled'
                AND l.date BETWEEN \(first) AND \(last)
        )
        """

    private static let given = """
        given AS MATERIALIZED (
            SELECT h.id AS lesson_id, k.student_id, k.kind, k.number, k.code, k.due_on, i.weight, i.created_at, k.id
            FROM held h
            JOIN line_items i ON i.school_id = $1 AND i.lesson_id = h.id AND i.deleted_at IS NULL
            JOIN marks k ON k.school_id = $1 AND k.line_item_id = i.id AND k.kind IS NOT NULL
        )
        """

    private static let missed = """
        missed AS MATERIALIZED (
            SELECT h.id AS lesson_id, a.student_id, a.meaning, a.code_id
            FROM held h
            CROSS JOIN LATERAL (
                SELECT a.student_id, lyceum.counted_meaning(a.meaning, a.decided_meaning) AS meaning, a.code_id
                FROM attendance a
                WHERE a.school_id = $1 AND a.lesson_id = h.id
            ) a
            WHERE a.meaning IS NOT NULL AND a.meaning <> 'present'
        )
        """

    private static let students = Statement(
        """
        WITH \(members), \(held), \(given), \(missed)
        SELECT u.id, u.last_name, u.first_name, u.middle_name,
            (SELECT count(*) FROM missed a WHERE a.student_id = m.student_id AND a.meaning <> 'late') AS missed,
            (
                SELECT lyceum.shown_average(sum(g.number * g.weight), sum(g.weight) FILTER (WHERE g.kind = 'number'))
                FROM given g
                WHERE g.student_id = m.student_id
            ) AS average,
            (
                SELECT lyceum.mark_value(f.value_kind, f.number, f.code, f.due_on)
                FROM sections s
                JOIN final_marks f ON f.school_id = $1 AND f.student_id = m.student_id AND f.subject_id = s.subject_id
                    AND f.academic_year_id = s.academic_year_id AND f.kind = 'term' AND f.term_id = \(ReportPeriod.term)
                WHERE s.school_id = $1 AND s.id = \(section) AND f.value_kind IS NOT NULL
            ) AS final
        FROM members m
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        ORDER BY u.last_name, u.first_name, u.id
        """)

    private static let columns = Statement(
        """
        WITH \(held)
        SELECT h.id, h.date, h.slot, to_char(h.date, 'DD') AS _day,
            (ARRAY['январь', 'февраль', 'март', 'апрель', 'май', 'июнь', 'июль', 'август', 'сентябрь', 'октябрь', 'ноябрь',
                'декабрь'])[extract(month FROM h.date)::int] AS _month
        FROM held h
        ORDER BY h.date, h.starts_at, h.id
        """)

    private static let cells = Statement(
        """
        WITH \(members), \(held), \(given), \(missed), labels AS MATERIALIZED (
            SELECT t.code_labels FROM school_settings t WHERE t.school_id = $1
        ), marked AS (
            SELECT g.student_id, g.lesson_id,
                json_agg(lyceum.mark_value(g.kind, g.number, g.code, g.due_on) ORDER BY g.created_at, g.id) AS marks,
                string_agg(coalesce(g.number::text, (SELECT l.code_labels ->> g.code FROM labels l), g.code), '/'
                    ORDER BY g.created_at, g.id) AS text
            FROM given g
            GROUP BY g.student_id, g.lesson_id
        ), absent AS (
            SELECT a.student_id, a.lesson_id, a.meaning,
                (
                    SELECT c.code
                    FROM attendance_codes c
                    WHERE c.school_id = $1 AND c.meaning = a.meaning AND (c.id = a.code_id OR c.is_default)
                    ORDER BY c.id = a.code_id DESC NULLS LAST
                    LIMIT 1
                ) AS code
            FROM missed a
        ), cells AS (
            -- A full join is never a nested loop, which the planner would choose: it expects a handful of rows.
            SELECT coalesce(k.student_id, a.student_id) AS student_id, coalesce(k.lesson_id, a.lesson_id) AS lesson_id,
                k.marks, k.text, a.meaning, a.code
            FROM marked k
            FULL JOIN absent a ON a.student_id = k.student_id AND a.lesson_id = k.lesson_id
        )
        SELECT c.student_id AS _parent, h.id AS _across, h.id AS lesson_id, coalesce(c.marks, '[]') AS marks,
            c.meaning AS absence, concat_ws(' ', lower(c.code), c.text) AS _text
        FROM cells c
        JOIN members m ON m.student_id = c.student_id
        JOIN held h ON h.id = c.lesson_id
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        ORDER BY u.last_name, u.first_name, u.id, h.date, h.starts_at, h.id
        """)

    /// The substitute is whoever teaches the lesson instead of the one whom its substitution names.
    private static let lessons = Statement(
        """
        WITH \(held)
        SELECT h.id, h.date, h.slot, h.topic, CASE WHEN h.no_homework THEN 'не задано' ELSE w.texts END AS homework,
            \(SharedSQL.person("u", as: "substitute?"))
        FROM held h
        LEFT JOIN substitutions x ON x.school_id = $1 AND x.id = h.substitution_id AND x.lesson_id = h.id
            AND x.kind IN ('replace', 'merge')
        LEFT JOIN users u ON u.school_id = $1 AND u.id = h.teacher_id AND x.id IS NOT NULL
        LEFT JOIN LATERAL (
            SELECT string_agg(w.text, '; ' ORDER BY w.id) AS texts
            FROM homework w
            WHERE w.school_id = $1 AND w.lesson_id = h.id AND w.deleted_at IS NULL
        ) w ON true
        ORDER BY h.date, h.starts_at, h.id
        """)

    private static let changes = Statement(
        """
        WITH \(held)
        SELECT c.changed_at, lyceum.local_time(c.changed_at) AS _changed, \(SharedSQL.person("b", as: "changed_by?")),
            \(SharedSQL.person("u", as: "student")), h.id AS lesson_id, h.date,
            lyceum.mark_value(c.old_kind, c.old_number, c.old_code, c.old_due_on) AS "from",
            lyceum.mark_value(c.new_kind, c.new_number, c.new_code, c.new_due_on) AS "to",
            coalesce(c.reason, v.reason) AS reason
        FROM held h
        JOIN line_items i ON i.school_id = $1 AND i.lesson_id = h.id
        JOIN marks k ON k.school_id = $1 AND k.line_item_id = i.id
        JOIN mark_history c ON c.school_id = $1 AND c.mark_id = k.id
        JOIN lyceum.section_terms t ON t.school_id = $1 AND t.section_id = \(section)
            AND h.date BETWEEN t.starts_on AND t.ends_on AND lyceum.local_day(c.changed_at) > t.marks_close_on
        JOIN users u ON u.school_id = $1 AND u.id = c.student_id
        LEFT JOIN users b ON b.school_id = $1 AND b.id = c.changed_by
        LEFT JOIN unlocks v ON v.school_id = $1 AND v.id = c.unlock_id
        ORDER BY c.changed_at, c.mark_id, c.version
        """)
}
