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
