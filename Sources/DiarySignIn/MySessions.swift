import Diary
import Postgres
import Web

/// Where a person is signed in. An app of others sees and ends the one session that it acts in, and no other (A6).
package enum MySessions {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/me/sessions", "listMySessions", access: .signedIn, list),
        .delete("/v1/me/sessions/{session_id}", "endMySession", access: .signedIn, end),
    ]

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.identifier])
        try query.finish()
        let person: [Parameter] = [.integer(caller.school.id), .text(caller.user), caller.onlySession]
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
                    .integer(caller.school.id), .text(caller.user), caller.onlySession,
                    .text(try request.identifier("session_id")))
            ])[0]
        guard ended.affected == 1 else { throw Problem(.notFound) }
        return .empty
    }

    private static let own = """
        s.school_id = $1 AND s.user_id = $2::uuid AND ($3::uuid IS NULL OR s.id = $3::uuid)
            AND s.ended_at IS NULL AND s.expires_at > now()
        """

    /// The newest first: version 7 ids are in the order of time.
    private static let sessions = Statement(
        """
        SELECT s.id, coalesce((SELECT c.name FROM clients c WHERE c.school_id = s.school_id AND c.id = s.client_id), s.app)
            AS app, to_json(s.scopes) AS scopes, s.user_agent, host(s.address) AS address, s.created_at, s.last_used_at, s.expires_at,
            s.id = $4::uuid AS current
        FROM sessions s
        WHERE \(own) AND ($5::uuid IS NULL OR s.id < $5::uuid)
        ORDER BY s.id DESC
        LIMIT $6::int
        """)

    private static let total = Statement(
        "SELECT CASE WHEN $4::boolean THEN (SELECT count(*) FROM sessions s WHERE \(own)) END AS total")

    private static let close = Statement(
        """
        UPDATE sessions s SET ended_at = now(), end_reason = 'ended by its owner'
        WHERE \(own) AND s.id = $4::uuid
        """)
}

extension Caller {
    /// The only session that the caller may see and end; NULL for the school's own apps, which keep all of the person.
    fileprivate var onlySession: Parameter { client == nil ? .null : .text(session) }
}
