import Diary
import Postgres
import Web

/// The certificates of a class of grade 9 or 11: their marks (M11), the award that these allow, what is missing, and the
/// register of issue.
enum CertificateRegister {
    static let report = Report(
        "certificate-register",
        title: Text(ru: "Аттестаты: отметки и книга выдачи", en: "Certificate register"),
        summary: Text(
            ru: "Отметки в аттестаты 9 или 11 класса, проверка «с отличием», недостающие отметки и долги, книга "
                + "выдачи. Для администрации.",
            en: "The certificate marks of a class of grade 9 or 11, the check for honours, missing marks and debts, "
                + "and the register of issue. For the administration."),
        access: .headsOfSchool, parameters: [.ofClass],
        paper: Paper(
            .landscape,
            signatures: [
                Text(ru: "Директор", en: "Head"), Text(ru: "Классный руководитель", en: "Class teacher"),
            ])
    ) { input in
        let schoolClass = ClassGate.open(input.caller, input.required("class_id"))
        let school = input.school
        return ReportContent(profiles: profiles(school)) {
            Gate(schoolClass)
            Gate(finalClass(school), else: noCertificates)
            Facts("class", schoolClass, [Column("name", ru: "Класс", en: "Class")])
            Facts("academic_year", year(school), [Column("name", ru: "Учебный год", en: "Academic year")])
            Facts(
                "summary", summary(school),
                [
                    Column("students", .integer, ru: "Учеников", en: "Students"),
                    Column("complete", .integer, ru: "со всеми отметками", en: "with all marks"),
                    Column("awards", .integer, ru: "с отличием и медалями", en: "with an award"),
                    Column("issued", .integer, ru: "выдано аттестатов", en: "certificates issued"),
                ])
            Pivot(
                "students", title: Text(ru: "Отметки в аттестат", en: "Certificate marks"), students(school),
                before: [.number, Column("", .shortPerson, ru: "Ученик", en: "Student")],
                across: Pivot.Across("subjects", subjects(school), width: 5),
                cells: Pivot.Cells(cells(school), .mark),
                after: [
                    Column("lacking", .integer, width: 6, ru: "Нет отметок", en: "Lacking"),
                    Column("award", width: 10, words: awards, ru: "Отличие", en: "Award"),
                ])
            Table(
                "lacking", title: Text(ru: "Недостающие отметки", en: "Marks that are missing"), lacking(school),
                [
                    .number, Column("student", .person, ru: "Ученик", en: "Student"),
                    Column("subject.name", width: 30, ru: "Предмет", en: "Subject"),
                    Column("reason", width: 24, words: reasons, ru: "Причина", en: "Reason"),
                ])
            Table(
                "debts", title: Text(ru: "Академические задолженности", en: "Open debts"), debts(school),
                [
                    .number, Column("student", .person, ru: "Ученик", en: "Student"),
                    Column("subject.name", width: 30, ru: "Предмет", en: "Subject"),
                    Column("academic_year.name", width: 12, ru: "Учебный год", en: "Academic year"),
                    Column("opened_by", .mark, ru: "Отметка", en: "Mark"),
                    Column("opened_on", .date, ru: "С какого дня", en: "Since"),
                ])
            Table(
                "certificates", title: Text(ru: "Книга выдачи аттестатов", en: "Register of issue"), issued(school),
                [
                    Column("entry_number", .integer, ru: "№ записи", en: "Entry"),
                    Column("student", .person, ru: "Ученик", en: "Student"),
                    Column("student.birth_date", .date, ru: "Дата рождения", en: "Birth date"),
                    Column("form_number", width: 16, ru: "Номер бланка", en: "Form"),
                    Column("award", width: 12, words: awards, ru: "Отличие", en: "Award"),
                    Column("_order", width: 20, ru: "Приказ, протокол", en: "Order"),
                    Column("issued_on", .date, ru: "Дата выдачи", en: "Issued on"),
                    Column("_received_by", width: 18, ru: "Кто получил", en: "Received by"),
                    .blank(width: 14, ru: "Подпись", en: "Signature"),
                ])
        }
    }

    private static var noCertificates: Problem {
        Problem.invalid(
            parameter: "class_id", "no_certificates", ru: "Аттестаты получают в 9 и 11 классах.",
            en: "Certificates are of grades 9 and 11.")
    }

    static let awards = [
        "honours": Text(ru: "с отличием", en: "honours"),
        "medal_first": Text(ru: "с отличием, медаль I степени", en: "honours, medal of the first degree"),
        "medal_second": Text(ru: "медаль II степени", en: "medal of the second degree"),
    ]

    private static let reasons = [
        "missing": Text(ru: "отметки нет", en: "no mark"),
        "unsatisfactory": Text(ru: "неудовлетворительно", en: "unsatisfactory"),
        "not_assessed": Text(ru: "не аттестован", en: "not assessed"),
        "owed": Text(ru: "долг", en: "owed"),
        "fail": Text(ru: "незачёт", en: "fail"),
    ]

    // MARK: SQL. `$1` is the school.

    private static let finalClass = Statement(
        """
        SELECT c.id FROM classes c
        WHERE c.school_id = $1 AND c.id = \(ClassGate.schoolClass) AND c.grade_level IN (9, 11)
        """)

    private static let year = Statement(
        """
        SELECT y.id, y.name
        FROM classes c
        JOIN academic_years y ON y.school_id = $1 AND y.id = c.academic_year_id
        WHERE c.school_id = $1 AND c.id = \(ClassGate.schoolClass)
        """)

    /// The students of today, in a past year those of its last day.
    private static let members = """
        members AS MATERIALIZED (
            SELECT e.student_id, y.id AS academic_year_id, c.grade_level
            FROM classes c
            JOIN academic_years y ON y.school_id = $1 AND y.id = c.academic_year_id
            JOIN enrollments e ON e.school_id = $1 AND e.class_id = c.id
                AND lyceum.holds(e.starts_on, e.ends_on, greatest(y.starts_on, least(y.ends_on, lyceum.today())))
            WHERE c.school_id = $1 AND c.id = \(ClassGate.schoolClass)
        )
        """

    private static let marks = """
        \(members), marks AS MATERIALIZED (
            SELECT m.*, lyceum.lacks_certificate_mark(m.value_kind, m.number, m.code) AS is_lacking
            FROM (
                SELECT m.academic_year_id, array_agg(m.student_id) AS ids FROM members m GROUP BY m.academic_year_id
            ) a
            CROSS JOIN LATERAL lyceum.certificate_marks($1, a.academic_year_id, a.ids) m
        )
        """

    /// Results of state exams have points instead of a mark.
    private static let standing = """
        \(marks), counted AS MATERIALIZED (
            SELECT m.student_id, m.academic_year_id, m.grade_level, k.lacking, x.results_70, x.results_60, k.fives, k.fours,
                lyceum.certificate_award(
                    m.grade_level, k.fives, k.fours, k.others, k.lacking, x.results_70, x.results_60
                ) AS award
            FROM members m
            CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE k.is_lacking) AS lacking, count(*) FILTER (WHERE k.number = 5) AS fives,
                    count(*) FILTER (WHERE k.number = 4) AS fours, count(*) FILTER (WHERE k.number < 4) AS others
                FROM marks k WHERE k.student_id = m.student_id
            ) k
            CROSS JOIN LATERAL (
                SELECT count(DISTINCT f.subject_id) FILTER (WHERE f.exam_points >= 70) AS results_70,
                    count(DISTINCT f.subject_id) FILTER (WHERE f.exam_points >= 60) AS results_60
                FROM final_marks f
                WHERE f.school_id = $1 AND f.student_id = m.student_id AND f.academic_year_id = m.academic_year_id
                    AND f.exam_points IS NOT NULL
            ) x
        )
        """

    private static let kind = "CASE m.grade_level WHEN 9 THEN 'basic' ELSE 'secondary' END"
    private static let byName = "u.last_name, u.first_name, u.middle_name, u.id"

    private static let summary = Statement(
        """
        WITH \(standing)
        SELECT count(*) AS students, count(*) FILTER (WHERE m.lacking = 0) AS complete, count(m.award) AS awards,
            count(*) FILTER (
                WHERE EXISTS (
                    SELECT FROM certificates i
                    WHERE i.school_id = $1 AND i.student_id = m.student_id AND i.kind = \(kind) AND NOT i.is_duplicate
                )
            ) AS issued
        FROM counted m
        """)

    private static let students = Statement(
        """
        WITH \(standing)
        SELECT u.id, u.last_name, u.first_name, u.middle_name, m.fives, m.fours, m.lacking,
            m.results_70 AS exam_results_70, m.results_60 AS exam_results_60, m.award,
            '/v1/students/' || u.id || '/finals?academic_year_id=' || m.academic_year_id AS "links.finals"
        FROM counted m
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        ORDER BY \(byName)
        """)

    private static let subjects = Statement(
        """
        WITH \(marks)
        SELECT j.id, j.name
        FROM (SELECT DISTINCT m.subject_id FROM marks m) m
        JOIN subjects j ON j.school_id = $1 AND j.id = m.subject_id
        ORDER BY j.position, j.name, j.id
        """)

    private static let cells = Statement(
        """
        WITH \(marks)
        SELECT m.student_id AS _parent, m.subject_id AS _across, m.subject_id, m.basis, m.total, m.marks,
            CASE WHEN m.value_kind IS NOT NULL THEN lyceum.mark_value(m.value_kind, m.number, m.code, NULL) END AS value
        FROM marks m
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        JOIN subjects j ON j.school_id = $1 AND j.id = m.subject_id
        ORDER BY \(byName), j.position, j.name, j.id
        """)

    private static let lacking = Statement(
        """
        WITH \(marks)
        SELECT \(SharedSQL.person("u", as: "student")), j.id AS "subject.id", j.name AS "subject.name",
            CASE WHEN m.value_kind IS NULL THEN 'missing' WHEN m.number IS NOT NULL THEN 'unsatisfactory' ELSE m.code END
                AS reason
        FROM marks m
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        JOIN subjects j ON j.school_id = $1 AND j.id = m.subject_id
        WHERE m.is_lacking
        ORDER BY \(byName), j.position, j.name, j.id
        """)

    /// M13: of all years.
    private static let debts = Statement(
        """
        WITH \(members)
        SELECT d.id, \(SharedSQL.person("u", as: "student")), j.id AS "subject.id", j.name AS "subject.name",
            y.id AS "academic_year.id", y.name AS "academic_year.name",
            lyceum.mark_value(CASE WHEN d.number IS NULL THEN 'code' ELSE 'number' END, d.number, d.code, NULL)
                AS opened_by, d.opened_on
        FROM members m
        JOIN debts d ON d.school_id = $1 AND d.student_id = m.student_id AND d.state = 'open'
        JOIN users u ON u.school_id = $1 AND u.id = d.student_id
        JOIN subjects j ON j.school_id = $1 AND j.id = d.subject_id
        JOIN academic_years y ON y.school_id = $1 AND y.id = d.academic_year_id
        ORDER BY \(byName), j.position, j.name, j.id, d.opened_on, d.id
        """)

    private static let issued = Statement(
        """
        WITH \(members)
        SELECT i.id, i.entry_number, \(SharedSQL.person("u", as: "student")), s.birth_date AS "student.birth_date",
            i.form_number, i.award, i.is_duplicate, o.id AS "order.id", o.kind AS "order.kind", o.number AS "order.number",
            o.issued_on AS "order.issued_on", i.issued_on, i.received_by,
            '№ ' || o.number || ' от ' || to_char(o.issued_on, 'DD.MM.YYYY') AS _order,
            concat_ws(', ', i.received_by, CASE WHEN i.is_duplicate THEN 'дубликат' END) AS _received_by
        FROM members m
        JOIN certificates i ON i.school_id = $1 AND i.student_id = m.student_id AND i.kind = \(kind)
        JOIN orders o ON o.school_id = $1 AND o.id = i.order_id
        JOIN students s ON s.school_id = $1 AND s.id = i.student_id
        JOIN users u ON u.school_id = $1 AND u.id = i.student_id
        ORDER BY i.entry_number
        """)

    /// K2: the register of issue shows birth dates.
    private static let profiles = Statement(
        """
        WITH \(members)
        SELECT to_json(
            ARRAY(
                SELECT m.student_id FROM members m
                WHERE EXISTS (
                    SELECT FROM certificates i
                    WHERE i.school_id = $1 AND i.student_id = m.student_id AND i.kind = \(kind)
                )
            )) AS ids
        """)
}
