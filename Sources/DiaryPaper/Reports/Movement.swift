import Diary
import Postgres
import Web

/// «Движение»: who arrived and left in a period, by class and grade level, by order; and the alphabetical register of
/// students («алфавитная книга»).
enum Movement {
    static let report = Report(
        "movement",
        title: Text(ru: "Движение учащихся", en: "Movement of students"),
        summary: Text(
            ru: "Прибывшие и выбывшие за период по классам и параллелям, с приказами; алфавитная книга. Для "
                + "администрации.",
            en: "Arrivals and departures of a period by class and grade level, with their orders; the alphabetical "
                + "register of students. For the administration."),
        access: .headsOfSchool, parameters: ReportParameter.period,
        paper: Paper(.landscape, signatures: [Text(ru: "Директор", en: "Head")])
    ) { input in
        let school = input.school
        return ReportContent(profiles: profiles(school)) {
            ReportPeriod.gate(input)
            ReportPeriod.facts(input)
            Table(
                "classes", title: Text(ru: "По классам", en: "By class"), classes(school), total: total(school),
                [Column("class.name", width: 12, ru: "Класс", en: "Class")] + counts)
            Table(
                "grade_levels", title: Text(ru: "По параллелям", en: "By grade level"), gradeLevels(school),
                [Column("grade_level", .integer, width: 12, ru: "Параллель", en: "Grade level")] + counts)
            Table(
                "movements", title: Text(ru: "Прибывшие и выбывшие", en: "Arrivals and departures"), moves(school),
                [
                    .number, Column("day", .date, ru: "Дата", en: "Day"),
                    Column("student", .person, ru: "Ученик", en: "Student"),
                    Column("kind", width: 16, words: kinds, ru: "Что", en: "What"),
                    Column("class.name", width: 8, ru: "Класс", en: "Class"),
                    Column("other_class?.name", width: 10, ru: "Откуда, куда", en: "From, to"),
                    Column("_order", width: 20, ru: "Приказ", en: "Order"),
                    Column("reason", width: 24, ru: "Причина", en: "Reason"),
                ])
            Table(
                "students", title: Text(ru: "Алфавитная книга", en: "Alphabetical register"), register(school),
                [
                    .number, Column("", .person, ru: "Фамилия, имя, отчество", en: "Name"),
                    Column("birth_date", .date, ru: "Дата рождения", en: "Birth date"),
                    Column("personal_file", width: 10, ru: "Личное дело", en: "Personal file"),
                    Column("class.name", width: 8, ru: "Класс", en: "Class"),
                    Column("arrived_on", .date, ru: "Прибыл", en: "Arrived"),
                    Column("_arrival_order", width: 18, ru: "Приказ", en: "Order"),
                    Column("left_on", .date, ru: "Выбыл", en: "Left"),
                    Column("_leaving_order", width: 18, ru: "Приказ", en: "Order"),
                    Column("leaving_reason", width: 16, ru: "Куда, причина", en: "Reason"),
                ])
        }
    }

    private static let counts: [Column] = [
        Column("at_start", .integer, width: 10, ru: "На начало", en: "At the start"),
        Column("arrived", .integer, width: 10, ru: "Прибыло", en: "Arrived"),
        Column("moved_in", .integer, width: 14, ru: "Переведено в класс", en: "Moved in"),
        Column("left", .integer, width: 10, ru: "Выбыло", en: "Left"),
        Column("moved_out", .integer, width: 14, ru: "Переведено из класса", en: "Moved out"),
        Column("at_end", .integer, width: 10, ru: "На конец", en: "At the end"),
    ]

    private static let kinds = [
        "arrived": Text(ru: "прибыл", en: "arrived"), "left": Text(ru: "выбыл", en: "left"),
        "moved_in": Text(ru: "переведён в класс", en: "moved in"),
        "moved_out": Text(ru: "переведён из класса", en: "moved out"),
    ]

    // MARK: SQL. `$1` is the school.

    /// The holidays before a term count with it, so that each term begins with the students with whom the one before ended.
    private static let first = """
        coalesce((
            SELECT max(p.ends_on) + 1
            FROM terms t
            JOIN terms p ON p.school_id = $1 AND p.academic_year_id = t.academic_year_id AND p.kind = t.kind
                AND p.ends_on < t.starts_on
            WHERE t.school_id = $1 AND t.id = \(ReportPeriod.term)
        ), \(ReportPeriod.first))
        """
    private static let last = ReportPeriod.last

    /// The classes with students in the period, and how many came and went.
    private static let counted = """
        counted AS MATERIALIZED (
            SELECT k.class_id, sum(k.at_start)::integer AS at_start, sum(k.arrived)::integer AS arrived,
                sum(k.moved_in)::integer AS moved_in, sum(k.gone)::integer AS "left",
                sum(k.moved_out)::integer AS moved_out, sum(k.at_end)::integer AS at_end
            FROM (
                SELECT e.class_id, lyceum.is_at_start(e.starts_on, \(first), y.starts_on)::integer AS at_start, 0 AS arrived,
                    0 AS moved_in, 0 AS gone, 0 AS moved_out,
                    lyceum.is_at_end(e.ends_on, \(last), y.ends_on)::integer AS at_end
                FROM enrollments e
                JOIN classes c ON c.school_id = $1 AND c.id = e.class_id
                JOIN academic_years y ON y.school_id = $1 AND y.id = c.academic_year_id
                WHERE e.school_id = $1 AND lyceum.holds_between(e.starts_on, e.ends_on, \(first), \(last))
                UNION ALL
                SELECT m.class_id, 0, (m.kind = 'arrived')::integer, (m.kind = 'moved_in')::integer,
                    (m.kind = 'left')::integer, (m.kind = 'moved_out')::integer, 0
                FROM lyceum.movements($1, \(first), \(last)) m
            ) k
            GROUP BY k.class_id
        )
        """

    private static let sums = """
        coalesce(sum(k.at_start), 0) AS at_start, coalesce(sum(k.arrived), 0) AS arrived,
            coalesce(sum(k.moved_in), 0) AS moved_in, coalesce(sum(k."left"), 0) AS "left",
            coalesce(sum(k.moved_out), 0) AS moved_out, coalesce(sum(k.at_end), 0) AS at_end
        """

    private static let classes = Statement(
        """
        WITH \(counted)
        SELECT c.id AS "class.id", c.name AS "class.name", c.grade_level, y.name AS academic_year, k.at_start, k.arrived,
            k.moved_in, k."left", k.moved_out, k.at_end
        FROM counted k
        JOIN classes c ON c.school_id = $1 AND c.id = k.class_id
        JOIN academic_years y ON y.school_id = $1 AND y.id = c.academic_year_id
        ORDER BY y.starts_on, c.grade_level, c.name, c.id
        """)

    private static let total = Statement("WITH \(counted) SELECT \(sums) FROM counted k")

    private static let gradeLevels = Statement(
        """
        WITH \(counted)
        SELECT c.grade_level, \(sums)
        FROM counted k
        JOIN classes c ON c.school_id = $1 AND c.id = k.class_id
        GROUP BY c.grade_level
        ORDER BY c.grade_level
        """)

    private static func order(_ row: String, as name: String) -> String {
        """
        \(row).id AS "\(name)?.id", \(row).kind AS "\(name)?.kind", \(row).number AS "\(name)?.number",
            \(row).issued_on AS "\(name)?.issued_on",
            '№ ' || \(row).number || ' от ' || to_char(\(row).issued_on, 'DD.MM.YYYY') AS _\(name)
        """
    }

    private static let moves = Statement(
        """
        SELECT m.day, m.kind, \(SharedSQL.person("u", as: "student")), c.id AS "class.id", c.name AS "class.name",
            n.id AS "other_class?.id", n.name AS "other_class?.name", \(order("o", as: "order")), m.reason,
            '/v1/enrollments/' || m.enrollment_id AS "links.enrollment"
        FROM lyceum.movements($1, \(first), \(last)) m
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        JOIN classes c ON c.school_id = $1 AND c.id = m.class_id
        LEFT JOIN classes n ON n.school_id = $1 AND n.id = m.other_class_id
        LEFT JOIN orders o ON o.school_id = $1 AND o.id = m.order_id
        ORDER BY m.day, m.kind, u.last_name, u.first_name, u.id
        """)

    /// Everybody who was enrolled in the period, with the last class in it.
    private static let enrolled = """
        enrolled AS MATERIALIZED (
            SELECT DISTINCT ON (e.student_id) e.student_id, e.class_id
            FROM enrollments e
            WHERE e.school_id = $1 AND lyceum.holds_between(e.starts_on, e.ends_on, \(first), \(last))
            ORDER BY e.student_id, e.starts_on DESC
        )
        """

    private static let register = Statement(
        """
        WITH \(enrolled), moves AS MATERIALIZED (
            SELECT m.* FROM lyceum.movements($1, '-infinity', \(last) + 1) m WHERE m.kind IN ('arrived', 'left')
        ), arrivals AS MATERIALIZED (
            SELECT DISTINCT ON (m.student_id) m.student_id, m.day, m.order_id
            FROM moves m
            WHERE m.kind = 'arrived' AND m.day <= \(last)
            ORDER BY m.student_id, m.day DESC
        )
        SELECT u.id, u.last_name, u.first_name, u.middle_name, s.birth_date, s.personal_file, c.id AS "class.id",
            c.name AS "class.name", a.day AS arrived_on, \(order("ao", as: "arrival_order")), l.day AS left_on,
            \(order("lo", as: "leaving_order")), l.reason AS leaving_reason
        FROM enrolled e
        JOIN users u ON u.school_id = $1 AND u.id = e.student_id
        JOIN students s ON s.school_id = $1 AND s.id = e.student_id
        JOIN classes c ON c.school_id = $1 AND c.id = e.class_id
        JOIN arrivals a ON a.student_id = e.student_id
        LEFT JOIN moves l ON l.student_id = e.student_id AND l.kind = 'left' AND l.day >= a.day
            AND l.day <= \(last)
        LEFT JOIN orders ao ON ao.school_id = $1 AND ao.id = a.order_id
        LEFT JOIN orders lo ON lo.school_id = $1 AND lo.id = l.order_id
        ORDER BY u.last_name, u.first_name, u.middle_name, u.id
        """)

    /// K2: the register shows birth dates and numbers of personal files.
    private static let profiles = Statement(
        """
        WITH \(enrolled)
        SELECT to_json(ARRAY(SELECT e.student_id FROM enrolled e)) AS ids
        """)
}
