import Diary
import Postgres
import Web

/// «Контроль ведения журнала»: how teachers and classes keep the journal (L4, M7, P2), who takes part, and which
/// students have no or one mark. Of the days asked for, or as a snapshot kept it.
enum JournalControl {
    static let report = Report(
        "journal-control",
        title: Text(ru: "Контроль ведения журнала", en: "Control of journals"),
        summary: Text(
            ru: "Заполнение журнала по учителям и классам: темы, задания, отметки, накопляемость, участие; ученики без "
                + "отметок и с одной. Для заместителя директора.",
            en: "How teachers and classes keep the journal: topics, homework, marks, participation; students with no "
                + "or one mark. For deputy heads."),
        access: .headsOfSchool, parameters: ReportParameter.period + [snapshot],
        paper: Paper(.landscape, signatures: [Text(ru: "Заместитель директора", en: "Deputy head")])
    ) { input in
        let school = input.school
        return ReportContent {
            if input.text("snapshot_id") != nil {
                let kept = kept(school, input["snapshot_id"], input["term_id"], input["from"])
                Gate(kept, else: unknownSnapshot)
                Facts("period", kept, periodColumns + [Column("_taken", .moment, ru: "Снимок от", en: "Snapshot of")])
            } else {
                ReportPeriod.gate(input)
                Silent(counted(school))
                ReportPeriod.facts(input)
            }
            Facts("school_figures", ofSchool(school), schoolColumns)
            Chart(
                .heat(keptFields.map { _ in .full }),
                title: Text(ru: "Заполнение журнала по учителям, %", en: "How teachers keep the journal, %"),
                teachers(school), label: Column("teacher", .shortPerson, ru: "Учитель", en: "Teacher"),
                values: keptFields)
            Table(
                "teachers", title: Text(ru: "Учителя", en: "Teachers"), teachers(school),
                [.number, Column("teacher", .shortPerson, ru: "Учитель", en: "Teacher")] + keeping + [
                    Column("days", .integer, ru: "Дней", en: "Days"),
                    Column("complete_days", .integer, ru: "Из них полных", en: "Complete"),
                    Column("participation_percent", .percent, ru: "Участие, %", en: "Participation, %"),
                ])
            Table(
                "classes", title: Text(ru: "Классы", en: "Classes"), classes(school),
                [Column("class.name", width: 7, ru: "Класс", en: "Class")] + keeping + [
                    Column("guardians_percent", .percent, ru: "Родители, %", en: "Guardians, %"),
                    Column("students_percent", .percent, ru: "Ученики, %", en: "Students, %"),
                ])
            Table(
                "students", title: Text(ru: "Ученики без отметок и с одной", en: "Students with no or one mark"),
                students(school),
                [
                    .number, Column("student", .person, ru: "Ученик", en: "Student"),
                    Column("section.name", width: 30, ru: "Страница журнала", en: "Section"),
                    Column("teacher?", .shortPerson, ru: "Учитель", en: "Teacher"),
                    Column("marks", .integer, ru: "Отметок", en: "Marks"),
                ])
        }
    }

    private static let snapshot = ReportParameter(
        "snapshot_id", .identifier, ru: "Снимок, вместо периода. Список: GET /v1/control-snapshots.",
        en: "A snapshot, instead of a period. GET /v1/control-snapshots lists them.")

    private static let unknownSnapshot = Problem.invalid(
        parameter: "snapshot_id", "unknown_snapshot",
        ru: "Такого снимка нет, или вместе с ним передан период. Список: GET /v1/control-snapshots.",
        en: "There is no such snapshot, or a period was given with it. GET /v1/control-snapshots lists "
            + "the snapshots.")

    // MARK: Columns

    private static let periodColumns = [
        Column("academic_year.name", ru: "Учебный год", en: "Academic year"),
        Column("_shown", ru: "Период", en: "Period"),
    ]

    private static let keptFields = [
        Column("topic_percent", .percent, ru: "Темы", en: "Topics"),
        Column("homework_percent", .percent, ru: "Задания", en: "Homework"),
        Column("roll_percent", .percent, ru: "Явка", en: "Rolls"),
        Column("coverage_percent", .percent, ru: "Программа", en: "Coverage"),
        Column("participation_percent", .percent, ru: "Участие", en: "Participation"),
    ]

    private static let keeping = [
        Column("due_lessons", .integer, ru: "Уроков", en: "Lessons"),
        Column("topic_percent", .percent, ru: "Темы, %", en: "Topics, %"),
        Column("homework_percent", .percent, ru: "Задания, %", en: "Homework, %"),
        Column("roll_percent", .percent, ru: "Явка, %", en: "Rolls, %"),
        Column("late_topics", .integer, ru: "Тем позже", en: "Late topics"),
        Column("late_marks", .integer, ru: "Отметок позже", en: "Late marks"),
        Column("accumulation_percent", .percent, ru: "Накопля-емость, %", en: "Accumulation, %"),
        Column("without_mark", .integer, ru: "Без отметок", en: "No mark"),
        Column("with_one_mark", .integer, ru: "С одной", en: "One mark"),
        Column("coverage_percent", .percent, ru: "Программа, %", en: "Coverage, %"),
    ]

    private static let schoolColumns = [
        Column("due_lessons", .integer, ru: "Уроков состоялось", en: "Due lessons"),
        Column("topic_percent", .percent, ru: "С темой, %", en: "With a topic, %"),
        Column("homework_percent", .percent, ru: "С домашним заданием, %", en: "With homework, %"),
        Column("accumulation_percent", .percent, ru: "Накопляемость, %", en: "Accumulation of marks, %"),
        Column("coverage_percent", .percent, ru: "Выполнение программы, %", en: "Plan coverage, %"),
        Column("participation_percent", .percent, ru: "Участие учителей, %", en: "Participation of teachers, %"),
        Column(
            "recording_percent", .percent, ru: "Учителей с записями, %", en: "Teachers with any record, %"),
        Column("guardians_percent", .percent, ru: "Участие родителей, %", en: "Participation of guardians, %"),
        Column("students_percent", .percent, ru: "Участие учеников, %", en: "Participation of students, %"),
    ]

    // MARK: SQL. `$1` is the school.

    private static let counted = Statement(
        """
        SELECT set_config(
            '\(Setting.control.name)',
            lyceum.journal_control($1, \(ReportPeriod.year), \(ReportPeriod.first), \(ReportPeriod.last))::text, true
        ) IS NOT NULL AS _counted
        """)

    /// `$2`: the snapshot; `$3` and `$4`: a period, which may not be given with it.
    private static let kept = Statement(
        """
        SELECT x.starts_on AS "from", x.ends_on AS "to", t.id AS "term?.id", t.kind AS "term?.kind",
            t.name AS "term?.name", y.id AS "academic_year.id", y.name AS "academic_year.name",
            x.id AS "snapshot.id", x.taken_at AS "snapshot.taken_at",
            coalesce(t.name, to_char(x.starts_on, 'DD.MM.YYYY') || ' – ' || to_char(x.ends_on, 'DD.MM.YYYY')) AS _shown,
            lyceum.local_time(x.taken_at) AS _taken, \(Setting.from.set(to: "x.starts_on")) AS _from,
            \(Setting.to.set(to: "x.ends_on")) AS _to, \(Setting.control.set(text: "x.figures::text")) IS NOT NULL AS _figures
        FROM control_snapshots x
        JOIN academic_years y ON y.school_id = $1 AND y.id = x.academic_year_id
        LEFT JOIN terms t ON t.school_id = $1 AND t.id = x.term_id
        WHERE x.school_id = $1 AND x.id = $2::uuid AND $3::uuid IS NULL AND $4::date IS NULL
        """)

    private static let ofSchool = Statement(
        """
        SELECT \(ControlFigures.keeping), \(ControlFigures.days), \(ControlFigures.count("teachers")),
            \(ControlFigures.count("teachers_recording")),
            \(ControlFigures.percent("teachers_recording", "teachers", as: "recording_percent")),
            \(ControlFigures.accounts)
        FROM \(ControlFigures.school)
        WHERE $1::int IS NOT NULL
        """)

    private static let period = "'&from=' || \(ReportPeriod.first) || '&to=' || \(ReportPeriod.last)"

    private static let teachers = Statement(
        """
        SELECT \(SharedSQL.person("u", as: "teacher")), \(ControlFigures.keeping), \(ControlFigures.days),
            '/v1/reports/anomalies?teacher_id=' || u.id || \(period) AS "links.anomalies",
            '/v1/journal-remarks?teacher_id=' || u.id AS "links.remarks"
        FROM \(ControlFigures.rows("teachers", keys: "teacher_id uuid"))
        JOIN users u ON u.school_id = $1 AND u.id = t.teacher_id
        ORDER BY u.last_name, u.first_name, u.id
        """)

    private static let classes = Statement(
        """
        SELECT c.id AS "class.id", c.name AS "class.name", c.grade_level AS "class.grade_level",
            \(ControlFigures.keeping), \(ControlFigures.accounts),
            '/v1/reports/anomalies?class_id=' || c.id || \(period) AS "links.anomalies"
        FROM \(ControlFigures.rows("classes", keys: "class_id uuid"))
        JOIN classes c ON c.school_id = $1 AND c.id = t.class_id
        ORDER BY c.grade_level, c.letter, c.id
        """)

    private static let students = Statement(
        """
        SELECT \(SharedSQL.person("u", as: "student")), s.id AS "section.id", s.name AS "section.name",
            \(SharedSQL.person("x", as: "teacher?")), t.marks,
            '/v1/sections/' || s.id || '/journal?from=' || \(ReportPeriod.first) || '&to=' || \(ReportPeriod.last)
                AS "links.journal"
        FROM jsonb_to_recordset((SELECT nullif(\(Setting.control.text), '')::jsonb -> 'seats')) AS t(
            student_id uuid, section_id uuid, teacher_id uuid, marks int
        )
        JOIN users u ON u.school_id = $1 AND u.id = t.student_id
        JOIN sections s ON s.school_id = $1 AND s.id = t.section_id
        LEFT JOIN users x ON x.school_id = $1 AND x.id = t.teacher_id
        ORDER BY t.marks, s.name, s.id, u.last_name, u.first_name, u.id
        """)
}
