import Diary
import Postgres
import Web

/// The final marks of a section: what each student has, what it is based on (M6, M7, M11), and a suggestion.
package enum SectionFinals {
    package static let routes: [Route<Access, Caller>] = [
        .get(
            "/v1/sections/{section_id}/finals", "listSectionFinals", access: .readersOfJournals.programs(.journalRead),
            show)
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let term = query.identifier("term_id")
        try query.finish()
        let section = SectionGate.open(caller, try request.identifier("section_id"))
        let common: [Parameter] = [.integer(caller.school.id), .text(term)]
        let period = Query(statement: period, parameters: common)
        return try await Answer(capacity: 32 * 1024) {
            Gate(section)
            Gate(period, else: unknownTerm)
            Object("section", section)
            Fields(period)
            List("periods", Query(statement: periods, parameters: common + [caller.person]))
            List("students", Query(statement: students, parameters: common + [caller.person])) {
                List("finals", Query(statement: finals, parameters: common + [caller.person]))
            }
        }.tagged(for: caller)
    }

    private static var unknownTerm: Problem {
        Problem.invalid(
            parameter: "term_id", "unknown_term", ru: "У этого журнала нет такого периода.",
            en: "The section has no such term.")
    }

    // MARK: SQL. `$1` is the school, `$2` the term or NULL for the year, `$3` the reader.

    private static let section = SectionGate.section

    /// The section `s`, its year `y`, and the term `t`.
    private static let place = """
        FROM sections s
        JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
        JOIN academic_years y ON y.school_id = s.school_id AND y.id = s.academic_year_id
        LEFT JOIN terms t ON t.school_id = s.school_id AND t.id = $2::uuid AND t.academic_year_id = s.academic_year_id
            AND (g.grade_level IS NULL OR g.grade_level = ANY (t.grade_levels))
        LEFT JOIN school_settings ss ON ss.school_id = s.school_id
        WHERE s.school_id = $1 AND s.id = \(section) AND ($2::uuid IS NULL OR t.id IS NOT NULL)
        """

    private static let period = Statement(
        """
        SELECT y.id AS "academic_year.id", y.name AS "academic_year.name", t.id AS "term?.id", t.name AS "term?.name",
            t.starts_on AS "term?.starts_on", t.ends_on AS "term?.ends_on", t.marks_close_on AS "term?.marks_close_on",
            lyceum.weekly_hours($1, s.id, least(lyceum.today(), coalesce(t.ends_on, y.ends_on))) AS hours_per_week,
            coalesce(ss.rounding_threshold, 0.60) AS rounding_threshold
        \(place)
        """)

    /// M4: until when each kind of final mark may be written, and why it may not be written today.
    private static let periods = Statement(
        """
        SELECT p.kind, p.term_id, p.name, p.editable_until,
            CASE
                WHEN p.is_without_marks THEN 'marks_not_allowed'
                WHEN NOT lyceum.teaches($1, $3::uuid, \(section), least(p.today, p.ends_on)) IS TRUE THEN 'not_your_section'
                WHEN p.is_closed OR p.today > p.editable_until THEN 'edit_window_closed'
            END AS locked_reason
        FROM (
            SELECT k.kind, t.id AS term_id, t.name, d.today, coalesce(t.ends_on, p.ends_on) AS ends_on,
                greatest(t.marks_close_on, lyceum.unlocked_until($1, \(section), t.ends_on)) AS editable_until,
                k.kind <> 'term' AND p.state = 'closed' AS is_closed,
                p.grading = 'none' OR lyceum.is_before_marks(p.grade_level, t.ends_on, p.second_half_starts_on)
                    AS is_without_marks,
                k.position, t.starts_on
            FROM (
                SELECT s.grading, g.grade_level, y.id AS year, y.ends_on, y.state, y.second_half_starts_on
                \(place)
            ) p
            CROSS JOIN (SELECT lyceum.today() AS today OFFSET 0) d
            CROSS JOIN (VALUES ('term', 1), ('year', 2), ('exam', 3), ('final', 4)) k (kind, position)
            LEFT JOIN terms t ON k.kind = 'term' AND t.school_id = $1 AND t.academic_year_id = p.year
                AND (p.grade_level IS NULL OR p.grade_level = ANY (t.grade_levels))
                AND ($2::uuid IS NULL OR t.id = $2::uuid)
            WHERE CASE k.kind WHEN 'term' THEN t.id IS NOT NULL ELSE $2::uuid IS NULL END
        ) p
        ORDER BY p.position, p.starts_on
        """)

    /// Students who were members in the term or year, as far as the reader sees them: a former class teacher sees those whom
    /// the reader led at its end.
    private static let members = """
        members AS MATERIALIZED (
            SELECT DISTINCT m.student_id, s.subject_id, s.academic_year_id, s.grading, g.grade_level, t.ends_on,
                y.second_half_starts_on, coalesce(ss.rounding_threshold, 0.60) AS threshold
            FROM sections s
            JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
            JOIN academic_years y ON y.school_id = s.school_id AND y.id = s.academic_year_id
            LEFT JOIN terms t ON t.school_id = s.school_id AND t.id = $2::uuid AND t.academic_year_id = s.academic_year_id
            LEFT JOIN school_settings ss ON ss.school_id = s.school_id
            JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id
                AND lyceum.holds_between(
                    m.starts_on, m.ends_on, coalesce(t.starts_on, y.starts_on), coalesce(t.ends_on, y.ends_on)
                )
            WHERE s.school_id = $1 AND s.id = \(section)
                AND \(Journal.seen("m.student_id", "coalesce(t.ends_on, y.ends_on) <@", reader: "$3"))
        )
        """

    private static let order = "u.last_name, u.first_name, u.middle_name, u.id"

    /// M12: marks that are held back count for those who read the journal, see docs/decisions/0049.
    private static let students = Statement(
        """
        WITH \(members), asked AS MATERIALIZED (
            SELECT m.subject_id, m.academic_year_id, array_agg(m.student_id) AS ids
            FROM members m GROUP BY m.subject_id, m.academic_year_id
        ), bases AS MATERIALIZED (
            SELECT b.* FROM asked a
            CROSS JOIN LATERAL lyceum.final_bases($1, a.academic_year_id, a.subject_id, $2::uuid, a.ids, false) b
        ), years AS MATERIALIZED (
            SELECT b.* FROM asked a
            CROSS JOIN LATERAL lyceum.year_bases($1, a.academic_year_id, a.subject_id, a.ids) b
            WHERE $2::uuid IS NULL
        )
        SELECT u.id, u.last_name, u.first_name, u.middle_name, coalesce(b.marks, 0) AS marks, b.minimum,
            lyceum.shown_average(b.weighted, b.weight) AS average,
            lyceum.shown_average(b.total, b.numbers) AS plain_average,
            coalesce(b.weighted, 0) AS weighted_sum, coalesce(b.weight, 0) AS weight_sum,
            coalesce(b.lessons, 0) AS lessons, coalesce(b.missed, 0) AS missed,
            round(b.missed * 100 / nullif(b.lessons, 0)::numeric, 1) AS missed_percent,
            CASE
                WHEN $2::uuid IS NULL OR m.grading <> 'marks'
                    OR lyceum.is_before_marks(m.grade_level, m.ends_on, m.second_half_starts_on) THEN NULL
                WHEN b.marks >= b.minimum AND b.weight > 0 THEN lyceum.mark_value(
                    'number', lyceum.rounded_average(b.weighted, b.weight, m.threshold), NULL, NULL
                )
                ELSE lyceum.mark_value('code', NULL, 'not_assessed', NULL)
            END AS "suggestions.term",
            CASE
                WHEN n.terms > 0 AND n.missing = 0
                    THEN lyceum.mark_value('number', lyceum.half_up(n.total, n.terms), NULL, NULL)
            END AS "suggestions.year",
            CASE
                WHEN n.year_number IS NULL THEN NULL
                WHEN n.upper_marks > 0
                    THEN lyceum.mark_value('number', lyceum.half_up(n.upper_total, n.upper_marks), NULL, NULL)
                WHEN n.exam_number IS NOT NULL
                    THEN lyceum.mark_value('number', lyceum.half_up(n.year_number + n.exam_number, 2), NULL, NULL)
                ELSE lyceum.mark_value('number', n.year_number, NULL, NULL)
            END AS "suggestions.final"
        FROM members m
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        LEFT JOIN bases b ON b.student_id = m.student_id
        LEFT JOIN years n ON n.student_id = m.student_id
        ORDER BY \(order)
        """)

    /// M10: whichever section gave them.
    private static let finals = Statement(
        """
        WITH \(members)
        SELECT x.student_id AS _parent, \(FinalSQL.columns)
        FROM members m
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        JOIN final_marks x ON x.school_id = $1 AND x.student_id = m.student_id AND x.subject_id = m.subject_id
            AND x.academic_year_id = m.academic_year_id AND ($2::uuid IS NULL OR x.term_id = $2::uuid)
        LEFT JOIN terms t ON t.school_id = $1 AND t.id = x.term_id
        WHERE \(SectionGate.isReadWhole) OR x.published_at <= now()
        ORDER BY \(order), \(FinalSQL.order)
        """)
}

/// SQL about the final mark `x`.
enum FinalSQL {
    static let columns = """
        x.id, x.kind, x.term_id, lyceum.mark_value(x.value_kind, x.number, x.code, x.due_on) AS value, x.exam_points,
            round(x.average_at_the_time, 2) AS average_at_the_time, x.reason, x.comment, x.order_id, x.section_id, x.source,
            x.published_at, x.version
        """
    /// `t` is its term.
    static let order = "array_position(ARRAY['term', 'year', 'exam', 'final'], x.kind), t.starts_on"
}
