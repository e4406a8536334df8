import Diary
import Postgres
import Web

/// S5.3: when the class teacher last informed the family of each student, and whether a guardian read it; families
/// whom the system does not reach. `lyceum.informed` says what counts.
enum InformingFamilies {
    static let report = Report(
        "informing-families",
        title: Text(ru: "Информирование родителей", en: "Informing families"),
        summary: Text(
            ru: "По ученикам: когда классный руководитель последний раз сообщил семье, прочитано ли; семьи без учётной "
                + "записи. Для заместителя директора.",
            en: "By student: when the class teacher last informed the family, and whether it was read; families "
                + "without an account. For deputy heads."),
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
            Silent(informed(school, schoolClass))
            Table(
                "classes", title: Text(ru: "Классы", en: "Classes"), classes(school, schoolClass),
                total: total(school, schoolClass),
                [
                    Column("_name", width: 8, ru: "Класс", en: "Class"),
                    Column("_teacher", .shortPerson, ru: "Классный руководитель", en: "Class teacher"),
                    Column("students", .integer, ru: "Учеников", en: "Students"),
                    Column("informed", .integer, ru: "Сообщено", en: "Informed"),
                    Column("informed_percent", .percent, ru: "Сообщено, %", en: "Informed, %"),
                    Column("read", .integer, ru: "Прочитали", en: "Read"),
                    Column("read_percent", .percent, ru: "Прочитали, %", en: "Read, %"),
                    Column("without_account", .integer, ru: "Без учётной записи", en: "Without an account"),
                ])
            Table(
                "students", title: Text(ru: "Ученики", en: "Students"), students(school, schoolClass),
                [
                    Column("class.name", width: 7, ru: "Класс", en: "Class"),
                    Column("student", .person, ru: "Ученик", en: "Student"),
                    Column("last?.date", .date, ru: "Последний раз", en: "Last time"),
                    Column("_means", width: 18, ru: "Как", en: "How"),
                    Column("last?.is_read", .flag, ru: "Прочитано", en: "Read"),
                    Column("times", .integer, ru: "Всего", en: "Times"),
                    Column("times_read", .integer, ru: "Из них прочитано", en: "Of them read"),
                    Column("has_account", .flag, ru: "Учётная запись", en: "Account"),
                    Column("without_account_since", .date, ru: "Нет с", en: "None since"),
                ])
        }
    }

    // MARK: SQL. `$1` is the school, `$2` the class.

    /// The students of the last day, today at most; each once: an enrollment may not overlap another.
    private static let members = """
        members AS MATERIALIZED (
            SELECT e.student_id, c.id AS class_id, c.name, c.grade_level, c.letter
            FROM enrollments e
            JOIN classes c ON c.school_id = $1 AND c.id = e.class_id
                AND c.academic_year_id = \(ReportPeriod.year)
            WHERE e.school_id = $1 AND ($2::uuid IS NULL OR c.id = $2::uuid)
                AND lyceum.holds_between(
                    e.starts_on, e.ends_on, least(\(ReportPeriod.last), lyceum.today()),
                    least(\(ReportPeriod.last), lyceum.today()))
        )
        """

    /// Read once, for the three tables.
    private static let informed = Statement(
        """
        WITH \(members), students AS (SELECT array_agg(m.student_id) AS ids FROM members m),
        told AS MATERIALIZED (
            SELECT i.*
            FROM students s
            CROSS JOIN LATERAL lyceum.informed($1, s.ids, \(ReportPeriod.first), \(ReportPeriod.last)) i
            WHERE s.ids IS NOT NULL
        ), last AS (
            SELECT DISTINCT ON (i.student_id) i.student_id, i.date, i.informed_at, i.means, i.is_read, i.read_at
            FROM told i
            ORDER BY i.student_id, i.date DESC, i.informed_at DESC NULLS LAST, i.entity_id DESC
        ), counts AS (
            SELECT i.student_id, count(*) AS times, count(*) FILTER (WHERE i.is_read) AS times_read
            FROM told i
            GROUP BY i.student_id
        )
        SELECT set_config(
            '\(Setting.informed.name)',
            (
                SELECT coalesce(jsonb_agg(to_jsonb(l) || to_jsonb(c)), '[]')::text
                FROM last l
                JOIN counts c ON c.student_id = l.student_id
            ),
            true) IS NOT NULL AS _counted
        """)

    private static let rows = """
        \(members), rows AS MATERIALIZED (
            SELECT m.*, coalesce(i.times, 0) AS times, coalesce(i.times_read, 0) AS times_read, i.date, i.informed_at,
                i.means, i.is_read, i.read_at, a.account, a.since
            FROM members m
            LEFT JOIN jsonb_to_recordset((SELECT nullif(\(Setting.informed.text), '')::jsonb)) AS i(
                student_id uuid, date date, informed_at timestamptz, means text, is_read boolean, read_at timestamptz,
                times bigint, times_read bigint
            ) ON i.student_id = m.student_id
            JOIN lyceum.family_accounts($1, ARRAY(SELECT n.student_id FROM members n)) a
                ON a.student_id = m.student_id
        )
        """

    private static let figures = """
        count(*) AS students, count(*) FILTER (WHERE r.times > 0) AS informed,
            lyceum.percent(count(*) FILTER (WHERE r.times > 0), count(*)) AS informed_percent,
            count(*) FILTER (WHERE r.times_read > 0) AS read,
            lyceum.percent(count(*) FILTER (WHERE r.times_read > 0), count(*)) AS read_percent,
            count(*) FILTER (WHERE r.account <> 'active') AS without_account
        """

    private static let classes = Statement(
        """
        WITH \(rows)
        SELECT r.class_id AS "class.id", r.name AS "class.name", \(SharedSQL.person("u", as: "teacher?")), \(figures),
            '/v1/classes/' || r.class_id || '/informing?from=' || \(ReportPeriod.first) || '&to=' || \(ReportPeriod.last)
                AS "links.informing", r.name AS _name, u.last_name AS "_teacher.last_name",
            u.first_name AS "_teacher.first_name", u.middle_name AS "_teacher.middle_name"
        FROM rows r
        LEFT JOIN class_teachers t ON t.school_id = $1 AND t.class_id = r.class_id AND NOT t.acting
            AND lyceum.holds_between(
                t.starts_on, t.ends_on, least(\(ReportPeriod.last), lyceum.today()),
                least(\(ReportPeriod.last), lyceum.today()))
        LEFT JOIN users u ON u.school_id = $1 AND u.id = t.teacher_id
        GROUP BY r.class_id, r.name, r.grade_level, r.letter, u.school_id, u.id
        ORDER BY r.grade_level, r.letter, r.class_id
        """)

    private static let total = Statement(
        """
        WITH \(rows)
        SELECT \(figures), 'Всего' AS _name, NULL AS "_teacher.last_name", NULL AS "_teacher.first_name",
            NULL AS "_teacher.middle_name"
        FROM rows r
        """)

    private static let means = """
        CASE r.means
            WHEN 'message' THEN 'сообщение' WHEN 'announcement' THEN 'объявление' WHEN 'feedback' THEN 'отзыв'
            WHEN 'conduct_note' THEN 'поведение' WHEN 'absence_note' THEN 'ответ на записку' WHEN 'phone' THEN 'звонок'
            WHEN 'meeting' THEN 'встреча' WHEN 'slip' THEN 'записка' WHEN 'letter' THEN 'письмо'
            WHEN 'other' THEN 'иначе'
        END
        """

    /// Those who were informed longest ago, or never, come first in each class.
    private static let students = Statement(
        """
        WITH \(rows)
        SELECT r.class_id AS "class.id", r.name AS "class.name", \(SharedSQL.person("u", as: "student")), r.times,
            r.times_read, r.date AS "last?.date", r.informed_at AS "last?.informed_at", r.means AS "last?.means",
            r.is_read AS "last?.is_read", r.read_at AS "last?.read_at", \(means) AS _means, r.account,
            r.account = 'active' AS has_account, r.since AS without_account_since
        FROM rows r
        JOIN users u ON u.school_id = $1 AND u.id = r.student_id
        ORDER BY r.grade_level, r.letter, r.class_id, r.date NULLS FIRST, u.last_name, u.first_name, u.id
        """)
}

extension Setting {
    /// What `lyceum.informed` found, as JSON.
    fileprivate static let informed = Setting("families_informed", .text)
}
