import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Secrets of integrations. A secret is shown once, when it is created. Two can be valid at once, so that the new one
/// is in use before the old one is deleted. Deleting a secret ends the sessions that were opened with it.
package enum ClientSecrets {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/clients/{client_id}/secrets", "listClientSecrets", access: .administrators.ownApps, list),
        .post("/v1/clients/{client_id}/secrets", "createClientSecret", access: .administrators.ownApps, create),
        .delete(
            "/v1/clients/{client_id}/secrets/{client_secret_id}", "deleteClientSecret",
            access: .administrators.ownApps, delete),
    ]

    /// At most two, so there is no paging.
    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let client: [Parameter] = [.integer(caller.school.id), .text(try request.identifier("client_id"))]
        return try await Answer {
            Gate(Query(statement: this, parameters: client))
            List("items", Query(statement: secrets, parameters: client))
        }.plain(for: caller).response
    }

    /// There is no Idempotency-Key: the kept answer would be a stored secret.
    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let client = try request.identifier("client_id")
        let school = Parameter.integer(caller.school.id)
        let secret = OpaqueToken.make(.clientSecret, school: caller.school.id, id: caller.services.newID())
        let made = try await caller.services.lanes.write(
            caller.scope, [insert(school, .text(secret.id), .text(client), .bytes(try secret.hash()))])[0]
        guard !made.isEmpty else { throw Problem(.notFound) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.fields(made, row: 0)
        writer.key("client_id")
        writer.string(OpaqueToken(.client, school: caller.school.id, id: client).text)
        writer.key("client_secret")
        writer.string(secret.text)
        writer.endObject()
        return .json(writer, status: .created)
    }

    @Sendable static func delete(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let gone = try await caller.services.lanes.write(
            caller.scope,
            [
                remove(
                    .integer(caller.school.id), .text(try request.identifier("client_id")),
                    .text(try request.identifier("client_secret_id")))
            ])[0]
        guard gone.affected == 1 else { throw Problem(.notFound) }
        return .empty
    }

    private static let this = Statement("SELECT id FROM clients WHERE school_id = $1 AND id = $2::uuid")

    private static let secrets = Statement(
        """
        SELECT s.id, s.created_at, \(SharedSQL.person("u", as: "created_by?")), s.last_used_at
        FROM client_secrets s
        LEFT JOIN users u ON u.school_id = s.school_id AND u.id = s.created_by
        WHERE s.school_id = $1 AND s.client_id = $2::uuid
        ORDER BY s.id
        """)

    private static let insert = Statement(
        """
        INSERT INTO client_secrets (school_id, id, client_id, secret_hash)
        SELECT c.school_id, $2::uuid, c.id, $4::bytea FROM clients c WHERE c.school_id = $1 AND c.id = $3::uuid
        RETURNING id, created_at
        """)

    private static let remove = Statement(
        "DELETE FROM client_secrets WHERE school_id = $1 AND client_id = $2::uuid AND id = $3::uuid")
}
