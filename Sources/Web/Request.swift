import HTTP1
import JSON
import Reactor

/// A request while a handler answers it. Belongs to its connection's core.
package final class Request {
    package let head: RequestHead
    /// From `X-Request-Id` if valid, otherwise generated. Part of the answer, of each log line, problem and history
    /// record.
    package let id: String
    /// The client's numeric address: the other end of the connection, or the one that a trusted proxy reports.
    package let peer: String
    /// `http` or `https`, as the client sent the request.
    package let scheme: String
    /// The host as the client sent it, if a trusted proxy reports it.
    private let forwardedHost: String?
    package let language: Language
    package internal(set) var path: PathParameters
    /// The route's path with its parameter names, for logs; nil without a route.
    package internal(set) var template: String?
    package let timing: RequestTiming
    /// Asked for by load balancers and the like: its route has no quota.
    var isProbe = false
    /// The route's number; 0 without a route.
    var routeNumber = 0
    /// The rate limits that it was counted against.
    var grants: [RateLimiter.Grant] = []
    private var content: [UInt8]?
    private let source: any BodySource

    init(
        head: RequestHead, id: String, from requester: Requester, body source: any BodySource,
        timing: RequestTiming = RequestTiming()
    ) {
        self.head = head
        self.id = id
        peer = requester.address
        scheme = requester.scheme
        forwardedHost = requester.host
        language = Language(acceptLanguage: head["Accept-Language"])
        path = PathParameters()
        self.source = source
        self.timing = timing
    }

    /// Scheme, host and port by which the client reached the server; nil for a 1.0 request without a host.
    package var origin: String? { (forwardedHost ?? head.host).map { "\(scheme)://\($0)" } }

    /// The whole body. Sends `100 Continue` first if the client waits for it.
    ///
    /// - Parameter limit: in bytes, if a route allows more or less than the server's limit. Exceeding it is a 413.
    package func body(atMost limit: Int? = nil) async throws -> [UInt8] {
        if let content { return content }
        let bytes = try await source.readContent(whole: true, atMost: limit) ?? []
        content = bytes
        return bytes
    }

    /// The next piece of the body, never empty; nil after the last. Used instead of `body`, so that a large body is
    /// never in memory as a whole: the next piece is read when the previous one has been handled. Limits, deadlines and
    /// problems are those of `body`.
    ///
    /// - Parameter limit: bytes of the whole body, as for `body`; only the first call's value counts.
    package func nextPiece(atMost limit: Int? = nil) async throws -> [UInt8]? {
        precondition(content == nil, "the body has been read whole")
        return try await source.readContent(whole: false, atMost: limit)
    }

    /// The body as JSON. 415 for another media type, 400 if it is not strict JSON, 422 for U+0000 in a text.
    package func json(atMost limit: Int? = nil) async throws -> JSONValue {
        guard mediaType == "application/json" else { throw Problem(.unsupportedMediaType) }
        let bytes = try await body(atMost: limit)
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw Problem(jsonError: error)
        }
    }

    /// The body as an HTML form (RFC 6749 section 3.2), or as a JSON object with texts only.
    package func fields(atMost limit: Int? = nil) async throws -> [(name: String, value: String)] {
        switch mediaType {
        case "application/x-www-form-urlencoded":
            do {
                let bytes = try await body(atMost: limit)
                return try QueryItems(bytes[...]).items
            } catch let error as TargetError {
                throw Problem(error)
            }
        case "application/json":
            guard case .object(let members) = try await json(atMost: limit) else { throw Problem.wrongBody }
            return try members.map { member in
                guard case .string(let text) = member.value else {
                    throw Problem(.validationFailed, items: [.wrongType(at: JSONPointer(member.key).text)])
                }
                return (member.key, text)
            }
        default:
            throw Problem(.unsupportedMediaType)
        }
    }

    package var mediaType: String? {
        head["Content-Type"].map { value in
            let type = value.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)[0]
            return String(type).trimmed.lowercased()
        }
    }
}

/// The source of a request's content. A protocol and not a closure: async closures are not stored, because one with a
/// capture list leaves the core (docs/decisions/0002).
protocol BodySource: AnyObject {
    /// - Parameters:
    ///   - whole: return all content instead of the next piece. The result is nil if nothing is left.
    ///   - limit: bytes of the whole content; nil for the server's limit.
    func readContent(whole: Bool, atMost limit: Int?) async throws -> [UInt8]?
}

extension String {
    var trimmed: String {
        var view = self[...]
        while view.first == " " || view.first == "\t" { view = view.dropFirst() }
        while view.last == " " || view.last == "\t" { view = view.dropLast() }
        return String(view)
    }
}
