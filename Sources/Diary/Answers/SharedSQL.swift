import Postgres

/// SQL that several areas use.
package enum SharedSQL {
    /// The id of the academic year that began last, else of the first future one. `$1` is the school.
    package static let currentYear = """
        (
            SELECT y.id FROM academic_years y WHERE y.school_id = $1
            ORDER BY y.starts_on > lyceum.today(), abs(y.starts_on - lyceum.today())
            LIMIT 1
        )
        """

    /// The columns of a person, as an object in the answer.
    ///
    /// - Parameters:
    ///   - row: the row of `users`.
    ///   - name: the member; with `?` at its end if there may be no person.
    package static func person(_ row: String, as name: String) -> String {
        """
        \(row).id AS "\(name).id", \(row).last_name AS "\(name).last_name", \(row).first_name AS "\(name).first_name",
            \(row).middle_name AS "\(name).middle_name"
        """
    }

    /// A text for a spreadsheet cell. A text that would be taken for a formula gets an apostrophe in front, which
    /// spreadsheets hide.
    package static func cell(_ text: String) -> String {
        "CASE WHEN \(text) ~ '^[=+@\\t\\r-]' THEN '''' || \(text) ELSE \(text) END"
    }

    /// A timestamp in the format of JSON answers.
    package static func moment(_ column: String) -> String { "replace(to_json(\(column)) #>> '{}', '+00:00', 'Z')" }

    /// Options for a COPY that writes one JSON text per line. Nothing gets quoted, because JSON escapes both of these
    /// characters.
    package static let jsonLines = "(FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"

    /// The school's labels for non-numeric marks (M2).
    package static let markCodes = Statement(
        """
        SELECT c.key AS code, c.value AS label
        FROM school_settings t
        CROSS JOIN LATERAL jsonb_each_text(t.code_labels) c
        WHERE t.school_id = $1
        ORDER BY array_position(ARRAY['pass', 'fail', 'exempt', 'owed', 'not_assessed'], c.key)
        """)
}
