/// A request to a server of others.
package struct OutgoingRequest: Sendable {
    package var method: String
    package var url: String
    /// Neither names nor values may have control characters.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Seconds until the connection is open, with TLS, and until the answer is complete.
    package var connectTimeout = 5.0
    package var timeout = 15.0
    /// The most bytes of the answer's body that are read; the rest is left.
    package var largestAnswer = 16 << 10

    package init(_ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }

    package struct Answer: Sendable {
        package let status: Int
        /// Seconds (RFC 9110 section 10.2.3).
        package let retryAfter: Int?
        package let body: [UInt8]
    }
}

/// A mail, and the mail server that takes it.
package struct OutgoingMail: Sendable {
    package enum Security: String, Sendable, CaseIterable {
        /// STARTTLS (RFC 3207); the mail is not sent without it.
        case startTLS = "starttls"
        /// TLS from the first byte (RFC 8314).
        case tls
        case plain
    }

    package var host: String
    package var port: Int
    package var security: Security
    /// Nil: without signing in.
    package var user: String?
    package var password: String?
    /// The addresses of the envelope (RFC 5321), without angle brackets.
    package var sender: String
    package var recipients: [String]
    /// The message (RFC 5322) with lines that end in CRLF.
    package var message: [UInt8]
    /// Seconds.
    package var connectTimeout = 10.0
    package var timeout = 30.0

    package init(
        host: String, port: Int, security: Security, user: String? = nil, password: String? = nil, sender: String,
        recipients: [String], message: [UInt8]
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.user = user
        self.password = password
        self.sender = sender
        self.recipients = recipients
        self.message = message
    }
}

/// Why a transfer failed. The text of an error never contains a URL, a header or a part of a body.
package struct TransferFailure: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable, CaseIterable {
        /// Too many transfers wait already.
        case overloaded
        case invalidURL = "invalid_url"
        /// All addresses of the host are refused, see `AddressGuard`.
        case forbiddenAddress = "forbidden_address"
        /// The name has no address.
        case unresolved
        case unreachable
        case timeout
        /// No TLS, or a certificate that is not trusted.
        case tls
        /// The connection ended early, or the answer is not of the protocol.
        case broken
        /// The mail server refused the user, the sender, a recipient or the message.
        case refused
        case other
    }

    package let kind: Kind
    /// The reply code of the mail server (RFC 5321 section 4.2), if it is what failed: a 5xx is permanent.
    package let status: Int?
    /// The error code of libcurl.
    package let code: Int?

    /// The mail server knows no such recipient, and never will. It is not about the client, the user, the sender or the
    /// message.
    package let isAboutRecipient: Bool

    package init(_ kind: Kind, status: Int? = nil, code: Int? = nil, isAboutRecipient: Bool = false) {
        self.kind = kind
        self.status = status
        self.code = code
        self.isAboutRecipient = isAboutRecipient
    }

    package var description: String {
        let details = [status.map { "status \($0)" }, code.map { "libcurl \($0)" }].compactMap { $0 }
        return details.isEmpty ? kind.rawValue : "\(kind.rawValue) (\(details.joined(separator: ", ")))"
    }
}

/// Why a URL cannot be the destination of requests.
package enum URLFault: String, Sendable {
    case invalid = "invalid_url"
    /// Neither `https`, nor `http` where the configuration allows it.
    case scheme = "invalid_scheme"
    /// A user or a password.
    case credentials = "has_credentials"
    case forbiddenAddress = "forbidden_address"
}
