import Compression
import HTTP1
import Reactor

/// Chooses and applies the content coding of a core's answers (RFC 9110 sections 8.4 and 12.5.3).
final class Encoding {
    private let policy: CompressionPolicy
    private lazy var encoder = GzipEncoder(level: policy.level)

    init(_ policy: CompressionPolicy) { self.policy = policy }

    /// Whether to compress the answer. Adds `Accept-Encoding` to its Vary where the choice depends on it, and replaces
    /// the answer by a 406 if neither coding is acceptable.
    func chooses(_ response: inout Response, _ request: Request) -> Bool {
        let isLong = response.body.count >= policy.minimum || response.stream != nil
        let field = request.head["Accept-Encoding"]
        guard isLong || field != nil, response.mayBeEncoded else { return false }
        let isWorth = isLong && response.isText
        let accepts = field.map { AcceptEncoding($0) } ?? AcceptEncoding()
        guard isWorth || !accepts.acceptsIdentity else { return false }
        response.vary("Accept-Encoding")
        switch accepts.preferred {
        case .gzip: return true
        case .identity: return false
        case nil:
            // A 406 could not undo what the request did, and an error in the wrong coding is better than no error.
            if request.isSafe && response.status.code < 300 {
                response.stream?.close()
                response = Problem.noCoding.response(to: request)
                response.vary("Accept-Encoding")
            }
            return false
        }
    }

    /// The compressed answer, or a 304 in its place. Unchanged if all threads that could compress it are busy.
    func compress(_ response: Response, _ request: Request) async -> Response {
        var answer = response
        answer.entityTag = response.entityTag?.gzip
        answer.meetConditions(request)
        if answer.status != response.status { return answer }
        guard let gzip = await gzip(response) else { return response }
        answer.body = gzip
        answer.headers.append(("Content-Encoding", "gzip"))
        return answer
    }

    /// Like `compress`, for a stream: it runs on the core piece by piece, so that it cannot fail for lack of a thread
    /// when half of the answer has been sent (docs/decisions/0029).
    func compressStream(_ response: inout Response, _ request: Request) {
        response.entityTag = response.entityTag?.gzip
        let isMade = response.takeGzip()
        let status = response.status
        response.meetConditions(request)
        guard response.status == status else { return }
        if !isMade { response.stream?.compress(level: policy.level) }
        response.headers.append(("Content-Encoding", "gzip"))
    }

    /// Nil if all threads that could compress it are busy.
    private func gzip(_ response: Response) async -> [UInt8]? {
        if let made = response.gzip ?? response.compressed?.gzip { return made }
        let gzip = await encode(response.body)
        response.compressed?.gzip = gzip
        return gzip
    }

    private func encode(_ body: [UInt8]) async -> [UInt8]? {
        if body.count <= policy.longestOnCore { return encoder.encode(body) }
        let level = policy.level
        return try? await policy.offload.run { GzipEncoder(level: level).encode(body) }
    }
}

extension Response {
    /// Whether there is complete content without a coding, and no field forbids one.
    fileprivate var mayBeEncoded: Bool {
        guard !body.isEmpty || stream != nil, !status.forbidsBody, status != .partialContent else { return false }
        return !headers.contains { name, value in
            FieldName.equal(name, "Content-Encoding") || FieldName.equal(name, "Content-Range")
                || FieldName.equal(name, "Cache-Control") && FieldList(value).contains("no-transform")
        }
    }

    /// Text compresses well; images, archives and spreadsheets are already compressed.
    fileprivate var isText: Bool {
        guard let contentType else { return false }
        // The most frequent type, compared as a whole.
        if contentType == "application/json" { return true }
        let type = contentType.prefix { $0 != ";" }
        switch type {
        case "application/json", "application/problem+json", "application/yaml", "application/x-ndjson",
            "application/openmetrics-text", "application/javascript", "image/svg+xml":
            return true
        case "text/event-stream": return false
        default: return type.hasPrefix("text/") || type.hasSuffix("+json") || type.hasSuffix("+xml")
        }
    }
}

extension Request {
    fileprivate var isSafe: Bool { head.method == .get || head.method == .head }
}

extension Problem {
    fileprivate static let noCoding = Problem(
        .notAcceptable,
        detail: Text(
            ru: "Есть gzip и identity (Accept-Encoding).", en: "Only gzip and identity exist (Accept-Encoding)."))
}
