import HTTP1
import Web

/// The sign-in page, and what stands in its place when there is nothing to sign in to.
struct AuthorizationPage {
    let request: Request
    let services: Services

    private var language: Language { request.language }
    private var isSecure: Bool { services.issuer(request).hasPrefix("https://") }

    /// The form, with what was wrong with the last one.
    func form(
        _ asked: AuthorizationRequest, login: String? = nil, error: Text? = nil, status: Status = .ok
    ) throws -> Response {
        let cookie = FormTokens.cookie(of: request, isSecure: isSecure)
        var values = words
        values["title"] = "\(Self.signIn[language]) — \(asked.client.schoolName)"
        values["heading"] = Self.signIn[language]
        values["school"] = asked.client.schoolName
        values["form"] = true
        values["app"] = asked.client.name
        values["promises"] = promises(asked.scopes)
        values["destination"] = destination(asked.redirect)
        values["parameters"] = asked.parameters.map { ["name": $0.name, "value": $0.value] }
        values["token"] = try services.formTokens.make(cookie.value, asked.parameters)
        values["error"] = error?[language]
        if let login, !login.isEmpty { values["login"] = login }
        var response = page(values, status, formTarget: asked.redirect)
        if cookie.isNew {
            response.headers.append(("Set-Cookie", FormTokens.field(cookie.value, isSecure: isSecure)))
        }
        return response
    }

    /// Whether the form that was sent is one that this browser was shown for these parameters.
    func isOwn(_ token: String, _ asked: AuthorizationRequest) throws -> Bool {
        let cookie = FormTokens.cookie(of: request, isSecure: isSecure)
        return try !cookie.isNew && services.formTokens.isValid(token, cookie.value, asked.parameters)
    }

    /// Words for who cannot go on.
    func refusal(_ title: Text, _ detail: Text, status: Status, code: String? = nil) -> Response {
        var values = words
        values["title"] = title[language]
        values["heading"] = title[language]
        values["text"] = detail[language]
        if let code {
            values["code"] = code
            values["request"] = request.id
        }
        return page(values, status, formTarget: nil)
    }

    func refusal(_ problem: Problem) -> Response {
        var response = refusal(
            problem.kind.title, problem.detail ?? problem.kind.detail, status: problem.kind.status,
            code: problem.kind.code)
        response.headers += problem.headers
        return response
    }

    // MARK: Inside

    private func page(_ values: [String: Any], _ status: Status, formTarget: RedirectURI?) -> Response {
        var response = Response(
            status, contentType: "text/html; charset=utf-8", body: services.pages.authorization(values))
        // Browsers hold what a form leads to against form-action, too: so the app's own address stands there.
        let target = formTarget.map { "'self' \($0.policySource)" } ?? "'none'"
        response.headers = [
            (
                "Content-Security-Policy",
                "default-src 'none'; style-src \(services.pages.styleSource); form-action \(target); "
                    + "base-uri 'none'; frame-ancestors 'none'"
            ),
            ("X-Frame-Options", "DENY"), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
            // The form's token stands beside words of the request: such a thing is not compressed (decision 0016).
            ("Cache-Control", "no-store, no-transform"),
            ("Content-Language", language.rawValue), ("Vary", "Accept-Language, Cookie"),
        ]
        return response
    }

    private func promises(_ scopes: [String]) -> [String] {
        let known = scopes.compactMap { PersonScope(rawValue: $0) }
        // Who may do everything may also read.
        let shown = known.contains(.person) ? [.person] : known
        return shown.map { $0.promise[language] }
    }

    private func destination(_ redirect: RedirectURI) -> String {
        guard let host = redirect.host else {
            return Text(
                ru: "После входа вы вернётесь в приложение на этом устройстве.",
                en: "After signing in you return to the app on this device.")[language]
        }
        return Text(ru: "После входа вы вернётесь на \(host).", en: "After signing in you return to \(host).")[language]
    }

    private static let signIn = Text(ru: "Вход в дневник", en: "Sign in to the diary")

    private var words: [String: Any] {
        let words: [String: Text] = [
            "error": Text(ru: "Ошибка", en: "Error"),
            "asks": Text(ru: "Приложение", en: "The app"),
            "wants": Text(ru: "хочет:", en: "wants to:"),
            "login": Text(ru: "Логин", en: "Login"),
            "password": Text(ru: "Пароль", en: "Password"),
            "allow": Text(ru: "Войти и разрешить", en: "Sign in and allow"),
            "cancel": Text(ru: "Отказать", en: "Refuse"),
            "care": Text(
                ru: "Приложение не узнает ваш пароль. Разрешение можно отозвать, завершив сеанс в дневнике.",
                en: "The app does not learn your password. You can take the permission back by ending the session."),
        ]
        return ["language": language.rawValue, "words": words.mapValues { $0[language] }]
    }
}
