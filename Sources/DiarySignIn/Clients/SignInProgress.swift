import Diary
import JSON

/// The progress of a sign-in on the page; the form's token carries it.
enum SignInProgress {
    /// The form asks for login and password.
    case password
    /// The password was right; the form asks for a code of the second factor.
    case code(SignIn.SecondStep)
    /// The password was right; the person sets up a second factor, because the school requires one.
    case setUp(SetUp)

    struct SetUp {
        let ticket: String
        let login: String
        /// The key for the authenticator app; the page shows it until the person has typed a right code.
        let secret: String
        let uri: String
    }

    /// Seconds for which the form is valid. An expired first step loses nothing; the later steps stand in for a
    /// password.
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

    /// Parses bytes whose signature was verified.
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
