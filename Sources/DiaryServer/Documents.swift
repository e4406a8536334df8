import Diary
import HTTP1
import JSON
import Web

/// The contract, and a page for each problem code.
enum Documents {
    static let routes: [Route<Access, Caller>] = [
        .get("/openapi.json", "getOpenAPIJSON", access: .open, openAPIJSON),
        .get("/openapi.yaml", "getOpenAPIYAML", access: .open, openAPIYAML),
        .get("/problems/{code}", "getProblem", access: .open, problem),
    ]

    @Sendable static func openAPIJSON(_ request: Request, _ caller: Caller) async throws -> Response {
        .document("application/json", caller.services.server.contract.json)
    }

    @Sendable static func openAPIYAML(_ request: Request, _ caller: Caller) async throws -> Response {
        .document("application/yaml", caller.services.server.contract.yaml)
    }

    @Sendable static func problem(_ request: Request, _ caller: Caller) async throws -> Response {
        guard let kind = request.path["code"].flatMap({ ProblemKind.all[$0] }) else { throw Problem(.notFound) }
        var response: Response
        switch MediaRange.best(of: ["text/html", "application/json"], for: request.head["Accept"]) {
        case "text/html": response = .document("text/html; charset=utf-8", page(kind, request.language))
        case "application/json": response = .document("application/json", json(kind, request.language))
        default:
            throw Problem(
                .notAcceptable,
                detail: Text(ru: "Доступны text/html и application/json.", en: "Accept text/html or application/json."))
        }
        response.headers.append(("Content-Language", request.language.rawValue))
        response.headers.append(("Vary", "Accept, Accept-Language"))
        return response
    }

    private static func json(_ kind: ProblemKind, _ language: Language) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("code")
        writer.string(kind.code)
        writer.key("title")
        writer.string(kind.title[language])
        writer.key("statuses")
        writer.beginArray()
        writer.integer(kind.status.code)
        writer.endArray()
        writer.key("description")
        writer.string(kind.detail[language])
        writer.endObject()
        return writer.bytes
    }

    private static func page(_ kind: ProblemKind, _ language: Language) -> [UInt8] {
        Array(
            """
            <!doctype html>
            <html lang="\(language.rawValue)">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(kind.title[language]) · Lyceum</title>
            <h1>\(kind.title[language])</h1>
            <p>\(kind.detail[language])</p>
            <p><code>\(kind.code)</code> · HTTP \(kind.status.code)</p>
            </html>

            """.utf8)
    }
}

extension Response {
    /// A public document of the program.
    static func document(_ type: String, _ bytes: [UInt8]) -> Response {
        var response = Response(.ok, contentType: type, body: bytes)
        response.entityTag = ContentTag.of(bytes)
        response.headers.append(("Cache-Control", "private, no-cache"))
        return response
    }

    fileprivate static func document(_ type: String, _ content: StaticContent) -> Response {
        var response = Response(.ok, contentType: type, content: content)
        response.headers.append(("Cache-Control", "private, no-cache"))
        return response
    }
}
