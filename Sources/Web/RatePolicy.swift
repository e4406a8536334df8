/// How many requests a user or an address may make: a burst of `requests`, and then as many in each window.
package final class RatePolicy: Sendable {
    /// The name that clients see, such as `"user"`.
    package let name: String
    package let requests: Int
    /// Seconds.
    package let window: Int
    /// `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): `"user";q=600;w=60`.
    let field: String

    package init(_ name: String, requests: Int, window: Int) {
        precondition(requests > 0 && window > 0)
        self.name = name
        self.requests = requests
        self.window = window
        field = "\"\(name)\";q=\(requests);w=\(window)"
    }

    /// What somebody is told who has spent it.
    var refusal: Text {
        let counted =
            switch name {
            case "user": Text(ru: "запросов одного пользователя", en: "requests of one user")
            case "client": Text(ru: "запросов этой программы", en: "requests of this program")
            case "sign-in": Text(ru: "запросов на вход с вашего адреса", en: "sign-in requests from your address")
            default: Text(ru: "запросов с вашего адреса", en: "requests from your address")
            }
        return Text(
            ru: "Больше \(requests) \(counted.russian) за \(window) с; повторите через Retry-After секунд.",
            en:
                "There were more than \(requests) \(counted.english) in \(window) s; try again after Retry-After seconds."
        )
    }
}

/// A program that is counted as a whole, whoever uses it.
package struct RatedClient {
    package let key: String
    /// Per minute; nil for as many as a user has.
    package let requestsPerMinute: Int?

    package init(key: String, requestsPerMinute: Int?) {
        self.key = key
        self.requestsPerMinute = requestsPerMinute
    }
}

/// The policy that a route counts against.
package enum Quota: Sendable {
    /// The user's policy, or the address's if nobody has signed in.
    case standard
    /// A stricter policy of the address, for signing in.
    case signIn
    /// None, for routes that load balancers poll.
    case unlimited
}

/// The quotas of a process. Each process counts separately.
package final class RateLimits: Sendable {
    let limiter = RateLimiter()
    let user: RatePolicy
    let address: RatePolicy
    let signIn: RatePolicy
    /// For programs without a limit of their own.
    private let client: RatePolicy

    /// - Parameters:
    ///   - requests: per window, of one user or of one address without a user.
    ///   - signIns: per window, of one address.
    ///   - window: in seconds.
    package init(requests: Int, signIns: Int, window: Int) {
        user = RatePolicy("user", requests: requests, window: window)
        address = RatePolicy("address", requests: requests, window: window)
        signIn = RatePolicy("sign-in", requests: signIns, window: window)
        client = RatePolicy("client", requests: requests, window: window)
    }

    func policy(for client: RatedClient) -> RatePolicy {
        client.requestsPerMinute.map { RatePolicy("client", requests: $0, window: 60) } ?? self.client
    }
}
