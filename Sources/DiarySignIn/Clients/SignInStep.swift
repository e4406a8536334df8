import Diary
import HTTP1
import Postgres
import Web

/// One step of a sign-in on the page: takes the typed values and answers with the next form or the redirect to the app.
struct SignInStep {
    let page: AuthorizationPage
    let asked: AuthorizationRequest

    private var services: Services { page.services }
    private var school: School { asked.client.school }

    func password(_ login: String, _ password: String) async throws -> Response {
        guard !login.isEmpty, !password.isEmpty else {
            return try page.form(asked, login: login, error: Self.nothingTyped, status: .badRequest)
        }
        let outcome = try await SignIn.verify(
            SignIn.Credentials(school: school.code, login: login, password: password), from: page.request, via: .page,
            services)
        return try await answer(outcome, login, .password)
    }

    func code(_ code: String, _ known: SignIn.SecondStep) async throws -> Response {
        guard !code.isEmpty else {
            return try page.form(asked, .code(known), error: Self.nothingTyped, status: .badRequest)
        }
        let outcome = try await SignIn.resume(known, code: code, at: school, from: page.request, services)
        return try await answer(outcome, known.login, .code(known))
    }

    /// Takes the first code of a newly set-up authenticator app. The code is spent by that; the person signs in with
    /// the next one.
    func setUp(_ code: String, _ setUp: SignInProgress.SetUp) async throws -> Response {
        let (factor, ticket) = try await SecondFactorEnrolment.factor(of: setUp.ticket, page.request, services)
        guard !code.isEmpty, let codes = try await factor.confirm(code, on: .ticket(ticket)) else {
            return try page.form(asked, .setUp(setUp), error: Self.wrongCode, status: .badRequest)
        }
        let known = SignIn.SecondStep(
            user: ticket.user, login: setUp.login, passwordChangedAt: ticket.passwordChangedAt)
        return try page.form(asked, .code(known), recoveryCodes: codes)
    }

    private func answer(_ outcome: SignIn.Outcome, _ login: String, _ progress: SignInProgress) async throws -> Response
    {
        switch outcome {
        case .right(let person):
            guard let code = try await keepCode(for: person) else {
                return try page.form(asked, login: login, error: Self.wrongPassword, status: .badRequest)
            }
            await person.renewHash()
            return AuthorizationAnswer(redirect: asked.redirect, state: asked.state, .code(code))
                .response(issuer: services.issuer(page.request))
        case .refused, .passwordGrantForbidden:
            return try page.form(asked, login: login, error: Self.wrongPassword, status: .badRequest)
        case .codeMissing(let known): return try page.form(asked, .code(known))
        case .codeWrong: return try page.form(asked, progress, error: Self.wrongCode, status: .badRequest)
        case .setUpMissing(let ticket): return try await begin(ticket, login)
        }
    }

    private func begin(_ text: String, _ login: String) async throws -> Response {
        let (factor, ticket) = try await SecondFactorEnrolment.factor(of: text, page.request, services)
        guard let made = try await factor.begin(passwordChangedAt: ticket.passwordChangedAt) else {
            throw Problem.invalidTicket
        }
        return try page.form(
            asked, .setUp(.init(ticket: text, login: login, secret: made.secret, uri: made.uri)))
    }

    /// Nil when the password has changed since, or the person or the app is blocked.
    private func keepCode(for person: SignIn) async throws -> OpaqueToken? {
        let school = Parameter.integer(school.id)
        let code = OpaqueToken.make(.authorizationCode, school: self.school.id, id: services.newID())
        let made = try await services.lanes.write(
            person.scope,
            [
                Self.keep(
                    school, .text(code.id), .text(asked.client.id), .text(person.user), .bytes(try code.hash()),
                    .text(asked.redirect.text), .text(asked.challenge), .texts(asked.scopes),
                    .text(person.passwordChangedAt)),
                person.settled,
            ])
        return made[0].affected == 1 ? code : nil
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
        JOIN clients c ON c.school_id = u.school_id AND c.id = $3::uuid AND c.state = 'active'
        WHERE u.school_id = $1 AND u.id = $4::uuid AND u.state = 'active'
            AND u.password_changed_at IS NOT DISTINCT FROM $9::timestamptz
        FOR SHARE OF u
        FOR KEY SHARE OF c
        """)

    private static let nothingTyped = Text(ru: "Заполните все поля.", en: "Fill in all fields.")
    private static let wrongPassword = Text(ru: "Логин или пароль неверны.", en: "The login or the password is wrong.")
    private static let wrongCode = Text(
        ru: "Код неверен или уже использован. Дождитесь следующего.",
        en: "The code is wrong or already used. Wait for the next one.")
}
