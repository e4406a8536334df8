import Postgres

/// SQL that nouns of several areas need.
package enum SharedSQL {
    /// The id of the year that holds today, else of the last that began, else of the first to come. `$1` is the school.
    package static let currentYear = """
        (
            SELECT y.id FROM academic_years y WHERE y.school_id = $1
            ORDER BY y.starts_on > lyceum.today(), abs(y.starts_on - lyceum.today())
            LIMIT 1
        )
        """

    /// A text as a spreadsheet is to show it: what it would take for a formula has an apostrophe in front, which it hides.
    package static func cell(_ text: String) -> String {
        "CASE WHEN \(text) ~ '^[=+@\\t\\r-]' THEN '''' || \(text) ELSE \(text) END"
    }

    /// A moment as answers in JSON have it.
    package static func moment(_ column: String) -> String { "replace(to_json(\(column)) #>> '{}', '+00:00', 'Z')" }

    /// Options of a COPY that writes one JSON text a line. They quote nothing: JSON has no such characters, it escapes them.
    package static let jsonLines = "(FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"

    /// The school's labels of the codes of marks (M2).
    package static let markCodes = Statement(
        """
        SELECT c.key AS code, c.value AS label
        FROM school_settings t
        CROSS JOIN LATERAL jsonb_each_text(t.code_labels) c
        WHERE t.school_id = $1
        ORDER BY array_position(ARRAY['pass', 'fail', 'exempt', 'owed', 'not_assessed'], c.key)
        """)
}
