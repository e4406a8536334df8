/// A status code and its usual reason phrase (RFC 9110 section 15, RFC 6585).
package struct Status: Sendable, Hashable {
    package let code: Int
    package let reason: String

    package init(code: Int, reason: String) {
        precondition((100...599).contains(code), "a status code has three digits")
        self.code = code
        self.reason = reason
    }

    /// Takes the usual phrase; an empty one if the code is not listed below.
    package init(code: Int) {
        self.init(code: code, reason: Self.phrases[code] ?? "")
    }

    package static func == (left: Status, right: Status) -> Bool { left.code == right.code }
    package func hash(into hasher: inout Hasher) { hasher.combine(code) }

    /// Whether the status has no body, whatever the handler returns (RFC 9110 section 6.4.1).
    package var forbidsBody: Bool { code < 200 || code == 204 || code == 304 }

    package static let `continue` = Status(code: 100, reason: "Continue")
    package static let ok = Status(code: 200, reason: "OK")
    package static let created = Status(code: 201, reason: "Created")
    package static let accepted = Status(code: 202, reason: "Accepted")
    package static let noContent = Status(code: 204, reason: "No Content")
    package static let partialContent = Status(code: 206, reason: "Partial Content")
    package static let multiStatus = Status(code: 207, reason: "Multi-Status")
    package static let movedPermanently = Status(code: 301, reason: "Moved Permanently")
    package static let found = Status(code: 302, reason: "Found")
    package static let seeOther = Status(code: 303, reason: "See Other")
    package static let notModified = Status(code: 304, reason: "Not Modified")
    package static let temporaryRedirect = Status(code: 307, reason: "Temporary Redirect")
    package static let permanentRedirect = Status(code: 308, reason: "Permanent Redirect")
    package static let badRequest = Status(code: 400, reason: "Bad Request")
    package static let unauthorized = Status(code: 401, reason: "Unauthorized")
    package static let forbidden = Status(code: 403, reason: "Forbidden")
    package static let notFound = Status(code: 404, reason: "Not Found")
    package static let methodNotAllowed = Status(code: 405, reason: "Method Not Allowed")
    package static let notAcceptable = Status(code: 406, reason: "Not Acceptable")
    package static let requestTimeout = Status(code: 408, reason: "Request Timeout")
    package static let conflict = Status(code: 409, reason: "Conflict")
    package static let gone = Status(code: 410, reason: "Gone")
    package static let lengthRequired = Status(code: 411, reason: "Length Required")
    package static let preconditionFailed = Status(code: 412, reason: "Precondition Failed")
    package static let contentTooLarge = Status(code: 413, reason: "Content Too Large")
    package static let uriTooLong = Status(code: 414, reason: "URI Too Long")
    package static let unsupportedMediaType = Status(code: 415, reason: "Unsupported Media Type")
    package static let rangeNotSatisfiable = Status(code: 416, reason: "Range Not Satisfiable")
    package static let expectationFailed = Status(code: 417, reason: "Expectation Failed")
    package static let unprocessableContent = Status(code: 422, reason: "Unprocessable Content")
    package static let locked = Status(code: 423, reason: "Locked")
    package static let preconditionRequired = Status(code: 428, reason: "Precondition Required")
    package static let tooManyRequests = Status(code: 429, reason: "Too Many Requests")
    package static let requestHeaderFieldsTooLarge = Status(code: 431, reason: "Request Header Fields Too Large")
    package static let internalServerError = Status(code: 500, reason: "Internal Server Error")
    package static let notImplemented = Status(code: 501, reason: "Not Implemented")
    package static let badGateway = Status(code: 502, reason: "Bad Gateway")
    package static let serviceUnavailable = Status(code: 503, reason: "Service Unavailable")
    package static let gatewayTimeout = Status(code: 504, reason: "Gateway Timeout")
    package static let httpVersionNotSupported = Status(code: 505, reason: "HTTP Version Not Supported")
    package static let insufficientStorage = Status(code: 507, reason: "Insufficient Storage")

    private static let known: [Status] = [
        .`continue`, .ok, .created, .accepted, .noContent, .partialContent, .multiStatus, .movedPermanently, .found,
        .seeOther, .notModified, .temporaryRedirect, .permanentRedirect, .badRequest, .unauthorized, .forbidden,
        .notFound, .methodNotAllowed, .notAcceptable, .requestTimeout, .conflict, .gone, .lengthRequired,
        .preconditionFailed, .contentTooLarge, .uriTooLong, .unsupportedMediaType, .rangeNotSatisfiable,
        .expectationFailed, .unprocessableContent, .locked, .preconditionRequired, .tooManyRequests,
        .requestHeaderFieldsTooLarge, .internalServerError, .notImplemented, .badGateway, .serviceUnavailable,
        .gatewayTimeout, .httpVersionNotSupported, .insufficientStorage,
    ]
    private static let phrases = Dictionary(uniqueKeysWithValues: known.map { ($0.code, $0.reason) })
}
