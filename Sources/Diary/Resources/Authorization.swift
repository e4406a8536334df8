import Crypto
import HTTP1
import Postgres
import Reactor
import Web

/// The server's own sign-in page, to which apps of others send people: RFC 6749 section 4.1 with PKCE (RFC 7636), as RFC 9700
/// wants it. The password is typed here and nowhere else.
enum Authorization {
    static let routes: [Route<Access, Caller>] = [
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

    /// The form comes back: who refuses is believed, who allows has to sign in.
    @Sendable static func decide(_ request: Request, _ caller: Caller) async throws -> Response {
        let page = AuthorizationPage(request: request, services: caller.services)
        return try await answering(page) {
            guard request.mediaType == "application/x-www-form-urlencoded" else { throw Problem(.unsupportedMediaType) }
            let items = try await request.fields()
            let asked = try await AuthorizationRequest(items, caller.services, request)
            func field(_ name: String) -> String? {
                let values = items.filter { $0.name == name }
                return values.count == 1 ? values[0].value : nil
            }
            guard try page.isOwn(field("form_token") ?? "", asked) else {
                return try page.form(asked, error: staleForm, status: .forbidden)
            }
            if field("action") == "cancel" {
                let refusal = AuthorizationAnswer.Content.error("access_denied", "the person refused")
                throw AuthorizationRefusal.told(
                    AuthorizationAnswer(redirect: asked.redirect, state: asked.state, refusal))
            }
            let login = field("username") ?? ""
            let password = field("password") ?? ""
            guard !login.isEmpty, !password.isEmpty else {
                return try page.form(asked, login: login, error: nothingTyped, status: .badRequest)
            }
            do {
                let code = try await signIn(login, password, asked, caller)
                let answer = AuthorizationAnswer(redirect: asked.redirect, state: asked.state, .code(code))
                return answer.response(issuer: caller.services.issuer(request))
            } catch {
                guard let problem = (error as? Problem) ?? DatabaseProblems.problem(for: error) else { throw error }
                let text = problem.kind == .invalidGrant ? wrongPassword : problem.kind.detail
                var response = try page.form(asked, login: login, error: text, status: problem.kind.status)
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

    // MARK: Signing in

    /// The code for a person whose password was right (A6: counted and slowed as everywhere).
    ///
    /// - Throws: `invalid_grant`, whatever was wrong.
    private static func signIn(
        _ login: String, _ password: String, _ asked: AuthorizationRequest, _ caller: Caller
    ) async throws -> OpaqueToken {
        let services = caller.services
        let client = asked.client
        let school = Parameter.integer(client.school.id)
        let scope = Scope(
            school: client.school.id, timeZone: client.school.timeZone, requestID: caller.requestID,
            timing: caller.timing)
        let (attempt, rows) = try await SignInAttempt.begin(
            services, scope, login: login, address: caller.address, [Tokens.account(school, .text(login))])
        let stored = rows[0].isEmpty ? nil : rows[0].text(0, "password_hash")
        let matches = try await attempt.hash {
            try PasswordHash.verify(password, against: stored ?? PasswordHash.dummy).matches
        }
        guard let user = rows[0].isEmpty ? nil : rows[0].text(0, "id"), stored != nil, matches,
            rows[0].text(0, "state") == "active"
        else { throw Problem.invalidGrant }
        let code = OpaqueToken.make(.authorizationCode, school: client.school.id, id: services.newID())
        let made = try await services.lanes.write(
            scope,
            [
                attempt.success, forget(school),
                keep(
                    school, .text(code.id), .text(client.id), .text(user), .bytes(try code.hash()),
                    .text(asked.redirect.text), .text(asked.challenge), .texts(asked.scopes),
                    .text(rows[0].text(0, "password_changed_at"))),
            ])
        // While it was hashed, the password was changed or the person shut out.
        guard made[2].affected == 1 else { throw Problem.invalidGrant }
        return code
    }

    private static let keep = Statement(
        """
        INSERT INTO authorization_codes (
            school_id, id, client_id, user_id, secret_hash, redirect_uri, code_challenge, scopes, password_changed_at,
            expires_at
        )
        SELECT u.school_id, $2::uuid, $3::uuid, u.id, $5::bytea, $6, $7, $8::text[], u.password_changed_at,
            now() + make_interval(secs => \(AuthorizationCodeGrant.lifetime))
        FROM users u
        WHERE u.school_id = $1 AND u.id = $4::uuid AND u.state = 'active'
            AND u.password_changed_at IS NOT DISTINCT FROM $9::timestamptz
        FOR SHARE
        """)

    /// A day is long enough to notice a second use. A hundred at a time, so that no sign-in pays for all those before it.
    private static let forget = Statement(
        """
        DELETE FROM authorization_codes
        WHERE ctid = ANY (ARRAY(
            SELECT a.ctid FROM authorization_codes a
            WHERE a.school_id = $1 AND a.created_at < now() - interval '1 day'
            ORDER BY a.created_at
            LIMIT 100
            FOR UPDATE SKIP LOCKED
        ))
        """)

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
    private static let nothingTyped = Text(ru: "Введите логин и пароль.", en: "Type your login and password.")
    private static let wrongPassword = Text(ru: "Логин или пароль неверны.", en: "Login or password are wrong.")
}
