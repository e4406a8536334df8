import Diary
import HTTP1
import Web

/// The steps of the sign-in page, and the error pages shown instead of it.
struct AuthorizationPage {
    let request: Request
    let services: Services

    private var language: Language { request.language }
    private var isSecure: Bool { services.issuer(request).hasPrefix("https://") }

    /// The form of a step, with the error of the previous attempt.
    ///
    /// - Parameters:
    ///   - login: the login as the person typed it, for the first step.
    ///   - recoveryCodes: shown above the form, only this once.
    func form(
        _ asked: AuthorizationRequest, _ progress: SignInProgress = .password, login: String = "",
        recoveryCodes: [String] = [], error: Text? = nil, status: Status = .ok
    ) throws -> Response {
        let cookie = FormTokens.cookie(of: request, isSecure: isSecure)
        var values = common
        let heading = heading(progress, hasCodes: !recoveryCodes.isEmpty)
        values["title"] = "\(heading) — \(asked.client.schoolName)"
        values["heading"] = heading
        values["school"] = asked.client.schoolName
        values["form"] = true
        values["app"] = asked.client.name
        values["destination"] = destination(asked.redirect)
        values["parameters"] = asked.parameters.map { ["name": $0.name, "value": $0.value] }
        values["token"] = try services.signIn.formTokens.make(
            progress.bytes, lifetime: progress.lifetime, at: services.settings.now(), cookie.value, asked.parameters)
        values["error"] = error?[language]
        switch progress {
        case .password:
            values["asksPassword"] = true
            values["promises"] = promises(asked.scopes)
            if !login.isEmpty { values["login"] = login }
        case .code: values["asksCode"] = true
        case .setUp(let setUp):
            values["asksCode"] = true
            values["setUp"] = ["secret": Self.grouped(setUp.secret), "uri": setUp.uri]
        }
        if !recoveryCodes.isEmpty { values["recovery"] = ["codes": recoveryCodes] }
        var response = page(values, status, formTarget: asked.redirect)
        if cookie.isNew {
            response.headers.append(("Set-Cookie", FormTokens.field(cookie.value, isSecure: isSecure)))
        }
        return response
    }

    /// The progress of the sign-in; nil unless this browser was shown this form for these parameters.
    func progress(_ token: String, _ asked: AuthorizationRequest) throws -> SignInProgress? {
        let cookie = FormTokens.cookie(of: request, isSecure: isSecure)
        guard !cookie.isNew,
            let content = try services.signIn.formTokens.content(
                of: token, at: services.settings.now(), cookie.value, asked.parameters)
        else { return nil }
        return try SignInProgress(content)
    }

    /// A page for a person who cannot continue.
    func refusal(_ title: Text, _ detail: Text, status: Status, code: String? = nil) -> Response {
        var values = common
        values["title"] = title[language]
        values["heading"] = title[language]
        values["text"] = detail[language]
        if let code { values["problem"] = ["code": code, "request": request.id] }
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
            status, contentType: "text/html; charset=utf-8", body: services.signIn.pages.authorization(values))
        // Browsers check the redirect after a form against form-action, too, so it lists the app's address.
        let target = formTarget.map { "'self' \($0.policySource)" } ?? "'none'"
        response.headers = [
            (
                "Content-Security-Policy",
                "default-src 'none'; style-src \(services.signIn.pages.styleSource); form-action \(target); "
                    + "base-uri 'none'; frame-ancestors 'none'"
            ),
            ("X-Frame-Options", "DENY"), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
            // The page contains the form's token beside text of the request, so it is not compressed (decision 0016).
            ("Cache-Control", "no-store, no-transform"),
            ("Content-Language", language.rawValue), ("Vary", "Accept-Language, Cookie"),
        ]
        return response
    }

    private func heading(_ progress: SignInProgress, hasCodes: Bool) -> String {
        let text =
            switch progress {
            case .password: Text(ru: "Вход в дневник", en: "Sign in to the diary")
            case .code where hasCodes: Text(ru: "Запасные коды", en: "Recovery codes")
            case .code: Text(ru: "Код подтверждения", en: "Confirmation code")
            case .setUp: Text(ru: "Второй фактор", en: "Second factor")
            }
        return text[language]
    }

    private func promises(_ scopes: [String]) -> [String] {
        let known = scopes.compactMap { PersonScope(rawValue: $0) }
        // The full scope includes reading.
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

    /// Groups of four, which are easier to copy from the screen.
    private static func grouped(_ secret: String) -> String {
        let characters = Array(secret)
        return stride(from: 0, to: characters.count, by: 4)
            .map { String(characters[$0..<min($0 + 4, characters.count)]) }
            .joined(separator: " ")
    }

    private var common: [String: Any] {
        ["language": language.rawValue, "words": Self.words.mapValues { $0[language] }]
    }

    private static let words: [String: Text] = [
        "error": Text(ru: "Ошибка", en: "Error"),
        "asks": Text(ru: "Приложение", en: "The app"),
        "wants": Text(ru: "хочет:", en: "wants to:"),
        "login": Text(ru: "Логин", en: "Login"),
        "password": Text(ru: "Пароль", en: "Password"),
        "code": Text(ru: "Код из приложения-аутентификатора", en: "Code from the authenticator app"),
        "orRecovery": Text(
            ru: "Нет телефона под рукой? Введите один из запасных кодов.",
            en: "No phone at hand? Type one of your recovery codes."),
        "allow": Text(ru: "Войти и разрешить", en: "Sign in and allow"),
        "next": Text(ru: "Подтвердить", en: "Confirm"),
        "cancel": Text(ru: "Отказать", en: "Refuse"),
        "care": Text(
            ru: "Приложение не узнает ваш пароль. Разрешение можно отозвать, завершив сеанс в дневнике.",
            en: "The app does not learn your password. You can withdraw access by ending the session in the diary."),
        "setUp": Text(
            ru: """
                Школа просит сотрудников подтверждать вход кодом. Откройте на телефоне приложение-аутентификатор, добавьте \
                в нём учётную запись с этим ключом и введите код, который оно покажет.
                """,
            en: """
                The school asks its staff for a code at sign-in. Open an authenticator app on your phone, add an account \
                with this key, and type the code that it shows.
                """),
        "key": Text(ru: "Ключ", en: "Key"),
        "open": Text(ru: "Открыть в приложении на этом устройстве", en: "Open in the app on this device"),
        "recovery": Text(
            ru: """
                Второй фактор настроен. Сохраните запасные коды: с каждым можно один раз войти без телефона, и больше их \
                не покажут. Чтобы войти, введите следующий код из приложения: он сменится через полминуты.
                """,
            en: """
                The second factor is set up. Keep these recovery codes: each lets you sign in once without the phone, and \
                they are not shown again. To sign in, type the app's next code, which appears within half a minute.
                """),
    ]
}
