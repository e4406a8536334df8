import CCurl

/// A mail by libcurl (RFC 5321).
struct CurlMail {
    private let curl: Curl

    /// - Parameter left: seconds.
    init(_ mail: OutgoingMail, _ configuration: Transfer.Configuration, left: Double) throws(TransferFailure) {
        curl = try Curl()
        curl.speak("smtp,smtps", mask: Int(CURLPROTO_SMTP | CURLPROTO_SMTPS))
        let host = mail.host.contains(":") ? "[\(mail.host)]" : mail.host
        curl.set(CURLOPT_URL, "\(mail.security == .tls ? "smtps" : "smtp")://\(host):\(mail.port)")
        if mail.security == .startTLS { curl.set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue)) }
        if let authorities = configuration.authorities { curl.set(CURLOPT_CAINFO, authorities) }
        if let user = mail.user {
            curl.set(CURLOPT_USERNAME, user)
            curl.set(CURLOPT_PASSWORD, mail.password ?? "")
        }
        curl.set(CURLOPT_CONNECTTIMEOUT_MS, seconds: mail.connectTimeout)
        curl.set(CURLOPT_TIMEOUT_MS, seconds: min(mail.timeout, left))
        curl.set(CURLOPT_MAIL_FROM, "<\(mail.sender)>")
        curl.set(CURLOPT_MAIL_RCPT, list: mail.recipients.map { "<\($0)>" })
        curl.set(CURLOPT_UPLOAD, 1)
        curl.send(mail.message, size: CURLOPT_INFILESIZE_LARGE)
        curl.receive(atMost: 16 << 10)
    }

    func perform() throws(TransferFailure) {
        do {
            try curl.perform()
        } catch {
            let isRefused = (error.status ?? 0) >= 400
            throw TransferFailure(
                isRefused ? .refused : error.kind, status: isRefused ? error.status : nil, code: error.code,
                // Only libcurl's words tell which command was refused.
                isAboutRecipient: curl.reason.hasPrefix("RCPT failed") && Self.blamesRecipient(curl.refusal))
        }
    }

    /// Whether a reply to RCPT says that there is no such recipient, and never will be: 5.1 of RFC 3463, the status of the
    /// address, without 7 and 8, which are about the sender. A server that refuses the client or the sender often says so
    /// to RCPT, with 5.7 or no such code.
    static func blamesRecipient(_ reply: String) -> Bool {
        guard let match = reply.prefixMatch(of: /5[0-9][0-9][ -]5\.1\.([0-9]{1,3})\b/) else { return false }
        return match.output.1 != "7" && match.output.1 != "8"
    }
}
