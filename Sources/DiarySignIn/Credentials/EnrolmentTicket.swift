import Crypto
import Diary
import JSON

/// The ticket that a staff member without a second factor gets instead of tokens, where the school requires one. It
/// proves that the password was right and is good only for setting up a second factor.
struct EnrolmentTicket: Sendable {
    let school: Int
    let user: String
    /// As PostgreSQL writes it. A change of the password makes the ticket invalid.
    let passwordChangedAt: String?
}

/// Issues and checks tickets: JWTs like access tokens, with an audience of their own.
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

    /// Nil unless the server issued the ticket and it has not expired.
    func verify(_ ticket: String) -> EnrolmentTicket? {
        guard let payload = try? Token.verify(ticket, keys: keys), let value = try? JSONValue(parsing: payload),
            value["aud"]?.text == Self.audience, let user = value["sub"]?.text,
            let school = value["school"]?.wholeNumber, let expires = value["exp"]?.wholeNumber, expires > now()
        else { return nil }
        return EnrolmentTicket(school: school, user: user, passwordChangedAt: value["password"]?.text)
    }
}
