import Diary
import JSON

/// How far a sign-in on the page has come; carried by the form's token.
enum SignInProgress {
    /// Login and password are asked for.
    case password
    /// They were right; a code of the second factor is asked for.
    case code(SignIn.SecondStep)
    /// They were right; a second factor is being set up, because the school asks for one.
    case setUp(SetUp)

    struct SetUp {
        let ticket: String
        let login: String
        /// What the authenticator app is told; stands on the page until the first code was right.
        let secret: String
        let uri: String
    }

    /// Seconds for which the form may lie open. A first step that is over loses nothing; the others stand for a password.
    var lifetime: Int {
        switch self {
        case .password: 3600
        case .code: 5 * 60
        case .setUp: EnrolmentTickets.lifetime
        }
    }

    var bytes: [UInt8] {
        let members: [(String, String?)] =
            switch self {
            case .password: []
            case .code(let step):
                [("user", step.user), ("login", step.login), ("password_changed_at", step.passwordChangedAt)]
            case .setUp(let setUp):
                [("ticket", setUp.ticket), ("login", setUp.login), ("secret", setUp.secret), ("uri", setUp.uri)]
            }
        var writer = JSONWriter()
        writer.beginObject()
        for (name, value) in members {
            guard let value else { continue }
            writer.key(name)
            writer.string(value)
        }
        writer.endObject()
        return writer.bytes
    }

    /// Of bytes whose signature was right.
    init(_ bytes: [UInt8]) throws {
        let value = try JSONValue(parsing: bytes)
        let login = value["login"]?.text ?? ""
        if let user = value["user"]?.text {
            self = .code(
                SignIn.SecondStep(user: user, login: login, passwordChangedAt: value["password_changed_at"]?.text))
        } else if let ticket = value["ticket"]?.text {
            self = .setUp(
                SetUp(
                    ticket: ticket, login: login, secret: value["secret"]?.text ?? "", uri: value["uri"]?.text ?? ""))
        } else {
            self = .password
        }
    }
}
