import Diary
import Postgres
import Web

/// Where a person is signed in.
package enum MySessions {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/me/sessions", "listMySessions", access: .signedIn, list),
        .delete("/v1/me/sessions/{session_id}", "endMySession", access: .signedIn, end),
    ]

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.identifier])
        try query.finish()
        let person: [Parameter] = [.integer(caller.school.id), .text(caller.user)]
        return try await ListAnswer(request, caller, page).read(
            Query(
                statement: sessions,
                parameters: person + [.text(caller.session), .text(page.after?[0]), .integer(page.limit + 1)]),
            key: ["id"], total: Query(statement: total, parameters: person + [.boolean(page.wantsTotal)]))
    }

    /// Also the one that asks: signing out.
    @Sendable static func end(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let ended = try await caller.services.lanes.write(
            caller.scope,
            [
                close(
                    .integer(caller.school.id), .text(caller.user), .text(try request.identifier("session_id")))
            ])[0]
        guard ended.affected == 1 else { throw Problem(.notFound) }
        return .empty
    }

    private static let own = """
        FROM sessions s
        WHERE s.school_id = $1 AND s.user_id = $2::uuid AND s.ended_at IS NULL AND s.expires_at > now()
        """

    /// The newest first: version 7 ids are in the order of time.
    private static let sessions = Statement(
        """
        SELECT s.id, coalesce((SELECT c.name FROM clients c WHERE c.school_id = s.school_id AND c.id = s.client_id), s.app)
            AS app, to_json(s.scopes) AS scopes, s.user_agent, host(s.address) AS address, s.created_at, s.last_used_at, s.expires_at,
            s.id = $3::uuid AS current
        \(own) AND ($4::uuid IS NULL OR s.id < $4::uuid)
        ORDER BY s.id DESC
        LIMIT $5::int
        """)

    private static let total = Statement("SELECT CASE WHEN $3::boolean THEN (SELECT count(*) \(own)) END AS total")

    private static let close = Statement(
        """
        UPDATE sessions SET ended_at = now(), end_reason = 'ended by its owner'
        WHERE school_id = $1 AND user_id = $2::uuid AND id = $3::uuid AND ended_at IS NULL AND expires_at > now()
        """)
}
