import Crypto
import Diary
import Transfer

/// The channels to people outside the API: pushes and mail. All cores share them; a channel that is nil is off.
package final class Channels: Sendable {
    let vapid: VAPID?
    package let mail: MailSettings?
    let transfer: Transfer
    let secrets: MailSecrets

    package init(vapid: VAPID?, mail: MailSettings?, transfer: Transfer, tokenKeys: TokenKeys) throws {
        self.vapid = vapid
        self.mail = mail
        self.transfer = transfer
        secrets = try MailSecrets(tokenKeys)
    }

    /// The channels that are on, as `deliveries` names them.
    var names: [String] { (vapid == nil ? [] : ["push"]) + (mail == nil ? [] : ["mail"]) }
}

extension Services {
    var channels: Channels { area() }
}

/// Where mail goes, and what it says of itself.
package struct MailSettings: Sendable {
    package var host: String
    package var port: Int
    package var security: OutgoingMail.Security
    package var user: String?
    package var password: String?
    /// The sender's address.
    package var from: String
    /// Where people read what a mail tells of: the address of the school's app.
    package var link: String
    /// The server's address for links of unsubscription, without a slash at the end.
    package var base: String
    /// The least number of minutes between two mails to a person, unless one is urgent.
    package var interval = 15

    package static func isAddress(_ text: String) -> Bool { MailAddress.isValid(text) }

    /// - Parameter url: `smtp://host` (STARTTLS, port 587), `smtps://host` (TLS, port 465) or `smtp+plain://host` (port
    ///   25, without encryption), with another port if wanted.
    package init?(url: String, from: String, link: String, base: String) {
        let kinds: [(String, OutgoingMail.Security, Int)] = [
            ("smtp://", .startTLS, 587), ("smtps://", .tls, 465), ("smtp+plain://", .plain, 25),
        ]
        guard let (scheme, security, usual) = kinds.first(where: { url.hasPrefix($0.0) }),
            let match = url.dropFirst(scheme.count).wholeMatch(
                of: /(?<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:(?<port>[0-9]{1,5}))?\/?/),
            case let port = match.output.port.map({ Int($0)! }) ?? usual, (1...65_535).contains(port),
            MailAddress.isValid(from)
        else { return nil }
        host = String(match.output.host).filter { $0 != "[" && $0 != "]" }
        self.port = port
        self.security = security
        self.from = from
        self.link = link
        self.base = base
    }
}
