import Diary
import Postgres
import Web

/// «Табель»: a student's final marks of an academic year, with absences and the decision of the council. It shows what
/// families see (M12), whoever prints it.
enum ReportCard {
    static let report = Report(
        "report-card",
        title: Text(ru: "Табель успеваемости", en: "Report card"),
        summary: Text(
            ru:
                "Итоговые отметки ученика за учебный год, пропуски по периодам и решение педагогического совета: для семьи "
                + "и классного руководителя.",
            en:
                "A student's final marks of an academic year, absences by term and the decision of the council: for the "
                + "family and the class teacher."),
        access: .readersOfMarks, parameters: [.student, .academicYear],
        paper: Paper(
            signatures: [SharedColumns.classTeacher, SharedColumns.head, SharedColumns.guardian], layout: "report-card")
    ) { input in
        let student = StudentGate.open(input.caller, input.required("student_id"))
        let school = input.school
        return ReportContent {
            Gate(student)
            if StudentGate.isDated(for: input.caller) { Gate(StudentGate.allDays()) }
            AcademicYearGate.gate(input)
            Facts("student", student, [Column("", .person, ru: "Ученик", en: "Student")])
            Facts("class", schoolClass(school), [Column("name", ru: "Класс", en: "Class")])
            Facts(
                "academic_year", AcademicYearGate.query(input),
                [Column("name", ru: "Учебный год", en: "Academic year")])
            Facts("decision", decision(school), decisionColumns)
            Pivot(
                "subjects", subjects(school), before: [Column("name", width: 28, ru: "Предмет", en: "Subject")],
                across: Pivot.Across(
                    "columns", columns(school), key: "_id", label: "_label", width: 9, words: SharedColumns.kinds),
                cells: Pivot.Cells(cells(school), .mark))
            Table(
                "terms", title: Text(ru: "Пропуски и поведение", en: "Absences and conduct"), terms(school),
                total: wholeYear(school),
                [
                    Column("name", words: SharedColumns.kinds, ru: "Период", en: "Term"),
                    Column("days_missed", .integer, ru: "Пропущено дней", en: "Days missed"),
                    Column("lessons_missed", .integer, ru: "Пропущено уроков", en: "Lessons missed"),
                    Column("ill", .integer, ru: "По болезни", en: "Ill"),
                    Column("excused", .integer, ru: "По уважительной причине", en: "Excused"),
                    Column("without_reason", .integer, ru: "Без причины", en: "Without a reason"),
                    Column("late", .integer, ru: "Опозданий", en: "Late"),
                    Column("conduct?.level", .integer, isOptional: true, ru: "Поведение", en: "Conduct"),
                ])
            Notes("notes", settled(school), note)
        }
    }

    private static let decisionColumns = [
        Column(
            "decision",
            words: [
                "promoted": Text(ru: "переведён в следующий класс", en: "promoted"),
                "conditional": Text(ru: "переведён условно", en: "promoted conditionally"),
                "repeats": Text(ru: "оставлен на повторное обучение", en: "repeats the year"),
                "graduated": Text(ru: "окончил школу", en: "graduated"),
                "left": Text(ru: "выбыл в другую школу", en: "left for another school"),
            ], ru: "Решение педагогического совета", en: "Decision of the council"),
        Column("decided_on", .date, ru: "Дата решения", en: "Decided on"),
        Column("protocol.number", ru: "Протокол", en: "Protocol"),
        Column("settled_on", .date, ru: "Задолженности ликвидированы", en: "Debts settled"),
    ]

    /// M13: a debt that was settled after the mark was given.
    private static let note: @Sendable (Rows, Int, Language) -> String = { rows, row, language in
        func value(_ name: String) -> String { rows.text(row, name) ?? "" }
        let period = value("_period") == "year" ? SharedColumns.kinds["year"]![language] : value("_period")
        return Text(
            ru: "\(value("subject.name")), \(period): задолженность ликвидирована \(value("_settled_on")), отметка "
                + "\(value("_before")) изменена на \(value("_after")) (протокол № \(value("protocol.number")) от "
                + "\(value("_issued_on"))).",
            en: "\(value("subject.name")), \(period): the debt was settled on \(value("settled_on")), and the mark "
                + "\(value("_before")) became \(value("_after")) (protocol \(value("protocol.number")) of "
                + "\(value("protocol.issued_on"))).")[language]
    }

    // MARK: SQL. `$1` is the school.

    private static let student = StudentGate.student
    private static let year = AcademicYearGate.year
    private static let gradeLevel = "(SELECT lyceum.grade_level_in($1, \(student), \(year)))"

    private static let own = """
        own AS MATERIALIZED (
            SELECT f.id, f.subject_id, f.kind, f.term_id,
                lyceum.mark_value(f.value_kind, f.number, f.code, f.due_on) AS value, false AS is_computed
            FROM final_marks f
            WHERE f.school_id = $1 AND f.student_id = \(student) AND f.academic_year_id = \(year)
                AND f.value_kind IS NOT NULL AND f.published_at <= now()
        ), shown AS MATERIALIZED (
            SELECT o.* FROM own o
            UNION ALL
            SELECT NULL, m.subject_id, m.kind, NULL, lyceum.mark_value('number', m.number, NULL, NULL), true
            FROM lyceum.composite_finals($1, \(year), ARRAY[\(student)], true) m
        )
        """

    /// The class of that year; after a change of classes the last one.
    private static let schoolClass = Statement(
        """
        SELECT c.id, c.name, c.grade_level
        FROM enrollments e
        JOIN classes c ON c.school_id = $1 AND c.id = e.class_id AND c.academic_year_id = \(year)
        WHERE e.school_id = $1 AND e.student_id = \(student)
        ORDER BY e.starts_on DESC
        LIMIT 1
        """)

    private static let decision = Statement(
        """
        SELECT p.decision, p.decided_on, o.id AS "protocol.id", coalesce(o.number, p.protocol) AS "protocol.number",
            o.issued_on AS "protocol.issued_on", p.debts, p.settled_on
        FROM promotions p
        LEFT JOIN orders o ON o.school_id = $1 AND o.id = p.order_id
        WHERE p.school_id = $1 AND p.student_id = \(student) AND p.academic_year_id = \(year)
        """)

    private static let subjects = Statement(
        """
        WITH \(own), learned AS MATERIALIZED (
            SELECT s.subject_id
            FROM group_members m
            JOIN sections s ON s.school_id = $1 AND s.group_id = m.group_id AND s.academic_year_id = \(year)
                AND s.grading <> 'none'
            WHERE m.school_id = $1 AND m.student_id = \(student)
            UNION
            SELECT o.subject_id FROM own o
        ), parts AS MATERIALIZED (
            SELECT p.subject_id, p.part_id
            FROM subject_parts p
            JOIN learned l ON l.subject_id = p.part_id
            WHERE p.school_id = $1 AND p.academic_year_id = \(year)
        )
        SELECT j.id, j.name, p.subject_id AS part_of,
            EXISTS (SELECT FROM parts w WHERE w.subject_id = j.id) AS is_composite
        FROM (SELECT l.subject_id FROM learned l UNION SELECT p.subject_id FROM parts p) s
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        LEFT JOIN parts p ON p.part_id = j.id
        ORDER BY j.position, j.name, j.id
        """)

    /// All terms and the year; exams and final marks only where there are some.
    private static let columns = Statement(
        """
        WITH \(own)
        SELECT coalesce(t.id::text, k.kind) AS _id, k.kind, t.id AS "term?.id", t.name AS "term?.name",
            coalesce(t.name, k.kind) AS _label
        FROM (
            SELECT 'term' AS kind, 1 AS place
            UNION ALL SELECT 'year', 2
            UNION ALL SELECT 'exam', 3 WHERE EXISTS (SELECT FROM shown s WHERE s.kind = 'exam')
            UNION ALL SELECT 'final', 4 WHERE EXISTS (SELECT FROM shown s WHERE s.kind = 'final')
        ) k
        LEFT JOIN terms t ON k.kind = 'term' AND t.school_id = $1 AND t.academic_year_id = \(year)
            AND \(gradeLevel) = ANY (t.grade_levels)
        WHERE k.kind <> 'term' OR t.id IS NOT NULL
        ORDER BY k.place, t.starts_on
        """)

    private static let cells = Statement(
        """
        WITH \(own)
        SELECT s.subject_id AS _parent, coalesce(s.term_id::text, s.kind) AS _across, s.id, s.kind, s.term_id, s.value,
            s.is_computed, d.state AS "debt?.state", d.settled_on AS "debt?.settled_on"
        FROM shown s
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        LEFT JOIN debts d ON d.school_id = $1 AND d.id = s.id AND d.state <> 'cancelled'
        ORDER BY j.position, j.name, j.id, s.kind, s.term_id
        """)

    private static let missed = """
        a.days, a.missed_days AS days_missed, a.lessons, a.missed AS lessons_missed, a.ill, a.excused, a.unexcused, a.absent,
            a.unexcused + a.absent AS without_reason, a.late
        """

    private static let terms = Statement(
        """
        SELECT t.id, t.name, t.starts_on, t.ends_on, \(missed), c.level AS "conduct?.level", c.scale AS "conduct?.scale"
        FROM terms t
        CROSS JOIN LATERAL lyceum.attendance_totals($1, ARRAY[\(student)], t.starts_on, t.ends_on) a
        LEFT JOIN conduct_marks c ON c.school_id = $1 AND c.term_id = t.id AND c.student_id = \(student)
        WHERE t.school_id = $1 AND t.academic_year_id = \(year) AND \(gradeLevel) = ANY (t.grade_levels)
            AND t.starts_on <= lyceum.today()
        ORDER BY t.starts_on
        """)

    private static let wholeYear = Statement(
        """
        SELECT 'year' AS name, \(missed), NULL::integer AS "conduct?.level"
        FROM academic_years y
        CROSS JOIN LATERAL lyceum.attendance_totals($1, ARRAY[\(student)], y.starts_on, y.ends_on) a
        WHERE y.school_id = $1 AND y.id = \(year)
        """)

    private static let settled = Statement(
        """
        SELECT 'debt_settled' AS code, j.id AS "subject.id", j.name AS "subject.name", t.id AS "term?.id",
            t.name AS "term?.name", coalesce(t.name, 'year') AS _period,
            lyceum.mark_value(CASE WHEN d.number IS NULL THEN 'code' ELSE 'number' END, d.number, d.code, NULL) AS before,
            f.value AS after, d.settled_on, a.ordinal AS attempt, o.id AS "protocol.id", o.number AS "protocol.number",
            o.issued_on AS "protocol.issued_on", coalesce(d.number::text, c.code_labels ->> d.code, d.code) AS _before,
            coalesce(f.value ->> 'number', c.code_labels ->> (f.value ->> 'code')) AS _after,
            to_char(d.settled_on, 'DD.MM.YYYY') AS _settled_on, to_char(o.issued_on, 'DD.MM.YYYY') AS _issued_on
        FROM (
            SELECT f.id, f.subject_id, f.term_id,
                lyceum.mark_value(f.value_kind, f.number, f.code, f.due_on) AS value
            FROM final_marks f
            WHERE f.school_id = $1 AND f.student_id = \(student) AND f.academic_year_id = \(year)
                AND f.value_kind IS NOT NULL AND f.published_at <= now()
        ) f
        JOIN debts d ON d.school_id = $1 AND d.id = f.id AND d.state = 'settled'
        JOIN debt_attempts a ON a.school_id = $1 AND a.debt_id = d.id AND a.result = 'passed'
        JOIN subjects j ON j.school_id = $1 AND j.id = f.subject_id
        LEFT JOIN terms t ON t.school_id = $1 AND t.id = f.term_id
        LEFT JOIN orders o ON o.school_id = $1 AND o.id = a.order_id
        LEFT JOIN school_settings c ON c.school_id = $1
        ORDER BY j.position, j.name, j.id, t.starts_on
        """)
}
