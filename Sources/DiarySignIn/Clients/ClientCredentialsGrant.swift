import Diary
import HTTP1
import Postgres
import Web

/// `grant_type=client_credentials` (RFC 6749 section 4.4): gives an integration a token of its own, without a person.
enum ClientCredentialsGrant {
    static func issue(_ form: TokenForm, _ request: Request, _ caller: Caller) async throws -> Response {
        let services = caller.services
        guard let presented = try PresentedClient(form, request) else { throw Problem.invalidClient }
        if presented.secret == nil, let client = try await Client.find(presented.id, services, request), client.isApp {
            throw Problem.unauthorizedClient
        }
        let (client, secret) = try await presented.authenticate(services, request)
        guard client.isActive else { throw Problem.unauthorizedClient }
        guard let scopes = ScopeList.granted(form["scope"], of: client.scopes) else { throw Problem.invalidScope }
        let session = services.newID()
        let school = Parameter.integer(client.school.id)
        let scope = Scope(
            school: client.school.id, timeZone: client.school.timeZone, requestID: request.id, timing: request.timing)
        let opened = try await services.lanes.write(
            scope,
            [
                Client.touch(client.school.id, client.id), touch(school, .text(secret)),
                open(
                    school, .text(session), .text(client.id), .text(secret), .texts(scopes),
                    .text(request.userAgent), .text(request.peer)),
            ])
        // The client was blocked or the secret deleted since it was checked.
        guard opened[2].affected == 1 else { throw Problem.invalidClient }
        return try Tokens.answer(
            services, client.id, client.school.id, session, refresh: nil, roles: [], grant: client.grant(scopes))
    }

    private static let touch = Client.noting(useOf: "client_secrets")

    /// The session lasts as long as its only token, and slightly longer to allow for the clocks of two machines.
    private static let open = Statement(
        """
        INSERT INTO sessions (school_id, id, client_id, secret_id, scopes, app, expires_at, user_agent, address)
        SELECT c.school_id, $2::uuid, c.id, s.id, $5::text[], c.name,
            now() + make_interval(secs => \(AccessTokens.lifetime) + 120), $6, $7::inet
        FROM clients c
        JOIN client_secrets s ON s.school_id = c.school_id AND s.client_id = c.id AND s.id = $4::uuid
        WHERE c.school_id = $1 AND c.id = $3::uuid AND c.kind = 'integration' AND c.state = 'active'
            AND $5::text[] <@ c.scopes
        FOR SHARE OF c, s
        """)
}
