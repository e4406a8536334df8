import Postgres

extension ImportStatements {
    /// Statements for records that are matched by an external id, else by a name. Archived records stay archived.
    ///
    /// - Parameters:
    ///   - sameName: a condition: the row `k` of the table has the name that the file's row `r` gives.
    ///   - initial: columns that are never null, and their values for new rows that do not give one.
    static func named(_ kind: ImportKind, sameName: String, initial: [String: String]) -> ImportStatements {
        let table = kind.rawValue
        let columns = kind.columns.map { $0.name }
        let values = columns.map { "coalesce(w.\($0), k.\($0))" }.joined(separator: ", ")
        let names = columns.joined(separator: ", ")
        let wanted = """
            SELECT r.*, k.id AS id_now, k.archived_at IS NOT NULL AS is_archived,
                first_value(r.line) OVER (PARTITION BY k.id ORDER BY r.line) AS first_line
            FROM \(rows(kind))
            LEFT JOIN LATERAL (
                SELECT k.id, k.archived_at FROM \(table) k
                WHERE k.school_id = $1 AND (k.external_id = r.external_id OR \(sameName))
                ORDER BY (k.external_id = r.external_id) IS TRUE DESC, k.name = r.name DESC, k.id
                LIMIT 1
            ) k ON true
            """
        return ImportStatements(
            examine: examine(
                findings(
                    wanted,
                    [
                        ("w.is_archived", "name", "archived", nil),
                        (
                            "w.id_now IS NOT NULL AND w.line > w.first_line", "name", "repeated",
                            .row("w.first_line")
                        ),
                    ]),
                """
                SELECT r.line, 'external_id', 'already_exists', k.name, NULL, NULL
                FROM (\(wanted)) r
                JOIN \(table) k ON k.school_id = $1 AND k.external_id = r.external_id AND k.id IS DISTINCT FROM r.id_now
                """,
                """
                SELECT r.line, 'name', 'already_exists', k.name, NULL, NULL
                FROM (\(wanted)) r
                JOIN \(table) k ON k.school_id = $1 AND k.id <> r.id_now AND \(sameName)
                """),
            compare: Statement(
                """
                SELECT count(*) AS known,
                    count(*) FILTER (
                        WHERE k.id NOT IN (SELECT w.id_now FROM (\(wanted)) w WHERE w.id_now IS NOT NULL)
                    ) AS missing
                FROM \(table) k
                WHERE k.school_id = $1 AND k.external_id IS NOT NULL AND k.archived_at IS NULL
                """),
            update: [
                Statement(
                    """
                    UPDATE \(table) k
                    SET (\(names)) = (SELECT \(values))
                    FROM (\(wanted)) w
                    WHERE k.school_id = $1 AND k.id = w.id_now
                        AND (\(columns.map { "k.\($0)" }.joined(separator: ", "))) IS DISTINCT FROM (\(values))
                    RETURNING w.line::text AS key
                    """)
            ],
            insert: Statement(
                """
                WITH w AS MATERIALIZED (\(wanted)), done AS (
                    INSERT INTO \(table) (school_id, id, \(names))
                    SELECT $1, w.id, \(columns.map { name in
                        initial[name].map { "coalesce(w.\(name), \($0))" } ?? "w.\(name)"
                    }.joined(separator: ", "))
                    FROM w
                    WHERE w.id_now IS NULL
                    RETURNING id
                )
                SELECT w.line::text AS key FROM done JOIN w ON w.id = done.id
                """),
            follow: [])
    }
}
