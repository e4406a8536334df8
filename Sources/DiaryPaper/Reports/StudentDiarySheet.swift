import Diary
import Postgres
import Web

/// A student's week on paper: lessons, homework, marks and absences by day. Held-back marks are left out (M12).
enum StudentDiarySheet {
    static let report = Report(
        "student-diary",
        title: Text(ru: "Дневник", en: "Diary"),
        summary: Text(
            ru: "Неделя ученика: уроки, домашние задания, отметки и пропуски. Для семьи и классного руководителя.",
            en: "A student's week: lessons, homework, marks and absences. For the family and the class teacher."),
        access: .readersOfMarks,
        parameters: [
            .student,
            ReportParameter(
                "from", .date, ru: "Первый день; по умолчанию понедельник.", en: "The first day; Monday by default."),
            ReportParameter(
                "to", .date, ru: "Последний день, вместе с `from`.", en: "The last day, together with `from`."),
        ],
        paper: Paper(
            signatures: [
                Text(ru: "Классный руководитель", en: "Class teacher"),
                Text(ru: "Подпись родителя", en: "Guardian's signature"),
            ])
    ) { input in
        let student = StudentGate.open(input.caller, input.required("student_id"))
        let days = days(input["from"], input["to"])
        let statements = StudentGate.isDated(for: input.caller) ? seen : all
        return ReportContent {
            Gate(student)
            Silent(days)
            Facts(
                "student", student,
                [
                    Column("", .person, ru: "Ученик", en: "Student"),
                    Column("class?.name", ru: "Класс", en: "Class"),
                ])
            Facts("period", days, [Column("_shown", ru: "Период", en: "Period")])
            Table(
                "lessons", statements.lessons(input.school),
                [
                    Column("_day", width: 14, ru: "День", en: "Day"),
                    Column("slot", .integer, width: 4, ru: "№", en: "No."),
                    Column("subject.name", width: 20, ru: "Предмет", en: "Subject"),
                    Column("topic", width: 26, ru: "Тема урока", en: "Topic"),
                    Column("homework_due", width: 30, ru: "Задано на этот урок", en: "Homework for this lesson"),
                    Column("_marks", width: 9, ru: "Отметка", en: "Mark"),
                    Column("absence", width: 8, ru: "Пропуск", en: "Absence"),
                ])
            Table(
                "feedback", title: Text(ru: "Отзывы и замечания", en: "Feedback and notes"),
                statements.feedback(input.school),
                [
                    Column("date", .date, ru: "Дата", en: "Date"),
                    Column("subject?.name", ru: "Предмет", en: "Subject"),
                    Column("text", width: 60, ru: "Текст", en: "Text"),
                ])
        }
    }

    private static let days = Statement(
        """
        SELECT r.first AS "from", r.last AS "to",
            to_char(r.first, 'DD.MM.YYYY') || ' – ' || to_char(r.last, 'DD.MM.YYYY') AS _shown,
            \(Setting.from.set(to: "r.first")) AS _from, \(Setting.to.set(to: "r.last")) AS _to
        FROM (
            SELECT coalesce($1::date, date_trunc('week', lyceum.today())::date) AS first,
                coalesce($2::date, date_trunc('week', lyceum.today())::date + 6) AS last
        ) r
        """)

    private static let all = Statements(andSeen: { _ in "" })
    private static let seen = Statements(andSeen: { "AND \($0) <@ \(StudentGate.days)" })

    /// `$1` is the school.
    private struct Statements: Sendable {
        let lessons: Statement
        let feedback: Statement

        init(andSeen seen: (String) -> String) {
            let from = "(SELECT \(Setting.from.required))"
            let to = "(SELECT \(Setting.to.required))"
            let student = StudentGate.student
            lessons = Statement(
                """
                SELECT l.id, l.date, l.slot, l.state, j.id AS "subject.id", j.name AS "subject.name",
                    CASE WHEN l.state = 'cancelled' THEN 'урок отменён' ELSE l.topic END AS topic,
                    CASE WHEN l.no_homework THEN 'не задано' ELSE h.texts END AS homework, w.texts AS homework_due,
                    k.values AS marks,
                    k.texts AS _marks, a.code AS absence,
                    CASE WHEN row_number() OVER (PARTITION BY l.date ORDER BY l.starts_at, l.id) = 1 THEN
                        (ARRAY['понедельник', 'вторник', 'среда', 'четверг', 'пятница', 'суббота', 'воскресенье'])
                            [extract(isodow FROM l.date)::int] || ' ' || to_char(l.date, 'DD.MM')
                    END AS _day
                FROM group_members m
                JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
                JOIN lessons l ON l.school_id = s.school_id AND l.section_id = s.id AND l.date BETWEEN \(from) AND \(to)
                    AND lyceum.holds(m.starts_on, m.ends_on, l.date) \(seen("l.date"))
                JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
                LEFT JOIN LATERAL (
                    SELECT string_agg(h.text, '; ' ORDER BY h.id) AS texts
                    FROM homework h
                    WHERE h.school_id = $1 AND h.lesson_id = l.id AND h.deleted_at IS NULL
                        AND (
                            h.for_all
                            OR EXISTS (
                                SELECT FROM homework_students hs
                                WHERE hs.school_id = $1 AND hs.homework_id = h.id AND hs.student_id = \(student)
                            )
                        )
                ) h ON true
                LEFT JOIN LATERAL (
                    SELECT string_agg(h.text, '; ' ORDER BY h.id) AS texts
                    FROM homework h
                    WHERE h.school_id = $1 AND h.section_id = s.id AND h.due_on = l.date AND h.deleted_at IS NULL
                        AND (
                            h.for_all
                            OR EXISTS (
                                SELECT FROM homework_students hs
                                WHERE hs.school_id = $1 AND hs.homework_id = h.id AND hs.student_id = \(student)
                            )
                        )
                ) w ON true
                LEFT JOIN LATERAL (
                    SELECT coalesce(json_agg(lyceum.mark_value(k.kind, k.number, k.code, k.due_on) ORDER BY i.created_at, k.id)
                            FILTER (WHERE k.id IS NOT NULL), '[]') AS values,
                        string_agg(coalesce(k.number::text, t.code_labels ->> k.code, k.code), ', '
                            ORDER BY i.created_at, k.id) AS texts
                    FROM line_items i
                    JOIN marks k ON k.school_id = $1 AND k.line_item_id = i.id AND k.student_id = \(student)
                        AND k.kind IS NOT NULL AND k.published_at <= now()
                    LEFT JOIN school_settings t ON t.school_id = $1
                    WHERE i.school_id = $1 AND i.lesson_id = l.id AND i.deleted_at IS NULL
                ) k ON true
                LEFT JOIN LATERAL (
                    SELECT c.code
                    FROM attendance x
                    JOIN attendance_codes c ON c.school_id = $1
                        AND c.meaning = lyceum.counted_meaning(x.meaning, x.decided_meaning)
                        AND (c.id = x.code_id OR c.is_default)
                    WHERE x.school_id = $1 AND x.lesson_id = l.id AND x.student_id = \(student)
                    ORDER BY c.id = x.code_id DESC NULLS LAST
                    LIMIT 1
                ) a ON true
                WHERE m.school_id = $1 AND m.student_id = \(student)
                    AND lyceum.holds_between(m.starts_on, m.ends_on, \(from), \(to))
                ORDER BY l.date, l.starts_at, l.id
                """)
            feedback = Statement(
                """
                SELECT x.date, x.subject_id AS "subject?.id", x.subject AS "subject?.name", x.text
                FROM (
                    SELECT coalesce(l.date, lyceum.local_day(f.created_at)) AS date, j.id AS subject_id, j.name AS subject,
                        f.text, f.id
                    FROM feedback f
                    LEFT JOIN lessons l ON l.school_id = $1 AND l.id = f.lesson_id
                    LEFT JOIN sections s ON s.school_id = $1 AND s.id = f.section_id
                    LEFT JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
                    WHERE f.school_id = $1 AND f.student_id = \(student) AND f.deleted_at IS NULL
                        AND f.published_at <= now()
                    UNION ALL
                    SELECT n.date, NULL, NULL, n.text, n.id
                    FROM conduct_notes n
                    WHERE n.school_id = $1 AND n.student_id = \(student) AND n.deleted_at IS NULL
                        AND n.published_at <= now()
                ) x
                WHERE x.date BETWEEN \(from) AND \(to) \(seen("x.date"))
                ORDER BY x.date, x.id
                """)
        }
    }
}
