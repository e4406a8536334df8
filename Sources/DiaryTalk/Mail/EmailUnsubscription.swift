import Diary
import HTTP1
import Postgres
import Web

/// The link in each mail that ends all mail at once (RFC 8058). Mail programs send the POST by themselves; a person who
/// follows the link gets a page with a button, because filters of mail servers open links, too.
package enum EmailUnsubscription {
    package static let routes: [Route<Access, Caller>] = [
        .get(path, "showEmailUnsubscription", access: .open, show),
        .post(path, "unsubscribeEmail", access: .open, unsubscribe),
    ]

    private static let path = "/v1/email-unsubscriptions/{email_secret}"

    static func address(_ base: String, _ token: OpaqueToken) -> String {
        "\(base)/v1/email-unsubscriptions/\(token.text)"
    }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        _ = try token(request, caller)
        return page(
            request, Text(ru: "Письма из дневника", en: "Mail from the diary"),
            """
            <form method="post"><button>\
            \(Text(ru: "Больше не присылать писем", en: "Send no more mail")[request.language])</button></form>
            """)
    }

    /// The address is forgotten. A repetition has nothing to do, and succeeds.
    @Sendable static func unsubscribe(_ request: Request, _ caller: Caller) async throws -> Response {
        let token = try token(request, caller)
        _ = try await caller.services.lanes.write(
            Scope(school: token.school, requestID: caller.requestID), [remove(.integer(token.school), .text(token.id))])
        return page(
            request, Text(ru: "Писем больше не будет", en: "No more mail"),
            """
            <p>\(Text(
                ru: "Адрес удалён. Его можно снова указать в настройках приложения школы.",
                en: "The address was removed. You can enter it again in the settings of the school's app.")[request.language])</p>
            """)
    }

    private static func token(_ request: Request, _ caller: Caller) throws -> OpaqueToken {
        try QueryReader(request).finish()
        guard let token = request.path["email_secret"].flatMap({ OpaqueToken($0, .emailLink) }),
            try caller.services.channels.secrets.isLink(token)
        else { throw Problem(.notFound) }
        return token
    }

    private static func page(_ request: Request, _ title: Text, _ content: String) -> Response {
        let html = """
            <!DOCTYPE html>
            <html lang="\(request.language.rawValue)">
            <meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(title[request.language])</title>
            <h1>\(title[request.language])</h1>
            \(content)
            </html>

            """
        var response = Response(.ok, contentType: "text/html; charset=utf-8", body: Array(html.utf8))
        response.headers = [
            (
                "Content-Security-Policy",
                "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            ),
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store"),
            ("Content-Language", request.language.rawValue), ("Vary", "Accept-Language"),
        ]
        return response
    }

    private static let remove = Statement("DELETE FROM email_addresses WHERE school_id = $1 AND id = $2::uuid")
}
