import HTTP1

/// Which pages of other origins may read answers (WHATWG Fetch, "CORS protocol"). Tokens are sent in Authorization,
/// which a page has to set itself, so credentials mode is not offered.
package struct CORS: Sendable {
    package struct Malformed: Error {
        package let origin: String
    }

    private enum Origins: Sendable {
        case any
        case some(Set<String>)
    }

    private let origins: Origins

    /// - Parameter list: origins such as `https://app.example.org` separated by commas, or `*`.
    package init(_ list: String) throws(Malformed) {
        let items = list.split(separator: ",").map { String($0).trimmed }
        if items == ["*"] {
            origins = .any
            return
        }
        for item in items where !Self.isOrigin(item) { throw Malformed(origin: item) }
        guard !items.isEmpty else { throw Malformed(origin: list) }
        origins = .some(Set(items))
    }

    /// The answer to a preflight request; nil for any other OPTIONS.
    ///
    /// - Parameter methods: those of the path.
    func preflight(_ request: Request, _ methods: [Method]) -> Response? {
        let head = request.head
        guard head.method == .options, head["Origin"] != nil, head["Access-Control-Request-Method"] != nil else {
            return nil
        }
        var response = Response(.noContent)
        if allowed(head["Origin"]) != nil {
            response.headers = [
                ("Access-Control-Allow-Methods", methods.map { $0.rawValue }.joined(separator: ", ")),
                ("Access-Control-Allow-Headers", Self.requestFields),
                ("Access-Control-Max-Age", "7200"),
            ]
        }
        return response
    }

    /// Adds the fields that let the page read the answer, whatever the answer is.
    func apply(to response: inout Response, _ request: Request, showsTiming: Bool) {
        if case .some = origins { response.vary("Origin") }
        guard let origin = request.head["Origin"], let allowed = allowed(origin) else { return }
        response.headers.append(("Access-Control-Allow-Origin", allowed))
        response.headers.append(("Access-Control-Expose-Headers", Self.answerFields))
        if showsTiming { response.headers.append(("Timing-Allow-Origin", allowed)) }
    }

    private func allowed(_ origin: String?) -> String? {
        switch origins {
        case .any: "*"
        case .some(let list): origin.flatMap { list.contains($0) ? $0 : nil }
        }
    }

    /// A scheme, a host and an optional port as browsers write them: lower case, no path, no slash at the end.
    private static func isOrigin(_ text: String) -> Bool {
        guard text.hasPrefix("https://") || text.hasPrefix("http://") else { return false }
        let rest = text.dropFirst(text.hasPrefix("https://") ? 8 : 7)
        return !rest.isEmpty
            && rest.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-.:[]".utf8.contains(byte)
            }
    }

    private static let requestFields =
        "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id, traceparent"
    private static let answerFields =
        "Content-Language, ETag, Idempotency-Replayed, Link, RateLimit, RateLimit-Policy, Retry-After, Server-Timing, "
        + "WWW-Authenticate, X-Request-Id"
}
