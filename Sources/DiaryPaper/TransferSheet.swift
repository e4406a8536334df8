import Diary
import HTTP1
import Postgres
import Web

/// What a student who leaves takes to the next school (M10): the current marks of the running term with their averages
/// (M6), the final marks, and the absences of the year. As CSV it is a file for the import `finals` of that school.
///
/// Marks that are held back (M12) are left out.
package enum TransferSheet {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/students/{student_id}/transfer-sheet", "getTransferSheet", access: readers, show)
    ]

    package static let readers = Access.roles([.head, .deputyHead, .classTeacher])

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let on = query.date("on")
        let isFile = query.option("format", of: ["json", "csv"]) == "csv"
        try query.finish()
        let school = Parameter.integer(caller.school.id)
        let student = StudentGate.open(caller, try request.identifier("student_id"))
        let day = day(school, .text(on))
        let statements = StudentGate.isDated(for: caller) ? seen : all
        if isFile { return try await file(statements.file(school), behind: [student, day], caller) }
        return try await Answer(capacity: 8 * 1024) {
            Gate(student)
            Object("student", student)
            Object("school", name(school))
            Fields(day)
            List("subjects", statements.subjects(school)) {
                List("marks", statements.marks(school))
            }
            List("finals", statements.finals(school))
            List("attendance", statements.attendance(school))
        }.tagged(for: caller)
    }

    // MARK: The report

    /// The queries of the sheet for its report; the first one is the gate.
    package struct Queries {
        package let student, day, subjects, marks, learned, periods, finals, attendance: Query
    }

    package static func queries(_ caller: Caller, student: String, on: Parameter) -> Queries {
        let school = Parameter.integer(caller.school.id)
        let statements = StudentGate.isDated(for: caller) ? seen : all
        return Queries(
            student: StudentGate.open(caller, student), day: day(school, on), subjects: statements.subjects(school),
            marks: statements.listed(school), learned: statements.learned(school), periods: statements.periods(school),
            finals: statements.finalsOfSubjects(school), attendance: statements.attendance(school))
    }

    // MARK: The file

    private static func file(_ rows: Query, behind gates: [Query], _ caller: Caller) async throws -> Response {
        let results = try await caller.results(of: gates + [rows])
        guard try !results[gates[0]].isEmpty else { throw Problem(.notFound) }
        let header = [
            "Ученик", "Предмет", "Учебный год", "Вид", "Номер периода", "Дата", "Вид работы", "Отметка", "Вес", "Школа",
        ]
        let cells = try results[rows]
        let lines = [header] + (0..<cells.count).map { row in columns.map { cells.text(row, $0) ?? "" } }
        let text = lines.map { $0.map { cell($0) }.joined(separator: ";") + "\r\n" }.joined()
        let body = Array(("\u{FEFF}" + text).utf8)
        var response = Response(.ok, contentType: "text/csv; charset=utf-8", body: body)
        response.entityTag = ContentTag.of(body)
        response.headers = [
            ("Content-Disposition", "attachment; filename=\"transfer-sheet.csv\""),
            ("Cache-Control", "private, no-cache"), ("Vary", "Authorization"),
        ]
        return response
    }

    private static let columns = [
        "student", "subject", "academic_year", "kind", "number", "date", "work", "value", "weight", "school",
    ]

    private static func cell(_ text: String) -> String {
        guard text.contains(where: { ";\"\n\r".contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }

    // MARK: SQL. `$1` is the school.

    private static let from = "(SELECT \(Setting.from.value))"
    private static let to = "(SELECT \(Setting.to.value))"
    private static let year = "(SELECT \(Setting.sheetYear.value))"

    private static let name = Statement("SELECT s.name FROM schools s WHERE s.id = $1")

    /// The day, its academic year and the term of the student's grade level, which began last. The settings have the year
    /// and the days of the current marks.
    private static let day = Statement(
        """
        SELECT d.date AS "on", y.id AS "academic_year?.id", y.name AS "academic_year?.name", t.id AS "term?.id",
            t.kind AS "term?.kind", t.ordinal AS "term?.ordinal", t.name AS "term?.name",
            t.starts_on AS "term?.starts_on", t.ends_on AS "term?.ends_on",
            \(Setting.sheetYear.set(to: "y.id")) AS _year, \(Setting.from.set(to: "t.starts_on")) AS _from,
            \(Setting.to.set(to: "least(t.ends_on, d.date)")) AS _to
        FROM (SELECT coalesce($2::date, lyceum.today()) AS date) d
        LEFT JOIN LATERAL (
            SELECT y.id, y.name FROM academic_years y
            WHERE y.school_id = $1 AND y.starts_on <= d.date
            ORDER BY y.starts_on DESC
            LIMIT 1
        ) y ON true
        LEFT JOIN LATERAL (
            SELECT t.id, t.kind, t.ordinal, t.name, t.starts_on, t.ends_on FROM terms t
            WHERE t.school_id = $1 AND t.academic_year_id = y.id AND t.starts_on <= d.date
                AND lyceum.grade_level_in($1, \(StudentGate.student), y.id) = ANY (t.grade_levels)
            ORDER BY t.starts_on DESC
            LIMIT 1
        ) t ON true
        """)

    private static let all = Statements(andSeen: { _ in "" })
    private static let seen = Statements(andSeen: { "AND \($0) <@ \(StudentGate.days)" })

    private struct Statements: Sendable {
        let subjects: Statement
        let marks: Statement
        /// The marks without nesting.
        let listed: Statement
        let finals: Statement
        /// The final marks as a table: its rows, its columns, and the cells.
        let learned: Statement
        let periods: Statement
        let finalsOfSubjects: Statement
        let attendance: Statement
        let file: Statement

        /// - Parameter seen: an additional condition on a day, for callers who do not see all days.
        init(andSeen seen: (String) -> String) {
            // OFFSET 0 keeps the join in this order: from the student's marks to their lessons.
            let current = """
                SELECT l.subject_id, l.date, l.work, k.kind, k.number, k.code, k.due_on, l.weight,
                    NULL::text AS school_name, k.id
                FROM marks k
                CROSS JOIN LATERAL (
                    SELECT l.date, s.subject_id, c.name AS work, i.weight
                    FROM line_items i
                    JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
                        AND l.date BETWEEN \(from) AND \(to)
                    JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
                    LEFT JOIN categories c ON c.school_id = i.school_id AND c.id = i.category_id
                    WHERE i.school_id = k.school_id AND i.id = k.line_item_id AND i.deleted_at IS NULL
                    OFFSET 0
                ) l
                WHERE k.school_id = $1 AND k.student_id = \(StudentGate.student) AND k.kind IS NOT NULL
                    AND k.published_at <= now() \(seen("l.date"))
                UNION ALL
                SELECT r.subject_id, r.date, r.work, r.kind, r.number, r.code, NULL, r.weight, r.school_name, r.id
                FROM transferred_marks r
                WHERE r.school_id = $1 AND r.student_id = \(StudentGate.student) AND r.kind IS NOT NULL
                    AND r.date BETWEEN \(from) AND \(to) \(seen("r.date"))
                """
            // M6: a weight of 0 does not count.
            subjects = Statement(
                """
                SELECT j.id AS _key, j.id AS "subject.id", j.name AS "subject.name",
                    round(
                        sum(m.number * m.weight) FILTER (WHERE m.kind = 'number')
                            / nullif(sum(m.weight) FILTER (WHERE m.kind = 'number'), 0), 2
                    ) AS average,
                    round(avg(m.number) FILTER (WHERE m.kind = 'number'), 2) AS plain_average
                FROM (\(current)) m
                JOIN subjects j ON j.school_id = $1 AND j.id = m.subject_id
                GROUP BY j.id, j.name
                ORDER BY j.name, j.id
                """)
            marks = Statement(
                """
                SELECT m.subject_id AS _parent, m.date, m.work,
                    lyceum.mark_value(m.kind, m.number, m.code, m.due_on) AS value, m.weight, m.school_name
                FROM (\(current)) m
                JOIN subjects j ON j.school_id = $1 AND j.id = m.subject_id
                ORDER BY j.name, j.id, m.date, m.id
                """)
            listed = Statement(
                """
                SELECT j.id AS "subject.id", j.name AS "subject.name", m.date, m.work,
                    lyceum.mark_value(m.kind, m.number, m.code, m.due_on) AS value, m.weight, m.school_name
                FROM (\(current)) m
                JOIN subjects j ON j.school_id = $1 AND j.id = m.subject_id
                ORDER BY j.name, j.id, m.date, m.id
                """)
            let finalMarks = """
                FROM final_marks x
                JOIN academic_years y ON y.school_id = $1 AND y.id = x.academic_year_id
                JOIN subjects j ON j.school_id = $1 AND j.id = x.subject_id
                LEFT JOIN terms t ON t.school_id = $1 AND t.id = x.term_id
                WHERE x.school_id = $1 AND x.student_id = \(StudentGate.student) AND x.value_kind IS NOT NULL
                    AND x.published_at <= now()
                    AND y.starts_on <= (SELECT n.starts_on FROM academic_years n WHERE n.school_id = $1 AND n.id = \(year))
                    \(seen("coalesce(t.ends_on, y.ends_on)"))
                """
            let byYear = "y.starts_on, j.name, j.id, x.kind <> 'term', t.ordinal, x.kind"
            finals = Statement(
                """
                SELECT y.name AS academic_year, j.id AS "subject.id", j.name AS "subject.name", x.kind,
                    t.kind AS "term?.kind", t.ordinal AS "term?.ordinal", t.name AS "term?.name",
                    lyceum.mark_value(x.value_kind, x.number, x.code, x.due_on) AS value, x.exam_points, x.source
                \(finalMarks)
                ORDER BY \(byYear)
                """)
            let place = "concat_ws(' ', x.academic_year_id, x.kind, x.term_id)"
            learned = Statement(
                """
                SELECT DISTINCT j.id, j.name
                \(finalMarks)
                ORDER BY j.name, j.id
                """)
            periods = Statement(
                """
                SELECT f._id, f.academic_year, f.kind, f."term?.kind", f."term?.ordinal", f."term?.name", f._label
                FROM (
                    SELECT DISTINCT \(place) AS _id, y.name AS academic_year, x.kind, t.kind AS "term?.kind",
                        t.ordinal AS "term?.ordinal", t.name AS "term?.name",
                        CASE x.kind
                            WHEN 'term' THEN t.ordinal::text WHEN 'year' THEN 'год' WHEN 'exam' THEN 'экз.' ELSE 'итог'
                        END AS _label, y.starts_on, array_position(ARRAY['term', 'year', 'exam', 'final'], x.kind) AS place
                    \(finalMarks)
                ) f
                ORDER BY f.starts_on, f.place, f."term?.ordinal"
                """)
            finalsOfSubjects = Statement(
                """
                SELECT j.id AS _parent, \(place) AS _across, y.name AS academic_year, x.kind, t.ordinal AS term_ordinal,
                    lyceum.mark_value(x.value_kind, x.number, x.code, x.due_on) AS value, x.exam_points, x.source
                \(finalMarks)
                ORDER BY j.name, j.id, y.starts_on, x.kind <> 'term', t.ordinal, x.kind
                """)
            // T2: the meaning that counts.
            attendance = Statement(
                """
                SELECT t.id AS "term.id", t.kind AS "term.kind", t.ordinal AS "term.ordinal", t.name AS "term.name",
                    count(*) FILTER (WHERE a.meaning = 'absent') AS absent,
                    count(*) FILTER (WHERE a.meaning = 'ill') AS ill,
                    count(*) FILTER (WHERE a.meaning = 'excused') AS excused,
                    count(*) FILTER (WHERE a.meaning = 'unexcused') AS unexcused,
                    count(*) FILTER (WHERE a.meaning = 'late') AS late
                FROM terms t
                LEFT JOIN (
                    SELECT l.date, lyceum.counted_meaning(a.meaning, a.decided_meaning) AS meaning
                    FROM attendance a
                    JOIN lessons l ON l.school_id = $1 AND l.id = a.lesson_id
                    WHERE a.school_id = $1 AND a.student_id = \(StudentGate.student) AND l.state <> 'cancelled'
                        AND l.date <= \(to) \(seen("l.date"))
                ) a ON a.date BETWEEN t.starts_on AND t.ends_on
                WHERE t.school_id = $1 AND t.academic_year_id = \(year) AND t.starts_on <= \(to)
                    AND lyceum.grade_level_in($1, \(StudentGate.student), \(year)) = ANY (t.grade_levels)
                GROUP BY t.id, t.kind, t.ordinal, t.name, t.starts_on
                ORDER BY t.starts_on
                """)
            // A debt (owed) is not transferred: it belongs to this school.
            file = Statement(
                """
                SELECT u.external_id AS student, f.subject, f.academic_year, f.kind, f.number, f.date, f.work, f.value,
                    f.weight, coalesce(f.school_name, s.name) AS school
                FROM (
                    SELECT 1 AS part, row_number() OVER (ORDER BY \(byYear)) AS place, j.name AS subject,
                        y.name AS academic_year, coalesce(t.kind, x.kind) AS kind, t.ordinal::text AS number,
                        NULL AS date, NULL AS work, coalesce(x.number::text, x.code) AS value, NULL AS weight,
                        NULL AS school_name
                    \(finalMarks) AND x.code IS DISTINCT FROM 'owed'
                    UNION ALL
                    SELECT 2, row_number() OVER (ORDER BY j.name, j.id, m.date, m.id), j.name, y.name, 'current', NULL,
                        m.date::text, m.work, coalesce(m.number::text, m.code), m.weight::text, m.school_name
                    FROM (\(current)) m
                    JOIN subjects j ON j.school_id = $1 AND j.id = m.subject_id
                    JOIN academic_years y ON y.school_id = $1 AND y.id = \(year)
                    WHERE m.code IS DISTINCT FROM 'owed'
                ) f
                JOIN users u ON u.school_id = $1 AND u.id = \(StudentGate.student)
                JOIN schools s ON s.id = $1
                ORDER BY f.part, f.place
                """)
        }
    }
}

extension Setting {
    fileprivate static let sheetYear = Setting("sheet_year", .uuid)
}
