import Diary
import HTTP1
import JSON
import Web

/// The pages of the API: Swagger UI, Redoc, and `/`, which lists the paths.
enum DocumentationPages {
    static let routes: [Route<Access, Caller>] = [
        .get("/", "getStart", access: .open, start),
        .get("/docs", "getDocs", access: .open, swagger),
        .get("/docs/redoc", "getRedoc", access: .open, redoc),
        .get("/docs/oauth2-redirect", "getDocsRedirect", access: .open, redirect),
        .get("/docs/assets/{version}/{file}", "getDocsAsset", access: .open, asset),
    ]

    // MARK: The start page

    @Sendable static func start(_ request: Request, _ caller: Caller) async throws -> Response {
        let language = request.language
        var response: Response
        switch MediaRange.best(of: ["application/json", "text/html"], for: request.head["Accept"]) {
        case "application/json":
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("name")
            writer.string("Lyceum")
            for place in places {
                writer.key(place.name)
                writer.string(place.path)
            }
            writer.endObject()
            response = .document("application/json", writer.bytes)
            response.headers.append(("Vary", "Accept, Accept-Language"))
        case "text/html":
            let list = places.map {
                "<dt><a href=\"\($0.path)\">\($0.path)</a></dt>\n<dd>\($0.what[language])</dd>"
            }
            response = page(
                "Lyceum", language, caller,
                body: """
                    <main class="text">
                    <h1>Lyceum</h1>
                    <p>\(about[language])</p>
                    <dl>
                    \(list.joined(separator: "\n"))
                    </dl>
                    </main>
                    """, policy: "style-src 'self'; img-src 'self'", vary: "Accept, Accept-Language")
        default:
            throw Problem(
                .notAcceptable,
                detail: Text(ru: "Есть text/html и application/json.", en: "There are text/html and application/json."))
        }
        return response
    }

    private static let about = Text(
        ru: "Это сервер электронного дневника. Приложения работают с ним через API.",
        en: "This is a server of an electronic diary. Apps work with it through its API.")

    private static let places: [(name: String, path: String, what: Text)] = [
        (
            "docs", "/docs",
            Text(
                ru: "Описание API с пробными запросами (Swagger UI).", en: "The API, with requests to try (Swagger UI)."
            )
        ),
        ("reference", "/docs/redoc", Text(ru: "Описание API для чтения (Redoc).", en: "The API, to read (Redoc).")),
        (
            "openapi_yaml", "/openapi.yaml",
            Text(ru: "Контракт API, OpenAPI 3.1.", en: "The contract of the API, OpenAPI 3.1.")
        ),
        ("openapi_json", "/openapi.json", Text(ru: "Он же как JSON.", en: "The same as JSON.")),
        (
            "sign_in", "/.well-known/oauth-authorization-server",
            Text(ru: "Как приложение входит (RFC 8414).", en: "How an app signs in (RFC 8414).")
        ),
        (
            "ready", "/readyz",
            Text(ru: "Готов ли сервер отвечать.", en: "Whether the server is ready to answer.")
        ),
    ]

    // MARK: Swagger UI and Redoc

    @Sendable static func swagger(_ request: Request, _ caller: Caller) async throws -> Response {
        viewer(
            "Swagger UI", script: "swagger-ui-bundle.js", style: "swagger-ui.css", request, caller,
            policy: "script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'")
    }

    @Sendable static func redoc(_ request: Request, _ caller: Caller) async throws -> Response {
        viewer(
            "Redoc", script: "redoc.standalone.js", style: nil, request, caller,
            policy: "script-src 'self'; style-src 'self' \(redocStyles); img-src 'self' data:; connect-src 'self'")
    }

    /// Hashes of the style elements that Redoc creates: empty ones, whose rules it adds by script, and one fixed style.
    private static let redocStyles =
        "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' 'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='"

    private static func viewer(
        _ name: String, script: String, style: String?, _ request: Request, _ caller: Caller, policy: String
    ) -> Response {
        let pages = caller.services.server.pages
        let language = request.language
        guard pages.isComplete else { return missing(language, caller) }
        let links = [("Swagger UI", "/docs"), ("Redoc", "/docs/redoc"), ("openapi.yaml", "/openapi.yaml")].map {
            "<a href=\"\($0.1)\"\($0.0 == name ? " aria-current=\"page\"" : "")>\($0.0)</a>"
        }
        let head =
            (style.map { "<link rel=\"stylesheet\" href=\"\(pages.path($0))\">\n" } ?? "")
            + "<script src=\"\(pages.path(script))\" defer></script>\n"
            + "<script src=\"\(pages.path("api-pages.js"))\" defer></script>"
        let needsScript = Text(ru: "Этой странице нужен JavaScript.", en: "This page needs JavaScript.")
        return page(
            "\(name) — Lyceum", language, caller, head: head,
            body: """
                <header><strong>Lyceum</strong> \(links.joined(separator: " "))</header>
                <noscript>\(needsScript[language])</noscript>
                <div id="docs"></div>
                """, policy: policy)
    }

    private static func missing(_ language: Language, _ caller: Caller) -> Response {
        let title = Text(ru: "Страницы API не установлены", en: "The API pages are not installed")
        let text = Text(
            ru:
                "Swagger UI и Redoc не входят в исходный код. Выполните <code>script/api-pages</code> в каталоге Lyceum "
                + "и перезапустите сервер. Контракт есть и без них: <a href=\"/openapi.yaml\">/openapi.yaml</a>.",
            en:
                "Swagger UI and Redoc are not a part of the sources. Run <code>script/api-pages</code> in the directory of "
                + "Lyceum and restart the server. The contract is here without them: "
                + "<a href=\"/openapi.yaml\">/openapi.yaml</a>.")
        var response = page(
            title[language], language, caller,
            body: "<main class=\"text\">\n<h1>\(title[language])</h1>\n<p>\(text[language])</p>\n</main>",
            policy: "style-src 'self'; img-src 'self'")
        response.status = .notFound
        response.entityTag = nil
        return response
    }

    /// The redirect address of Swagger UI as an app. Its script passes the code to the window that opened the sign-in
    /// page.
    @Sendable static func redirect(_ request: Request, _ caller: Caller) async throws -> Response {
        let pages = caller.services.server.pages
        guard pages.assets["oauth2-redirect.js"] != nil else { return missing(request.language, caller) }
        return page(
            "Lyceum", request.language, caller,
            head: "<script src=\"\(pages.path("oauth2-redirect.js"))\" defer></script>", body: "",
            policy: "script-src 'self'; style-src 'self'; img-src 'self'")
    }

    // MARK: Assets

    @Sendable static func asset(_ request: Request, _ caller: Caller) async throws -> Response {
        let pages = caller.services.server.pages
        guard request.path["version"] == pages.version,
            let asset = request.path["file"].flatMap({ pages.assets[$0] })
        else { throw Problem(.notFound) }
        var response = Response(.ok, contentType: asset.type, content: asset.content)
        response.headers = [
            // The path names the content: it never changes.
            ("Cache-Control", "public, max-age=31536000, immutable"), ("X-Content-Type-Options", "nosniff"),
        ]
        return response
    }

    /// - Parameter policy: the directives of the Content-Security-Policy in addition to `default-src 'none'`.
    private static func page(
        _ title: String, _ language: Language, _ caller: Caller, head: String = "", body: String, policy: String,
        vary: String = "Accept-Language"
    ) -> Response {
        let style = caller.services.server.pages.path("api-pages.css")
        let icon = caller.services.server.pages.path("favicon-32x32.png")
        var response = Response.document(
            "text/html; charset=utf-8",
            Array(
                """
                <!doctype html>
                <html lang="\(language.rawValue)">
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>\(title)</title>
                <link rel="icon" href="\(icon)">
                <link rel="stylesheet" href="\(style)">
                \(head)
                <body>
                \(body)
                </body>
                </html>

                """.utf8))
        response.headers += [
            (
                "Content-Security-Policy",
                "default-src 'none'; \(policy); form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
            ),
            ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
            ("Content-Language", language.rawValue), ("Vary", vary),
        ]
        return response
    }
}
