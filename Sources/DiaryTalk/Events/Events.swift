import Diary
import HTTP1
import Postgres
import Web

/// The notifications of a person as they happen: Server-Sent Events (WHATWG HTML, section 9.2).
package enum Events {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/events", "streamEvents", access: .signedIn, stream)
    ]

    @Sendable private static func stream(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let since = try EventCursor.requested(request, &query)
        let wait = query.integer("wait", in: 0...3600)
        try query.finish()
        let stream = EventStream(caller, since: since, wait: wait, among: caller.services.area())
        var response = Response(.ok, contentType: "text/event-stream", stream: stream)
        response.headers = [
            ("Cache-Control", "private, no-store"),
            // nginx would hold events back until they fill a buffer.
            ("X-Accel-Buffering", "no"),
        ]
        return response
    }

    /// The notifications that these persons are told, and that are new between two snapshots, in the order of
    /// `EventCursor`.
    ///
    /// - Parameters:
    ///   - end: nil for the snapshot of the query.
    ///   - limit: of rows; nil for all.
    static func new(
        _ school: Int, _ persons: [String], since: EventCursor, until end: ChangeSnapshot? = nil, limit: Int? = nil
    ) -> Query {
        new(
            .integer(school), .texts(persons), .text(since.snapshot.sql), .text(end?.sql),
            .text(since.last.map { String($0.transaction) }), .text(since.last?.id), .integer(limit))
    }

    private static let new = Statement(
        """
        WITH new AS MATERIALIZED (
            SELECT n.*
            FROM lyceum.notifications_since($3::pg_snapshot) n
            WHERE n.school_id = $1
                -- A step of the dispatcher ends at $4: it has few rows, however many transactions it spans.
                AND (
                    $4::text IS NOT NULL
                    OR pg_snapshot_xmax(pg_current_snapshot())::text::bigint
                        - pg_snapshot_xmax($3::pg_snapshot)::text::bigint <= \(EventCursor.longestDelta)
                )
                AND ($4::text IS NULL OR pg_visible_in_snapshot(n.xid, $4::text::pg_snapshot))
                AND ($5::text IS NULL OR n.xid <> $5::text::xid8 OR n.id > $6::uuid)
                -- Those that may concern them; lyceum.told decides.
                AND (
                    n.person_id = ANY ($2::uuid[])
                    OR n.person_id IS NULL AND n.student_id IN (
                        SELECT g.student_id FROM guardianships g
                        WHERE g.school_id = $1 AND g.guardian_id = ANY ($2::uuid[])
                        UNION ALL
                        SELECT unnest($2::uuid[])
                    )
                )
        )
        SELECT \(Notifications.columns(for: "t.id")), t.id AS _person, n.xid::text AS _transaction
        FROM new n
        CROSS JOIN LATERAL lyceum.told(n.school_id, n.person_id, n.student_id) t (id)
        LEFT JOIN LATERAL (
            -- OFFSET: PostgreSQL expects many rows here, and would read all users.
            SELECT u.* FROM users u WHERE u.school_id = $1 AND u.id = n.student_id OFFSET 0
        ) u ON true
        WHERE t.id = ANY ($2::uuid[])
        ORDER BY n.xid IS DISTINCT FROM $5::text::xid8, n.xid, n.id
        LIMIT $7::int
        """)
}
