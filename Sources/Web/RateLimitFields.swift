import HTTP1

extension RateLimits {
    /// Counts a request against a user, else against the address that it comes from.
    func take(_ policy: RatePolicy, _ user: String?, _ peer: String) -> RateLimiter.Grant {
        if let user { return limiter.take(user, policy) }
        if let address = IPAddress(peer) { return limiter.take(address.network, policy) }
        return limiter.take(peer, policy)
    }

    /// Tells the client what it was counted against and what is left. A 304 costs nothing.
    func tell(_ response: inout Response, _ request: Request) {
        let isFree = response.status == .notModified
        let grants = request.grants.map { isFree ? limiter.giveBack($0) : $0 }
        response.headers.append(("RateLimit-Policy", grants.map { $0.policy.field }.joined(separator: ", ")))
        response.headers.append(("RateLimit", grants.map { $0.field }.joined(separator: ", ")))
    }
}

extension IPAddress {
    /// Whom it is counted as: of IPv6 the first 64 bits, since a household or a phone has that many addresses for itself.
    var network: IPAddress { isIPv4 ? self : prefix(64) }
}

extension Problem {
    /// A refused request. Where tokens are given the answer is that of RFC 6749.
    init(_ grant: RateLimiter.Grant) {
        self.init(
            .rateLimited, detail: grant.policy.refusal, headers: [("Retry-After", String(grant.retryAfter))],
            oauthError: grant.policy.name == "sign-in" ? "temporarily_unavailable" : nil)
        members = [("limit", grant.policy.name)]
    }
}
