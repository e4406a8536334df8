import Crypto
import JSON
import Reactor

/// The content of an access token (architecture: Tokens).
package struct AccessClaims: Sendable {
    package var subject: String
    package var school: Int
    package var session: String
    package var roles: [String]
    /// The client, unless it is one of the school's own apps. For an integration it equals the subject.
    package var client: String?
    /// The scopes that the client was granted.
    package var scopes: [String]
    package var requestsPerMinute: Int?
    package var issuedAt: Int
    package var expires: Int

    package var isIntegration: Bool { client == subject }
    package var programScopes: Set<ProgramScope> { Set(scopes.compactMap { ProgramScope(rawValue: $0) }) }
}

/// The client's part of a token.
package struct ClientGrant: Sendable {
    package var client: String
    package var scopes: [String]
    /// Nil when the client has no limit of its own.
    package var requestsPerMinute: Int?

    package init(client: String, scopes: [String], requestsPerMinute: Int?) {
        self.client = client
        self.scopes = scopes
        self.requestsPerMinute = requestsPerMinute
    }
}

/// Issues and checks access tokens: JWT, HS256, 15 minutes.
package struct AccessTokens: Sendable {
    package static let lifetime = 15 * 60
    /// The clocks of two servers may differ by this many seconds.
    private static let leeway = 30
    private static let audience = "lyceum"

    package let keys: TokenKeys
    package let issuer: String
    /// Seconds since 1970.
    package let now: @Sendable () -> Int

    /// - Parameter grant: nil for the school's own apps.
    package func issue(
        subject: String, school: Int, session: String, roles: [String], grant: ClientGrant? = nil
    ) throws -> String {
        let moment = now()
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("iss")
        writer.string(issuer)
        writer.key("aud")
        writer.string(Self.audience)
        writer.key("sub")
        writer.string(subject)
        writer.key("school")
        writer.integer(school)
        writer.key("sid")
        writer.string(session)
        writer.key("roles")
        writer.beginArray()
        for role in roles { writer.string(role) }
        writer.endArray()
        if let grant {
            writer.key("client_id")
            writer.string(grant.client)
            writer.key("scope")
            writer.string(grant.scopes.joined(separator: " "))
            if let rate = grant.requestsPerMinute {
                writer.key("rate")
                writer.integer(rate)
            }
        }
        writer.key("iat")
        writer.integer(moment)
        writer.key("exp")
        writer.integer(moment + Self.lifetime)
        writer.endObject()
        return try Token.sign(payload: writer.bytes, keys: keys)
    }

    /// The claims of a token that this server issued and that has not expired; nil for any other.
    package func verify(_ token: String) -> AccessClaims? {
        guard let payload = try? Token.verify(token, keys: keys), let value = try? JSONValue(parsing: payload),
            value["iss"]?.text == issuer, value["aud"]?.text == Self.audience, let subject = value["sub"]?.text,
            let school = value["school"]?.wholeNumber, let session = value["sid"]?.text,
            case .array(let roles)? = value["roles"], let issuedAt = value["iat"]?.wholeNumber,
            let expires = value["exp"]?.wholeNumber
        else { return nil }
        let moment = now()
        guard expires > moment, issuedAt <= moment + Self.leeway else { return nil }
        return AccessClaims(
            subject: subject, school: school, session: session, roles: roles.compactMap { $0.text },
            client: value["client_id"]?.text, scopes: ScopeList.words(value["scope"]?.text ?? ""),
            requestsPerMinute: value["rate"]?.wholeNumber, issuedAt: issuedAt, expires: expires)
    }
}

extension JSONValue {
    package var text: String? { if case .string(let text) = self { text } else { nil } }
    package var wholeNumber: Int? { if case .number(let literal) = self { Int(literal) } else { nil } }
}
