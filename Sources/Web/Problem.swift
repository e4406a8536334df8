import HTTP1
import JSON

/// A problem as a client sees it: RFC 9457 with a stable `code`.
package struct Problem: Error {
    /// One problem in a request: its place (an RFC 6901 pointer into the body, or `/query/name` for a query parameter),
    /// its code, and for a stale version the current state.
    package struct Item: Sendable {
        package var pointer: String
        package var code: String
        package var detail: Text
        package var current: [UInt8]?
        /// What it met, such as the id and the day of a record.
        package var members: [(name: String, value: String)] = []

        package init(pointer: String, code: String, detail: Text, current: [UInt8]? = nil) {
            self.pointer = pointer
            self.code = code
            self.detail = detail
            self.current = current
        }
    }

    package let kind: ProblemKind
    /// Replaces the sentence of the kind.
    package var detail: Text?
    package var items: [Item]
    package var headers: [(name: String, value: String)]
    /// RFC 6749 section 5.2: the token endpoint names its errors in a member of its own.
    package var oauthError: String?
    /// Further members for the client (RFC 9457 section 3.2).
    package var members: [(name: String, value: String)] = []

    package init(
        _ kind: ProblemKind, detail: Text? = nil, items: [Item] = [], headers: [(name: String, value: String)] = [],
        oauthError: String? = nil
    ) {
        self.kind = kind
        self.detail = detail
        self.items = items
        self.headers = headers
        self.oauthError = oauthError
    }
}

/// A kind of problem; `/problems/{code}` describes it.
package struct ProblemKind: Sendable, Hashable {
    package let code: String
    package let status: Status
    package let title: Text
    package let detail: Text

    package init(_ code: String, _ status: Status, title: Text, detail: Text) {
        self.code = code
        self.status = status
        self.title = title
        self.detail = detail
    }
}

extension Problem {
    /// A query parameter whose value is refused after its form was found valid.
    package static func invalid(parameter name: String, _ code: String, ru: String, en: String) -> Problem {
        let item = Item(pointer: "/query/\(name)", code: code, detail: Text(ru: ru, en: en))
        return Problem(.invalidParameter, items: [item])
    }

    /// The problem as an answer to a request.
    package func response(to request: Request) -> Response {
        response(to: request.id, instance: request.head.path, language: request.language)
    }

    /// The problem document alone, for one that is kept.
    package func document(of requestID: String, instance: String, language: Language) -> [UInt8] {
        response(to: requestID, instance: instance, language: language).body
    }

    /// The complete answer with its head, where no request could be read. The connection closes after it.
    func bytes(
        to requestID: String, at path: String? = nil, date: [UInt8], toHead: Bool = false
    ) throws(FieldError) -> [UInt8] {
        let response = response(to: requestID, instance: path ?? "/", language: .english)
        let head = ResponseHead(
            status: response.status, contentType: response.contentType, length: .fixed(response.body.count),
            connection: .close, fields: response.headers + [("X-Request-Id", requestID)])
        var bytes: [UInt8] = []
        try head.append(to: &bytes, date: date)
        return toHead ? bytes : bytes + response.body
    }

    /// The only function that writes error answers.
    func response(to requestID: String, instance: String, language: Language) -> Response {
        var writer = JSONWriter()
        writer.beginObject()
        if let oauthError {
            writer.key("error")
            writer.string(oauthError)
            // RFC 6749 allows only printable ASCII here.
            writer.key("error_description")
            writer.string((detail ?? kind.detail).english)
        }
        writer.key("type")
        writer.string("/problems/\(kind.code)")
        writer.key("title")
        writer.string(kind.title[language])
        writer.key("status")
        writer.integer(kind.status.code)
        writer.key("detail")
        writer.string((detail ?? kind.detail)[language])
        writer.key("instance")
        writer.string(instance)
        writer.key("code")
        writer.string(kind.code)
        writer.key("request_id")
        writer.string(requestID)
        for member in members {
            writer.key(member.name)
            writer.string(member.value)
        }
        if !items.isEmpty {
            writer.key("errors")
            writer.beginArray()
            for item in items { writer.problemItem(item, language) }
            writer.endArray()
        }
        writer.endObject()
        var response = Response(
            kind.status, contentType: oauthError == nil ? "application/problem+json" : "application/json",
            body: writer.bytes)
        response.headers = headers
        response.headers.append(("Content-Language", language.rawValue))
        response.headers.append(("Cache-Control", "no-store"))
        response.headers.append(("Vary", "Accept-Language"))
        return response
    }
}

extension JSONWriter {
    package mutating func problemItem(_ item: Problem.Item, _ language: Language) {
        beginObject()
        key("pointer")
        string(item.pointer)
        key("code")
        string(item.code)
        key("detail")
        string(item.detail[language])
        for member in item.members {
            key(member.name)
            string(member.value)
        }
        if let current = item.current {
            key("current")
            raw(current.span)
        }
        endObject()
    }
}
