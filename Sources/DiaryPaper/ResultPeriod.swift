import Diary
import Postgres
import Web

/// What a report about results is about: a term of the class's year, or its year marks. A gate, behind that of the
/// class. Without `term_id` it is the term that ended last, or the first one if none has ended.
enum ResultPeriod {
    static let parameters = [
        ReportParameter(
            "term_id", .identifier, ru: "Период; по умолчанию последний завершённый.",
            en: "The term; the one that ended last by default."),
        ReportParameter(
            "kind", .option(["term", "year"]), ru: "Отметки за период или за год; по умолчанию за период.",
            en: "The marks of a term or of the year; of a term by default."),
    ]

    static let kind = "(SELECT \(Setting.resultKind.value))"
    /// NULL for year marks.
    static let term = "(SELECT \(Setting.resultTerm.value))"
    static let year = "(SELECT \(Setting.resultYear.value))"
    static let first = "(SELECT \(Setting.from.value))"
    static let last = "(SELECT \(Setting.to.value))"

    static func gate(_ input: ReportInput) -> Gate {
        Gate(
            query(input),
            else: .invalid(
                parameter: "term_id", "unknown_term",
                ru: "В году этого класса нет такого периода; с kind=year период не указывают.",
                en: "The year of this class has no such term; kind=year takes no term."))
    }

    static func facts(_ input: ReportInput) -> Facts {
        Facts(
            "period", query(input),
            [
                Column("academic_year.name", ru: "Учебный год", en: "Academic year"),
                Column("_shown", words: ["year": Text(ru: "год", en: "year")], ru: "Период", en: "Period"),
            ])
    }

    private static func query(_ input: ReportInput) -> Query {
        statement(input.school, input["term_id"], input["kind"])
    }

    private static let statement = Statement(
        """
        SELECT p.kind, t.id AS "term?.id", t.kind AS "term?.kind", t.name AS "term?.name", y.id AS "academic_year.id",
            y.name AS "academic_year.name", p.first AS "from", p.last AS "to", coalesce(t.name, 'year') AS _shown,
            \(Setting.resultKind.set(to: "p.kind")) AS _kind,
            \(Setting.resultTerm.set(text: "coalesce(t.id::text, '')")) AS _term,
            \(Setting.resultYear.set(to: "y.id")) AS _year, \(Setting.from.set(to: "p.first")) AS _from,
            \(Setting.to.set(to: "p.last")) AS _to
        FROM classes c
        JOIN academic_years y ON y.school_id = $1 AND y.id = c.academic_year_id
        LEFT JOIN LATERAL (
            SELECT t.*
            FROM terms t
            WHERE t.school_id = $1 AND t.academic_year_id = y.id AND c.grade_level = ANY (t.grade_levels)
                AND $3::text IS DISTINCT FROM 'year' AND ($2::uuid IS NULL OR t.id = $2::uuid)
            ORDER BY t.ends_on < lyceum.today() DESC, abs(t.ends_on - lyceum.today())
            LIMIT 1
        ) t ON true
        CROSS JOIN LATERAL (
            SELECT coalesce($3::text, 'term') AS kind, coalesce(t.starts_on, y.starts_on) AS first,
                coalesce(t.ends_on, y.ends_on) AS last
        ) p
        WHERE c.school_id = $1 AND c.id = \(ClassGate.schoolClass)
            AND CASE WHEN $3::text = 'year' THEN $2::uuid IS NULL ELSE t.id IS NOT NULL END
        """)
}

extension Setting {
    fileprivate static let resultKind = Setting("result_kind", .text)
    fileprivate static let resultTerm = Setting("result_term", .uuid)
    fileprivate static let resultYear = Setting("result_year", .uuid)
}
