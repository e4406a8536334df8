import Postgres

extension SchoolResource {
    /// The statements of a resource. `$1` is the school everywhere. The row that is made, or changed because its version was the one that the client had
    /// seen, is named in a setting of the transaction.
    package struct Statements: Sendable {
        package let list: Statement
        package let total: Statement
        /// A row when the parent is there, or none is needed.
        package let parent: Statement
        package let show: Statement
        package let insert: Statement
        package let lock: Statement
        package let update: Statement
        package let delete: Statement
        package let rows: [Statement]

        package init(
            _ table: String, _ fields: [ResourceField], _ parent: Parent?, _ people: People?, _ filters: [String],
            _ order: [ResourceField], isArchivable: Bool, rows: [String]
        ) {
            let columns = fields.filter { $0.isColumn }.map { $0.name }
            let selected =
                "t.id, " + fields.map { "\($0.selected) AS \"\($0.name)\"" }.joined(separator: ", ")
                + (people?.selected ?? "") + ", t.version"
            let source = "\(table) t \(people?.joins ?? "")"
            let listed = "\(table) t \(people?.listJoins ?? people?.joins ?? "")"
            let sees = people.map { " AND (\($0.sees))" } ?? ""
            let keeps = people.map { " AND (\($0.keeps))" } ?? ""

            var condition = "FROM \(listed) WHERE t.school_id = $1\(sees)"
            var number = 1
            if let parent {
                number += 1
                condition += " AND t.\(parent.column) = $\(number)::uuid"
            }
            for filter in filters {
                number += 1
                let column = people?.filtered[filter] ?? "t.\(filter)"
                condition += " AND ($\(number)::uuid IS NULL OR \(column) = $\(number)::uuid)"
            }
            if isArchivable {
                number += 1
                condition += " AND ($\(number)::boolean OR t.archived_at IS NULL)"
            }
            if people?.isSearched == true {
                number += 1
                condition += """
                     AND (
                        $\(number)::text IS NULL
                        OR lyceum.name_matches(concat_ws(' ', t.last_name, t.first_name, t.middle_name), $\(number)::text)
                    )
                    """
            }
            let keys = order + [ResourceField("id", .identifier)]
            let values = keys.enumerated().map { "$\(number + 1 + $0.offset)::\($0.element.sqlType)" }
            let names = keys.map { "t.\($0.name)" }.joined(separator: ", ")
            list = Statement(
                """
                SELECT \(selected) \(condition)
                    AND (\(values[0]) IS NULL OR (\(names)) > (\(values.joined(separator: ", "))))
                ORDER BY \(names)
                LIMIT $\(number + keys.count + 1)::int
                """)
            total = Statement(
                "SELECT CASE WHEN $\(number + 1)::boolean THEN (SELECT count(*) \(condition)) END AS total")
            self.parent = Statement(
                parent.map {
                    "SELECT FROM \($0.table) p WHERE p.school_id = $1 AND p.id = $2::uuid AND (\(people?.seesParent ?? "true"))"
                }
                    ?? "SELECT WHERE $1::int IS NOT NULL")
            func ofParent(_ number: Int) -> String { parent.map { " AND t.\($0.column) = $\(number)::uuid" } ?? "" }
            show = Statement(
                "SELECT \(selected) FROM \(source) WHERE t.school_id = $1 AND t.id = $2::uuid\(sees)\(ofParent(3))")

            let targets =
                ["school_id", "id"] + columns + (isArchivable ? ["archived_at"] : [])
                + (parent.map { [$0.column] } ?? [])
            let made =
                ["$1", "$2::uuid"] + columns.map { "r.\($0)" }
                + (isArchivable ? ["CASE WHEN ($3::jsonb ->> 'archived')::boolean THEN now() END"] : [])
                + (parent == nil ? [] : ["$4::uuid"])
            // A row is made by who will keep it; one of a parent by who keeps the parent's.
            let kept =
                people.map { people in
                    var keeps = people.keeps.replacing("t.id", with: "$2::uuid")
                    if let parent { keeps = keeps.replacing("t.\(parent.column)", with: "$4::uuid") }
                    return "WHERE \(keeps)"
                } ?? ""
            insert = Statement(
                """
                INSERT INTO \(table) (\(targets.joined(separator: ", ")))
                SELECT \(made.joined(separator: ", "))
                FROM jsonb_populate_record(NULL::\(table), $3::jsonb) r
                \(kept)
                RETURNING set_config('lyceum.changed', id::text, true) AS _changed
                """)
            lock = Statement(
                """
                SELECT t.version,
                    set_config(
                        'lyceum.changed',
                        CASE WHEN $3::int[] IS NULL OR t.version = ANY ($3::int[]) THEN t.id::text ELSE '' END, true
                    ) AS _changed
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
                WHERE o.school_id = $1 AND o.id = \(SchoolResource.changed) AND t.school_id = o.school_id AND t.id = o.id
                """)
            delete = Statement("DELETE FROM \(table) t WHERE t.school_id = $1 AND t.id = \(SchoolResource.changed)")
            self.rows = rows.map { Statement($0) }
        }
    }
}
