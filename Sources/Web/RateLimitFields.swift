import HTTP1

extension RateLimits {
    /// Counts a request against a user, otherwise against the address that it comes from.
    func take(_ policy: RatePolicy, _ user: String?, _ peer: String) -> RateLimiter.Grant {
        if let user { return limiter.take(user, policy) }
        if let address = IPAddress(peer) { return limiter.take(address.network, policy) }
        return limiter.take(peer, policy)
    }

    /// Adds the policies and what is left of them to the answer. A 304 costs nothing.
    func tell(_ response: inout Response, _ request: Request) {
        let isFree = response.status == .notModified
        let grants = request.grants.map { isFree ? limiter.giveBack($0) : $0 }
        response.headers.append(("RateLimit-Policy", grants.map { $0.policy.field }.joined(separator: ", ")))
        response.headers.append(("RateLimit", grants.map { $0.field }.joined(separator: ", ")))
    }
}

extension IPAddress {
    /// The unit in which addresses are counted: for IPv6 the first 64 bits, because a household or a phone has all
    /// addresses below them.
    var network: IPAddress { isIPv4 ? self : prefix(64) }
}

extension Problem {
    /// The answer to a request over its limit. On sign-in routes it follows RFC 6749.
    init(_ grant: RateLimiter.Grant) {
        self.init(
            .rateLimited, detail: grant.policy.refusal, headers: [("Retry-After", String(grant.retryAfter))],
            oauthError: grant.policy.name == "sign-in" ? "temporarily_unavailable" : nil)
        members = [("limit", grant.policy.name)]
    }
}
