import Crypto
import Diary
import JSON

/// What a person of the staff gets instead of tokens while the school asks for a second factor and there is none: the
/// password was right, and a second factor may be set up. It is good for nothing else.
struct EnrolmentTicket: Sendable {
    let school: Int
    let user: String
    /// As PostgreSQL writes it: with another password the ticket is worth nothing.
    let passwordChangedAt: String?
}

/// Issues and checks tickets: JWT as access tokens are, for an audience of their own.
struct EnrolmentTickets: Sendable {
    /// Seconds.
    static let lifetime = 10 * 60
    private static let audience = "lyceum second factor"

    let keys: TokenKeys
    /// Seconds since 1970.
    let now: @Sendable () -> Int

    func issue(_ ticket: EnrolmentTicket) throws -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("aud")
        writer.string(Self.audience)
        writer.key("sub")
        writer.string(ticket.user)
        writer.key("school")
        writer.integer(ticket.school)
        if let changed = ticket.passwordChangedAt {
            writer.key("password")
            writer.string(changed)
        }
        writer.key("exp")
        writer.integer(now() + Self.lifetime)
        writer.endObject()
        return try Token.sign(payload: writer.bytes, keys: keys)
    }

    /// Nil unless the ticket is ours and not over.
    func verify(_ ticket: String) -> EnrolmentTicket? {
        guard let payload = try? Token.verify(ticket, keys: keys), let value = try? JSONValue(parsing: payload),
            value["aud"]?.text == Self.audience, let user = value["sub"]?.text,
            let school = value["school"]?.wholeNumber, let expires = value["exp"]?.wholeNumber, expires > now()
        else { return nil }
        return EnrolmentTicket(school: school, user: user, passwordChangedAt: value["password"]?.text)
    }
}
