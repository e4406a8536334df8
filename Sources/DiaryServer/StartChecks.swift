import Postgres

/// Conditions that must be met before the server serves.
package enum StartChecks {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    /// Prepared statements and settings belong to a session, so each connection needs one of its own.
    ///
    /// - Parameter url: the URL of the connection.
    package static func ownSession(_ connection: BlockingConnection, url: String) throws {
        guard try connection.hasOwnSession(url) else {
            throw Failure(
                """
                The database URL leads to a proxy that shares server connections between transactions (such as PgBouncer \
                with pool_mode = transaction). Set LYCEUM_DATABASE_URL to PostgreSQL itself, or pool sessions.
                """)
        }
    }

    /// With temporary tables the role could get round guards of the schema (docs/threat-model.md). A dump does not
    /// contain the rights on the database, so a restored database may allow them again.
    package static func temporaryTables(_ connection: BlockingConnection) throws {
        let row = try connection.query(
            "SELECT current_user, current_database(), has_database_privilege(current_database(), 'TEMPORARY')"
        ).rows[0]
        guard row[2] != "t" else {
            throw Failure(
                """
                The role \(row[0] ?? "?") can create temporary tables, and so get round rules of the schema. Run as the \
                owner of the database: REVOKE TEMPORARY ON DATABASE \(row[1] ?? "?") FROM PUBLIC, lyceum_app;
                """)
        }
    }

    /// The second lock: row-level security must apply to the server's role on every tenant table. It does not apply to
    /// superusers, roles with BYPASSRLS, and the tables' owner.
    package static func rowSecurity(_ connection: BlockingConnection) throws {
        let member = try connection.query(
            """
            SELECT current_user, coalesce(
                (SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = 'lyceum_app'), false)
            """
        ).rows[0]
        guard member[1] == "t" else {
            let role = member[0] ?? "?"
            throw Failure(
                """
                The role \(role) is not a member of lyceum_app, which has the privileges that the server needs. As a \
                superuser, run: GRANT lyceum_app TO "\(role)"; (docs/roles.sql does this for lyceum_server)
                """)
        }
        let open = try connection.query(
            """
            SELECT c.relname, row_security_active(c.oid)
            FROM pg_class c
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'school_id' AND NOT a.attisdropped
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
            ORDER BY c.relname
            """
        ).rows
        guard !open.isEmpty else { throw Failure("The database has no tables: run `lyceum migrate up`.") }
        let unguarded = open.filter { $0[1] != "t" }.compactMap { $0[0] }
        guard unguarded.isEmpty else {
            let role = try connection.query("SELECT current_user").first ?? "?"
            throw Failure(
                """
                Row-level security does not bind the role \(role) on \(unguarded.count) of \(open.count) tables \
                (\(unguarded.prefix(3).joined(separator: ", ")) …). Serve with a role that is no superuser, has no \
                BYPASSRLS and does not own the tables: a member of lyceum_app, such as lyceum_server of docs/roles.sql.
                """)
        }
    }
}
