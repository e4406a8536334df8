import Diary
import HTTP1
import Web

/// The server's own sign-in page, to which apps of others send people: RFC 6749 section 4.1 with PKCE (RFC 7636), as RFC 9700
/// wants it. The password is typed here and nowhere else.
package enum Authorization {
    package static let routes: [Route<Access, Caller>] = [
        .get("/oauth/authorize", "showAuthorization", access: .open, show),
        .post("/oauth/authorize", "decideAuthorization", access: .open, quota: .signIn, decide),
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        let page = AuthorizationPage(request: request, services: caller.services)
        return try await answering(page) {
            let asked = try await AuthorizationRequest(query(request), caller.services, request)
            return try page.form(asked)
        }
    }

    /// A form comes back: who refuses is believed, who allows has to sign in, in as many steps as that takes.
    @Sendable static func decide(_ request: Request, _ caller: Caller) async throws -> Response {
        let page = AuthorizationPage(request: request, services: caller.services)
        return try await answering(page) {
            guard request.mediaType == "application/x-www-form-urlencoded" else { throw Problem(.unsupportedMediaType) }
            let items = try await request.fields(atMost: OpenBody.limit)
            let asked = try await AuthorizationRequest(items, caller.services, request)
            func field(_ name: String) -> String {
                let values = items.filter { $0.name == name }
                return values.count == 1 ? values[0].value : ""
            }
            guard let progress = try page.progress(field("form_token"), asked) else {
                return try page.form(asked, error: staleForm, status: .forbidden)
            }
            if field("action") == "cancel" {
                let refusal = AuthorizationAnswer.Content.error("access_denied", "the person refused")
                throw AuthorizationRefusal.told(
                    AuthorizationAnswer(redirect: asked.redirect, state: asked.state, refusal))
            }
            let login = field("username")
            do {
                let step = SignInStep(page: page, asked: asked)
                switch progress {
                case .password: return try await step.password(login, field("password"))
                case .code(let known): return try await step.code(field("otp"), known)
                case .setUp(let setUp): return try await step.setUp(field("otp"), setUp)
                }
            } catch {
                guard let problem = (error as? Problem) ?? DatabaseProblems.problem(for: error) else { throw error }
                var response = try page.form(
                    asked, problem.kind == .invalidTicket ? .password : progress, login: login,
                    error: problem.detail ?? problem.kind.detail, status: problem.kind.status)
                response.headers += problem.headers
                return response
            }
        }
    }

    /// Every refusal becomes a page, or is told to the app.
    private static func answering(
        _ page: AuthorizationPage, _ body: () async throws -> Response
    ) async throws -> Response {
        do {
            return try await body()
        } catch AuthorizationRefusal.told(let answer) {
            return answer.response(issuer: page.services.issuer(page.request))
        } catch AuthorizationRefusal.unknownApp {
            return page.refusal(cannotGoOn, unknownApp, status: .badRequest)
        } catch AuthorizationRefusal.unknownRedirect {
            return page.refusal(cannotGoOn, unknownRedirect, status: .badRequest)
        } catch {
            guard let problem = (error as? Problem) ?? DatabaseProblems.problem(for: error) else { throw error }
            return page.refusal(problem)
        }
    }

    private static func query(_ request: Request) throws -> [(name: String, value: String)] {
        do {
            return try QueryItems(request.head.query).items
        } catch {
            throw Problem(.malformedRequest)
        }
    }

    // MARK: Words

    private static let cannotGoOn = Text(ru: "Войти не получится", en: "This sign-in cannot go on")
    private static let unknownApp = Text(
        ru: "Приложение, которое открыло эту страницу, школе неизвестно или заблокировано. Сообщите об этом его "
            + "разработчику или администратору школы.",
        en:
            "The app that opened this page is not known to the school, or is blocked. Tell its developer or the school's "
            + "administrator.")
    private static let unknownRedirect = Text(
        ru:
            "Приложение просит вернуть вас по адресу, который за ним не записан. Чтобы ваш вход не попал к чужим, мы туда "
            + "не отправляем. Сообщите об этом его разработчику.",
        en: "The app asks to send you back to an address that is not registered for it. So that nobody else gets your "
            + "sign-in, you are not sent there. Tell its developer.")
    private static let staleForm = Text(
        ru: "Страница устарела или открыта не этим браузером. Введите логин и пароль ещё раз.",
        en: "The page is too old, or was not opened by this browser. Type login and password once more.")
}
