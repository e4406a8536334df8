import Diary
import Postgres
import Web

/// What is worth a second look in journals: marks of absent students, lessons without records, late entries, sections
/// with few marks, final marks that are missing or far from the average. Teachers see their own sections.
enum Anomalies {
    static let report = Report(
        "anomalies",
        title: Text(ru: "Нарушения в журналах", en: "Anomalies of journals"),
        summary: Text(
            ru: "Отметка при пропуске, пустые тема, задание и явка, поздние записи, меньше 70 % нормы отметок, "
                + "итоговая далеко от средней, нет итоговой. Учителю — свои страницы, заместителю директора — все.",
            en: "Marks together with an absence, empty topic, homework or roll, late entries, fewer marks than 70 % of "
                + "the norm, final marks far from the average, missing final marks. Teachers get their own sections, "
                + "deputy heads all."),
        access: .roles([.head, .deputyHead, .teacher]),
        parameters: ReportParameter.period + [
            ReportParameter(
                "teacher_id", .identifier, ru: "Уроки и страницы этого учителя.",
                en: "Lessons and sections of this teacher."),
            ReportParameter("class_id", .identifier, ru: "Страницы этого класса.", en: "Sections of this class."),
            ReportParameter("section_id", .identifier, ru: "Эта страница журнала.", en: "This section."),
        ],
        paper: Paper(.landscape)
    ) { input in
        let scope = Self.scope(input)
        return ReportContent {
            ReportPeriod.gate(input)
            Silent(Query(statement: found, parameters: scope))
            ReportPeriod.facts(input)
            Facts(
                "counts", counts(input.school),
                [
                    Column("marks_with_absence", .integer, ru: "Отметок при пропуске", en: "Marks with an absence"),
                    Column("incomplete_lessons", .integer, ru: "Неполных уроков", en: "Incomplete lessons"),
                    Column("late_lessons", .integer, ru: "Уроков с поздними записями", en: "Lessons with late entries"),
                    Column(
                        "sparse_sections", .integer, ru: "Страниц с нехваткой отметок", en: "Sections short of marks"),
                    Column("far_finals", .integer, ru: "Итоговых далеко от средней", en: "Finals far from the average"),
                    Column("missing_finals", .integer, ru: "Нет итоговых", en: "Missing finals"),
                ])
            Table(
                "marks_with_absence", title: Text(ru: "Отметка при пропуске", en: "Marks together with an absence"),
                marksWithAbsence(input.school),
                lesson + [
                    Column("student", .person, ru: "Ученик", en: "Student"),
                    Column("value", .mark, ru: "Отметка", en: "Mark"),
                    Column("_code", width: 8, ru: "Пропуск", en: "Absence"),
                    Column("is_made_up", .flag, ru: "Сдано позже", en: "Made up"),
                ])
            Table(
                "incomplete_lessons", title: Text(ru: "Уроки без записей", en: "Lessons without records"),
                incompleteLessons(input.school),
                lesson + [
                    Column("lacks_topic", .flag, ru: "Нет темы", en: "No topic"),
                    Column("lacks_homework", .flag, ru: "Нет задания", en: "No homework"),
                    Column("lacks_roll", .flag, ru: "Нет явки", en: "No roll"),
                ])
            Table(
                "late_lessons", title: Text(ru: "Записано позже дня урока", en: "Recorded after the day of the lesson"),
                lateLessons(input.school),
                lesson + [
                    Column("is_late_topic", .flag, ru: "Тема", en: "Topic"),
                    Column("is_late_homework", .flag, ru: "Задание", en: "Homework"),
                    Column("is_late_roll", .flag, ru: "Явка", en: "Roll"),
                    Column("late_marks", .integer, ru: "Отметок", en: "Marks"),
                ])
            Table(
                "sparse_sections",
                title: Text(ru: "Отметок меньше 70 % нормы", en: "Fewer marks than 70 % of the norm"),
                sparseSections(input.school),
                section + [
                    Column("seats", .integer, ru: "Учеников", en: "Students"),
                    Column("marks", .integer, ru: "Отметок", en: "Marks"),
                    Column("expected_marks", .decimal(2), ru: "Норма", en: "Norm"),
                    Column("accumulation_percent", .percent, ru: "Накопля-емость, %", en: "Accumulation, %"),
                ])
            Table(
                "far_finals", title: Text(ru: "Итоговая далеко от средней", en: "Final marks far from the average"),
                farFinals(input.school),
                section + final + [
                    Column("number", .integer, ru: "Итоговая", en: "Final"),
                    Column("average", .decimal(2), ru: "Средняя", en: "Average"),
                ])
            Table(
                "missing_finals", title: Text(ru: "Нет итоговой", en: "Missing final marks"),
                missingFinals(input.school), section + final)
        }
    }

    // MARK: Columns

    private static let section = [
        Column("section.name", width: 26, ru: "Страница журнала", en: "Section"),
        Column("teacher?", .shortPerson, ru: "Учитель", en: "Teacher"),
    ]
    private static let lesson =
        [Column("lesson.date", .date, ru: "Дата", en: "Date"), Column("lesson.slot", .integer, ru: "Урок", en: "Slot")]
        + section
    private static let final = [
        Column("student", .person, ru: "Ученик", en: "Student"),
        Column("term.name", width: 12, ru: "Период", en: "Term"),
    ]

    // MARK: What there is. `$1` is the school, `$2` the teacher whose sections the caller reads, NULL for all; `$3`, `$4` and `$5`
    // are the teacher, class and section that were asked for.

    private static func scope(_ input: ReportInput) -> [Parameter] {
        let caller = input.caller
        return [
            input.school, caller.readsAll ? .text(nil) : caller.person, input["teacher_id"], input["class_id"],
            input["section_id"],
        ]
    }

    /// Read once, for the counts and the tables.
    private static let found = Statement(
        """
        WITH found AS MATERIALIZED (
            SELECT lyceum.anomalies(
                $1, \(ReportPeriod.year), \(ReportPeriod.first), \(ReportPeriod.last), $2::uuid, $3::uuid, $4::uuid, $5::uuid
            ) AS lists
        )
        SELECT num_nonnulls(\(lists.map { setting($0).set(text: "f.lists ->> '\($0)'") }.joined(separator: ", "))) AS _found
        FROM found f
        """)

    // MARK: How it is shown. `$1` is the school.

    /// What was found is a setting for each list: a long one is not parsed for the others.
    private static let lists = ["counts", "absences", "incomplete", "late", "sparse", "finals"]

    private static func setting(_ list: String) -> Setting { Setting("anomalies_\(list)", .text) }

    private static func rows(_ list: String) -> String { "((SELECT nullif(\(setting(list).text), '')::jsonb))" }
    private static let absences = """
        jsonb_to_recordset\(rows("absences")) AS f(
            mark_id uuid, lesson_id uuid, section_id uuid, student_id uuid, teacher_id uuid, meaning text, is_made_up boolean
        )
        """
    private static let incomplete = """
        jsonb_to_recordset\(rows("incomplete")) AS f(
            lesson_id uuid, section_id uuid, teacher_id uuid, lacks_topic boolean, lacks_homework boolean, lacks_roll boolean
        )
        """
    private static let late = """
        jsonb_to_recordset\(rows("late")) AS f(
            lesson_id uuid, section_id uuid, teacher_id uuid, is_late_topic boolean, is_late_homework boolean,
            is_late_roll boolean, late_marks int
        )
        """
    private static let sparse = """
        jsonb_to_recordset\(rows("sparse")) AS f(
            section_id uuid, teacher_id uuid, seats bigint, marks bigint, expected numeric
        )
        """
    private static let finals = """
        jsonb_to_recordset\(rows("finals")) AS f(
            section_id uuid, teacher_id uuid, term_id uuid, student_id uuid, final_id uuid, number int, average numeric
        )
        """

    private static let ofSection = """
        s.id AS "section.id", s.name AS "section.name", \(SharedSQL.person("x", as: "teacher?"))
        """
    private static let sectionAndTeacher = """
        JOIN sections s ON s.school_id = $1 AND s.id = f.section_id
        LEFT JOIN users x ON x.school_id = $1 AND x.id = f.teacher_id
        """
    private static let ofLesson = """
        l.id AS "lesson.id", l.date AS "lesson.date", l.slot AS "lesson.slot", \(ofSection),
            '/v1/sections/' || s.id || '/journal?from=' || l.date || '&to=' || l.date AS "links.journal"
        """
    private static let inPeriod = """
        '/v1/sections/' || s.id || '/journal?from=' || \(ReportPeriod.first) || '&to=' || \(ReportPeriod.last)
            AS "links.journal"
        """

    private static let counts = Statement(
        """
        SELECT f.marks_with_absence, f.incomplete_lessons, f.late_lessons, f.sparse_sections, f.far_finals, f.missing_finals
        FROM jsonb_to_record\(rows("counts")) AS f(
            marks_with_absence bigint, incomplete_lessons bigint, late_lessons bigint, sparse_sections bigint,
            far_finals bigint, missing_finals bigint
        )
        WHERE $1::int IS NOT NULL
        """)

    /// Work that was made up later comes last.
    private static let marksWithAbsence = Statement(
        """
        SELECT f.mark_id AS id, \(ofLesson), \(SharedSQL.person("u", as: "student")),
            lyceum.mark_value(m.kind, m.number, m.code, m.due_on) AS value, f.meaning, f.is_made_up,
            (
                SELECT c.code FROM attendance_codes c
                WHERE c.school_id = $1 AND c.meaning = f.meaning
                ORDER BY NOT c.is_default, c.position, c.code
                LIMIT 1
            ) AS _code
        FROM \(absences)
        JOIN lessons l ON l.school_id = $1 AND l.id = f.lesson_id
        JOIN marks m ON m.school_id = $1 AND m.id = f.mark_id
        JOIN users u ON u.school_id = $1 AND u.id = f.student_id
        \(sectionAndTeacher)
        ORDER BY f.is_made_up, l.date, l.slot, s.name, u.last_name, u.first_name, f.mark_id
        """)

    private static let incompleteLessons = Statement(
        """
        SELECT \(ofLesson), f.lacks_topic, f.lacks_homework, f.lacks_roll
        FROM \(incomplete)
        JOIN lessons l ON l.school_id = $1 AND l.id = f.lesson_id
        \(sectionAndTeacher)
        ORDER BY l.date, l.slot, s.name, l.id
        """)

    private static let lateLessons = Statement(
        """
        SELECT \(ofLesson), f.is_late_topic, f.is_late_homework, f.is_late_roll, f.late_marks
        FROM \(late)
        JOIN lessons l ON l.school_id = $1 AND l.id = f.lesson_id
        \(sectionAndTeacher)
        ORDER BY l.date, l.slot, s.name, l.id
        """)

    private static let sparseSections = Statement(
        """
        SELECT \(ofSection), f.seats, f.marks, trim_scale(round(f.expected, 2)) AS expected_marks,
            lyceum.percent_of(f.marks, f.expected) AS accumulation_percent, \(inPeriod)
        FROM \(sparse)
        \(sectionAndTeacher)
        ORDER BY f.marks / f.expected, s.name, s.id
        """)

    private static let farFinals = Statement(
        """
        SELECT f.final_id AS id, \(ofSection), \(SharedSQL.person("u", as: "student")), t.id AS "term.id",
            t.name AS "term.name", f.number, f.average, \(inPeriod)
        FROM \(finals)
        JOIN terms t ON t.school_id = $1 AND t.id = f.term_id
        JOIN users u ON u.school_id = $1 AND u.id = f.student_id
        \(sectionAndTeacher)
        WHERE f.final_id IS NOT NULL
        ORDER BY t.ends_on, s.name, s.id, u.last_name, u.first_name, u.id
        """)

    private static let missingFinals = Statement(
        """
        SELECT \(ofSection), \(SharedSQL.person("u", as: "student")), t.id AS "term.id", t.name AS "term.name",
            \(inPeriod)
        FROM \(finals)
        JOIN terms t ON t.school_id = $1 AND t.id = f.term_id
        JOIN users u ON u.school_id = $1 AND u.id = f.student_id
        \(sectionAndTeacher)
        WHERE f.final_id IS NULL
        ORDER BY t.ends_on, s.name, s.id, u.last_name, u.first_name, u.id
        """)
}
