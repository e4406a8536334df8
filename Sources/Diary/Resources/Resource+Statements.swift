import Postgres
import Web

extension Resource {
    /// A condition of a list: its SQL and its parameter. The statement and the request use the same array, so that both
    /// have the same order.
    struct Condition: Sendable {
        let sql: @Sendable (_ parameter: Int) -> String
        let value: @Sendable (inout QueryReader) -> Parameter
    }

    static func conditions(
        _ filters: [Filter], _ fields: [ResourceField], _ isSearchedByName: Bool
    ) -> [Condition] {
        let byFilter = filters.map { filter in
            Condition(
                sql: { "($\($0)::uuid IS NULL OR \(filter.column) = $\($0)::uuid)" },
                value: { .text($0.identifier(filter.name)) })
        }
        let byArchive = Condition(
            sql: { "($\($0)::boolean OR t.archived_at IS NULL)" }, value: { .boolean($0.flag("archived")) })
        let byName = Condition(
            sql: { number in
                """
                (
                    $\(number)::text IS NULL
                    OR lyceum.name_matches(concat_ws(' ', t.last_name, t.first_name, t.middle_name), $\(number)::text)
                )
                """
            },
            value: { .text($0.text("q", maximum: 200)) })
        let byExternalID = fields.first { $0.name == "external_id" }.map { field in
            Condition(sql: { Pull.externalID($0, field.filtered) }, value: { Pull.externalID(&$0) })
        }
        let pull = [Condition(sql: { Pull.ids($0, of: "t") }, value: { Pull.ids(&$0) }), byExternalID]
        return byFilter + (fields.contains { $0.isArchived } ? [byArchive] : []) + (isSearchedByName ? [byName] : [])
            + pull.compactMap { $0 }
    }

    /// The statements of a resource. `$1` is always the school.
    ///
    /// The setting `changed` has the id of the new row, or of the changed row if the client has seen its current
    /// version.
    struct Statements: Sendable {
        let conditions: [Condition]
        /// The list with the fields of the summary, and with all fields.
        let list: Statement
        let whole: Statement
        let total: Statement
        /// Returns a row when the caller may see the parent.
        let parent: Statement?
        let show: Statement
        /// The rows with the ids `$2` as a list shows them, with the parent's id.
        let some: Statement
        let insert: Statement
        let lock: Statement
        let update: Statement
        let delete: Statement

        init(
            table: String, entity: String, fields: [ResourceField], joined: Joined, parent: Parent?,
            visibility: Visibility?,
            conditions: [Condition], order: [ResourceField], summary: Set<String>
        ) {
            self.conditions = conditions
            let columns = fields.filter { $0.isColumn }.map { $0.name }
            let isArchivable = fields.contains { $0.isArchived }
            func selected(_ fields: [ResourceField]) -> String {
                "t.id, " + fields.map { "\($0.selected) AS \"\($0.name)\"" }.joined(separator: ", ") + joined.selected
                    + ", t.version"
            }
            let sees = visibility.map { " AND (\($0.sees))" } ?? ""
            let keeps = visibility.map { " AND (\($0.keeps))" } ?? ""
            func ofParent(_ number: Int) -> String { parent.map { " AND t.\($0.column) = $\(number)::uuid" } ?? "" }

            // Parameters of a list: the school, the parent, the conditions, the cursor of changes, and the page.
            let first = parent == nil ? 2 : 3
            let since = first + conditions.count
            let page = since + 1
            let condition =
                "FROM \(table) t \(joined.listJoins) WHERE t.school_id = $1\(sees)\(ofParent(2))"
                + conditions.enumerated().map { " AND " + $0.element.sql(first + $0.offset) }.joined()
                + " AND " + Pull.since(since, of: "t", entity)
            let keys = order + [ResourceField("id", .identifier)]
            let names = keys.map { "t.\($0.name)" }.joined(separator: ", ")
            let position = keys.enumerated().map { "$\(page + $0.offset)::\($0.element.sqlType)" }
            func list(_ fields: [ResourceField]) -> Statement {
                Statement(
                    """
                    SELECT \(selected(fields)) \(condition)
                        AND (\(position[0]) IS NULL OR (\(names)) > (\(position.joined(separator: ", "))))
                    ORDER BY \(names)
                    LIMIT $\(page + keys.count)::int
                    """)
            }
            whole = list(fields)
            self.list = summary.isEmpty ? whole : list(fields.filter { summary.contains($0.name) })
            total = Statement("SELECT CASE WHEN $\(page)::boolean THEN (SELECT count(*) \(condition)) END AS total")
            self.parent = parent.map {
                Statement(
                    "SELECT FROM \($0.table) p WHERE p.school_id = $1 AND p.id = $2::uuid AND (\(visibility?.seesParent ?? "true"))"
                )
            }
            show = Statement(
                """
                SELECT \(selected(fields)) FROM \(table) t \(joined.joins) WHERE t.school_id = $1 AND t.id = $2::uuid\(sees)\(ofParent(3))
                """)

            let parentID = parent.map { ", t.\($0.column)" } ?? ""
            some = Statement(
                """
                SELECT \(selected(fields))\(parentID)
                FROM \(table) t \(joined.listJoins) WHERE t.school_id = $1 AND t.id = ANY ($2::uuid[])\(sees)
                """)

            let targets =
                ["school_id", "id"] + columns + (isArchivable ? ["archived_at"] : [])
                + (parent.map { [$0.column] } ?? [])
            let made =
                ["$1", "$2::uuid"] + columns.map { "r.\($0)" }
                + (isArchivable ? ["CASE WHEN ($3::jsonb ->> 'archived')::boolean THEN now() END"] : [])
                + (parent == nil ? [] : ["$4::uuid"])
            // Only callers who may change the row may create it. `t` has the columns that are known before the insert.
            let known = "SELECT $2::uuid AS id" + (parent.map { ", $4::uuid AS \($0.column)" } ?? "")
            let kept = visibility.map { "CROSS JOIN (\(known)) t\nWHERE \($0.keeps)" } ?? ""
            insert = Statement(
                """
                INSERT INTO \(table) (\(targets.joined(separator: ", ")))
                SELECT \(made.joined(separator: ", "))
                FROM jsonb_populate_record(NULL::\(table), $3::jsonb) r
                \(kept)
                RETURNING \(Setting.changed.set(to: "id")) AS _changed
                """)
            // Empty if the client has seen another version: then the transaction changes nothing.
            let seen = "CASE WHEN $3::int[] IS NULL OR t.version = ANY ($3::int[]) THEN t.id::text ELSE '' END"
            lock = Statement(
                """
                SELECT t.version,
                    \(Setting.changed.set(text: seen)) AS _changed
                FROM \(table) t
                WHERE t.school_id = $1 AND t.id = $2::uuid\(keeps)\(ofParent(4))
                FOR NO KEY UPDATE
                """)
            let assignments =
                columns.map { "\($0) = r.\($0)" }
                + (isArchivable
                    ? [
                        """
                        archived_at = CASE ($2::jsonb ->> 'archived')::boolean
                            WHEN true THEN coalesce(o.archived_at, now()) WHEN false THEN NULL ELSE o.archived_at END
                        """
                    ] : [])
            update = Statement(
                """
                UPDATE \(table) t
                SET \(assignments.joined(separator: ", "))
                FROM \(table) o
                CROSS JOIN LATERAL jsonb_populate_record(o, $2::jsonb) r
                WHERE o.school_id = $1 AND o.id = \(Setting.changed.value) AND t.school_id = o.school_id AND t.id = o.id
                """)
            delete = Statement("DELETE FROM \(table) t WHERE t.school_id = $1 AND t.id = \(Setting.changed.value)")
        }
    }
}
