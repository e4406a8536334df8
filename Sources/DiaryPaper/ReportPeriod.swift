import Diary
import Postgres
import Web

/// The time that a report is about: the term of `term_id`, the days `from` to `to`, or the term that began last. A gate,
/// behind that of the class or of the section; the statements after it read it from settings.
enum ReportPeriod {
    static let first = "(SELECT \(Setting.from.value))"
    static let last = "(SELECT \(Setting.to.value))"
    /// NULL if the period is not a term.
    static let term = "(SELECT \(Setting.reportTerm.value))"
    static let year = "(SELECT \(Setting.reportYear.value))"

    static func gate(_ input: ReportInput) -> Gate {
        Gate(
            query(input),
            else: .invalid(
                parameter: input.text("from") == nil ? "term_id" : "from", "unknown_term",
                ru: "Такого периода нет. Список периодов: GET /v1/terms.",
                en: "There is no such term. GET /v1/terms lists the terms."))
    }

    static func facts(_ input: ReportInput) -> Facts {
        Facts(
            "period", query(input),
            [
                Column("academic_year.name", ru: "Учебный год", en: "Academic year"),
                Column("_shown", ru: "Период", en: "Period"),
            ])
    }

    static func query(_ input: ReportInput) -> Query {
        statement(input.school, input["term_id"], input["from"], input["to"], input["class_id"], input["section_id"])
    }

    /// Those of the class's or the section's year and grade level; without both, the terms of all grade levels count.
    /// Ids of others change nothing here: the gates refuse them.
    private static let statement = Statement(
        """
        SELECT p.first AS "from", p.last AS "to", t.id AS "term?.id", t.kind AS "term?.kind", t.name AS "term?.name",
            y.id AS "academic_year.id", y.name AS "academic_year.name",
            coalesce(t.name, to_char(p.first, 'DD.MM.YYYY') || ' – ' || to_char(p.last, 'DD.MM.YYYY')) AS _shown,
            \(Setting.from.set(to: "p.first")) AS _from, \(Setting.to.set(to: "p.last")) AS _to,
            \(Setting.reportTerm.set(text: "coalesce(t.id::text, '')")) AS _term,
            \(Setting.reportYear.set(to: "y.id")) AS _year
        FROM (
            SELECT coalesce(c.academic_year_id, s.academic_year_id) AS academic_year_id,
                coalesce(c.grade_level, g.grade_level) AS grade_level
            FROM (VALUES (1)) v
            LEFT JOIN classes c ON c.school_id = $1 AND c.id = $5::uuid
            LEFT JOIN sections s ON s.school_id = $1 AND s.id = $6::uuid
            LEFT JOIN groups g ON g.school_id = $1 AND g.id = s.group_id
        ) k
        LEFT JOIN LATERAL (
            SELECT t.*
            FROM terms t
            WHERE t.school_id = $1 AND $3::date IS NULL
                AND ($2::uuid IS NULL AND t.starts_on <= lyceum.today() OR t.id = $2::uuid)
                AND (k.academic_year_id IS NULL OR t.academic_year_id = k.academic_year_id)
                AND (k.grade_level IS NULL OR k.grade_level = ANY (t.grade_levels))
            ORDER BY t.starts_on DESC, t.id
            LIMIT 1
        ) t ON true
        CROSS JOIN LATERAL (
            SELECT coalesce($3::date, t.starts_on) AS first, coalesce($4::date, t.ends_on) AS last
        ) p
        JOIN LATERAL (
            SELECT y.id, y.name
            FROM academic_years y
            WHERE y.school_id = $1 AND (y.id = t.academic_year_id OR t.id IS NULL AND y.starts_on <= p.last)
                AND (k.academic_year_id IS NULL OR y.id = k.academic_year_id)
            ORDER BY y.starts_on DESC
            LIMIT 1
        ) y ON true
        WHERE p.first IS NOT NULL
        """)
}

extension Setting {
    fileprivate static let reportTerm = Setting("report_term", .uuid)
    fileprivate static let reportYear = Setting("report_year", .uuid)
}
