import Crypto
import DiaryTalk

/// The settings of pushes and mail. Each channel is on if all of its settings are there.
extension Lookup {
    mutating func vapid() throws(SettingsError) -> VAPID? {
        let key = try secret("push.vapid_key")
        let subject = try string("push.subject")
        switch (key, subject) {
        case (nil, nil): return nil
        case (nil, _?): throw .needed("push.vapid_key", by: "push.subject")
        case (_?, nil): throw .needed("push.subject", by: "push.vapid_key")
        case (let key?, let subject?):
            guard let key = Base64.url.decode(key).flatMap({ try? P256.PrivateKey($0) }) else {
                throw .wrong(
                    "push.vapid_key", origin: origin(of: "push.vapid_key"), "must be a key of `lyceum keys vapid`")
            }
            // RFC 8292 section 2.1.
            guard subject.wholeMatch(of: /mailto:[!-~]+@[!-~]+|https:\/\/[!-~]+/) != nil else {
                throw .wrong(
                    "push.subject", origin: origin(of: "push.subject"),
                    "must be an address for operators of push services, mailto:… or https://…")
            }
            return VAPID(key, subject: subject)
        }
    }

    mutating func mail(publicURL: String) throws(SettingsError) -> MailSettings? {
        let url = try string("mail.url")
        let user = try string("mail.user")
        let password = try secret("mail.password")
        let from = try string("mail.from")
        let link = try string("mail.link")
        let interval = try int("mail.interval", in: 0...1440, default: 15)
        guard let url else {
            // Somebody believes that mail is on.
            if let key = entries.first(where: { $0.key.hasPrefix("mail.") && isSet($0.key) })?.key {
                throw .needed("mail.url", by: key)
            }
            return nil
        }
        guard let from else { throw .needed("mail.from", by: "mail.url") }
        guard let link else { throw .needed("mail.link", by: "mail.url") }
        switch (user, password) {
        case (nil, _?): throw .needed("mail.user", by: "mail.password")
        case (_?, nil): throw .needed("mail.password", by: "mail.user")
        default: break
        }
        // The default leads to the reader's own machine.
        guard isSet("public.url") else { throw .needed("public.url", by: "mail.url") }
        guard link.wholeMatch(of: /https?:\/\/[!-~]+/) != nil else {
            throw .wrong(
                "mail.link", origin: origin(of: "mail.link"), "must be an address like https://app.example.org")
        }
        guard MailSettings.isAddress(from) else {
            throw .wrong("mail.from", origin: origin(of: "mail.from"), "must be a mail address without a name")
        }
        guard var mail = MailSettings(url: url, from: from, link: link, base: publicURL) else {
            throw .wrong(
                "mail.url", origin: origin(of: "mail.url"),
                "must look like smtp://mail.example.org:587, smtps://… or smtp+plain://…")
        }
        mail.user = user
        mail.password = password
        mail.interval = interval
        return mail
    }

    private func isSet(_ key: String) -> Bool { !["not set", "default"].contains(origin(of: key)) }

    private func origin(of key: String) -> String { entries.first { $0.key == key }?.origin ?? "" }
}
