import HTTP1

extension RateLimits {
    /// Tells the client what it was counted against and what is left. A 304 costs nothing.
    func tell(_ response: inout Response, _ request: Request) {
        guard var grant = request.grant else { return }
        if response.status == .notModified { grant = limiter.giveBack(grant) }
        response.headers.append(("RateLimit-Policy", grant.policy.field))
        response.headers.append(("RateLimit", grant.field))
    }
}

extension Problem {
    /// A refused request. Where tokens are given the answer is that of RFC 6749.
    init(_ grant: RateLimiter.Grant) {
        self.init(
            .rateLimited, headers: [("Retry-After", String(grant.retryAfter))],
            oauthError: grant.policy.name == "sign-in" ? "temporarily_unavailable" : nil)
    }
}
