import Diary
import Postgres
import Web

/// «Мониторинг успеваемости»: a student's averages by subject over the terms of a year, with the trend, absences and
/// written feedback. It shows what families see (M12), whoever prints it.
enum StudentProgress {
    static let report = Report(
        "student-progress",
        title: Text(ru: "Мониторинг успеваемости ученика", en: "Progress of a student"),
        summary: Text(
            ru:
                "Средние баллы по предметам и периодам, динамика, пропуски и отзывы: для семьи и классного руководителя.",
            en: "Averages by subject and term, the trend, absences and feedback: for the family and the class teacher."),
        access: .readersOfMarks, parameters: [.student, .academicYear],
        paper: Paper(.landscape, signatures: [SharedColumns.classTeacher, SharedColumns.guardian])
    ) { input in
        let student = StudentGate.open(input.caller, input.required("student_id"))
        let school = input.school
        return ReportContent {
            Gate(student)
            if StudentGate.isDated(for: input.caller) { Gate(StudentGate.allDays()) }
            AcademicYearGate.gate(input)
            Facts(
                "student", student,
                [
                    Column("", .person, ru: "Ученик", en: "Student"),
                    Column("class?.name", ru: "Класс", en: "Class"),
                ])
            Facts(
                "academic_year", AcademicYearGate.query(input),
                [Column("name", ru: "Учебный год", en: "Academic year")])
            Pivot(
                "subjects", subjects(school), before: [Column("name", width: 28, ru: "Предмет", en: "Subject")],
                across: Pivot.Across("terms", terms(school), width: 10),
                cells: Pivot.Cells(cells(school), value: "average", .decimal(2)),
                after: [
                    Column("trend", width: 10, words: trends, ru: "Динамика", en: "Trend"),
                    Column("marks", .integer, ru: "Отметок", en: "Marks"),
                    Column("lessons", .integer, ru: "Уроков", en: "Lessons"),
                    Column("lessons_missed", .integer, ru: "Пропущено", en: "Missed"),
                ])
            Table(
                "feedback", title: Text(ru: "Отзывы и рекомендации", en: "Feedback"), feedback(school),
                [
                    Column("date", .date, ru: "Дата", en: "Date"),
                    Column("subject.name", width: 24, ru: "Предмет", en: "Subject"),
                    Column("text", width: 80, ru: "Отзыв", en: "Feedback"),
                    Column("author?", .shortPerson, ru: "Учитель", en: "Teacher"),
                ])
        }
    }

    private static let trends = [
        "up": Text(ru: "рост", en: "up"), "down": Text(ru: "снижение", en: "down"),
        "same": Text(ru: "без изменений", en: "same"),
    ]

    // MARK: SQL. `$1` is the school.

    private static let student = StudentGate.student
    private static let year = AcademicYearGate.year

    private static let averages = """
        averages AS MATERIALIZED (
            SELECT a.*, t.starts_on
            FROM lyceum.term_averages($1, \(year), ARRAY[\(student)], true) a
            JOIN terms t ON t.school_id = $1 AND t.id = a.term_id
        )
        """

    private static let terms = Statement(
        """
        SELECT t.id, t.name, t.starts_on, t.ends_on
        FROM terms t
        WHERE t.school_id = $1 AND t.academic_year_id = \(year) AND t.starts_on <= lyceum.today()
            AND (SELECT lyceum.grade_level_in($1, \(student), \(year))) = ANY (t.grade_levels)
        ORDER BY t.starts_on
        """)

    /// The trend compares the last two terms with averages, as fractions.
    private static let subjects = Statement(
        """
        WITH \(averages), last AS (
            SELECT a.subject_id, array_agg(a.weighted ORDER BY a.starts_on DESC) AS weighted,
                array_agg(a.weight ORDER BY a.starts_on DESC) AS weight
            FROM averages a
            WHERE a.weight > 0
            GROUP BY a.subject_id
        )
        SELECT j.id, j.name, s.marks, s.lessons, s.lessons_missed,
            CASE sign(l.weighted[1] * l.weight[2] - l.weighted[2] * l.weight[1])
                WHEN 1 THEN 'up' WHEN 0 THEN 'same' WHEN -1 THEN 'down'
            END AS trend,
            '/v1/students/' || \(student) || '/marks?subject_id=' || j.id AS "links.marks"
        FROM (
            SELECT a.subject_id, sum(a.marks) AS marks, sum(a.lessons) AS lessons, sum(a.missed) AS lessons_missed
            FROM averages a
            GROUP BY a.subject_id
        ) s
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        LEFT JOIN last l ON l.subject_id = s.subject_id
        ORDER BY j.position, j.name, j.id
        """)

    private static let cells = Statement(
        """
        WITH \(averages)
        SELECT a.subject_id AS _parent, a.term_id AS _across, a.term_id,
            lyceum.shown_average(a.weighted, a.weight) AS average, a.weighted AS weighted_sum, a.weight AS weight_sum,
            a.marks, a.lessons, a.missed AS lessons_missed
        FROM averages a
        JOIN subjects j ON j.school_id = $1 AND j.id = a.subject_id
        ORDER BY j.position, j.name, j.id, a.starts_on
        """)

    private static let feedback = Statement(
        """
        SELECT f.id, coalesce(l.date, lyceum.local_day(f.created_at)) AS date,
            j.id AS "subject.id", j.name AS "subject.name", f.text, \(SharedSQL.person("u", as: "author?"))
        FROM feedback f
        JOIN sections s ON s.school_id = $1 AND s.id = f.section_id AND s.academic_year_id = \(year)
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        LEFT JOIN lessons l ON l.school_id = $1 AND l.id = f.lesson_id
        LEFT JOIN users u ON u.school_id = $1 AND u.id = f.author_id
        WHERE f.school_id = $1 AND f.student_id = \(student) AND f.deleted_at IS NULL AND f.published_at <= now()
        ORDER BY date DESC, f.id DESC
        """)
}
