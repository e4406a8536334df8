import DiaryTestSupport
import JSON
import Postgres
import Testing

/// The second step on the sign-in page: a code of the second factor, and setting one up where the school asks for it.
@Suite(.serialized) struct AppSecondFactorTests {
    let school: SecondFactorSchool
    let apps: AppSchool
    let app: AppSchool.Registered

    init() async throws {
        school = try await SecondFactorSchool(of: Self.self)
        apps = try AppSchool(school.server)
        app = try apps.app("Журнал в кармане \(Int.random(in: 0..<1_000_000))")
    }

    private func password(_ login: String) throws -> TestClient.Answer {
        let form = try AppSchool.Form(apps.page(try apps.parameters(app.clientID)))
        return try apps.submit(form, AppSchool.allowing(login, CredentialSchool.password))
    }

    /// The form of an answer to one, whose cookie the browser has already.
    private func next(_ answer: TestClient.Answer, _ first: AppSchool.Form) throws -> AppSchool.Form {
        #expect(answer["Set-Cookie"] == nil, "the browser keeps its cookie")
        return AppSchool.Form(answer, cookie: first.cookie)
    }

    private func typing(_ code: String) -> [(String, String)] { [("otp", code), ("action", "allow")] }

    /// A teacher with a second factor, on the page that asks for the code.
    private func secondStep(
        _ index: Int
    ) throws -> (login: String, app: Authenticator, recoveryCodes: [String], form: AppSchool.Form) {
        let (_, login, _, authenticator, recoveryCodes) = try school.teacherWithFactor(index)
        let first = try AppSchool.Form(apps.page(try apps.parameters(app.clientID)))
        let answer = try apps.submit(first, AppSchool.allowing(login, CredentialSchool.password))
        #expect(answer.status == 200, "\(answer.text)")
        return (login, authenticator, recoveryCodes, try next(answer, first))
    }

    @Test func theCodeIsAskedForInAStepOfItsOwnWithoutThePassword() throws {
        let (_, authenticator, _, form) = try secondStep(0)
        let page = try apps.submit(form, typing(""))
        #expect(page.status == 400)
        #expect(page.text.contains("autocomplete=\"one-time-code\""))
        #expect(!page.text.contains("id=\"password\"") && !page.text.contains(CredentialSchool.password))
        #expect(!form.fields.contains { $0.1.contains(CredentialSchool.password) })
        let answer = try apps.submit(form, typing(try authenticator.code))
        let sent = try AppSchool.sentBack(answer)
        #expect(sent["state"] == "af0ifjsldkj", "\(answer.status) \(answer.text)")
        #expect(try apps.exchange(try #require(sent["code"]), app.clientID).status == 200)
        // No code works twice.
        #expect(try apps.submit(form, typing(try authenticator.code)).status == 400)
    }

    @Test func aRecoveryCodeDoesAsWell() throws {
        let (_, _, recoveryCodes, form) = try secondStep(1)
        let code = try #require(recoveryCodes.first)
        #expect(try AppSchool.sentBack(try apps.submit(form, typing(code)))["code"] != nil)
        #expect(try apps.submit(form, typing(code)).status == 400)
    }

    @Test func A6_wrongCodesAreCountedAsWrongPasswordsAre() throws {
        let (_, authenticator, _, form) = try secondStep(2)
        for _ in 0..<5 {
            let answer = try apps.submit(form, typing(try authenticator.wrongCode))
            #expect(answer.status == 400)
            #expect(answer.text.contains("role=\"alert\""))
        }
        let locked = try apps.submit(form, typing(try authenticator.code))
        #expect(locked.status == 429)
        #expect((840...900).contains(Int(locked["Retry-After"] ?? "") ?? 0))
        #expect(locked["Location"] == nil)
    }

    @Test func aSecondStepIsItsBrowsersAndItsRequestsAndSoonOver() throws {
        let (login, authenticator, _, form) = try secondStep(3)
        let other = try AppSchool.Form(apps.page(try apps.parameters(app.clientID)))
        var bad = form
        bad.cookie = other.cookie
        #expect(try apps.submit(bad, typing(try authenticator.code)).status == 403)
        bad = form
        bad.fields[bad.fields.firstIndex { $0.0 == "state" }!].1 = "other"
        #expect(try apps.submit(bad, typing(try authenticator.code)).status == 403)
        // The token of the first step is no second one.
        #expect(try apps.submit(other, typing(try authenticator.code)).status == 400)
        // A new password, and it is worth nothing.
        try school.server.owner().query(
            "UPDATE users SET password_changed_at = now() WHERE school_id = $1 AND login = $2",
            [String(apps.ids.school), login])
        let stale = try apps.submit(form, typing(try authenticator.code))
        #expect(stale.status == 400)
        #expect(stale.text.contains("id=\"password\""), "begins anew")
        let late = try AppSchool.Form(apps.page(try apps.parameters(app.clientID)))
        let again = try next(try apps.submit(late, AppSchool.allowing(login, CredentialSchool.password)), late)
        school.clock.advance(steps: 11)
        #expect(try apps.submit(again, typing(try authenticator.code)).status == 403)
    }

    @Test func whoHasToSetOneUpDoesSoOnThePageAndIsSignedIn() throws {
        let (_, login) = try school.teacher(4)
        try school.requiring {
            let first = try AppSchool.Form(apps.page(try apps.parameters(app.clientID)))
            let answer = try apps.submit(first, AppSchool.allowing(login, CredentialSchool.password))
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.text.contains("href=\"otpauth://totp/"))
            let shown = try #require(answer.text.firstMatch(of: /<dd><code>([A-Z2-7 ]+)<\/code><\/dd>/)).output.1
            let authenticator = try Authenticator(secret: String(shown).replacing(" ", with: ""), school.clock)
            let form = try next(answer, first)
            let wrong = try apps.submit(form, typing(try authenticator.wrongCode))
            #expect(wrong.status == 400)
            #expect(wrong.text.contains(shown), "the same key again")
            let confirmed = try apps.submit(try next(wrong, first), typing(try authenticator.code))
            #expect(confirmed.status == 200, "\(confirmed.text)")
            let codes = confirmed.text.matches(of: /<li><code>([^<]+)<\/code><\/li>/).map { String($0.output.1) }
            #expect(codes.count == 10)
            let last = try next(confirmed, first)
            #expect(try apps.submit(last, typing(try authenticator.code)).status == 400, "the first code is spent")
            school.clock.advance()
            let sent = try AppSchool.sentBack(try apps.submit(last, typing(try authenticator.code)))
            #expect(try apps.exchange(try #require(sent["code"]), app.clientID).status == 200)
        }
    }

    @Test func aCodeOfBeforeTheSchoolAskedForOneOpensNothing() throws {
        let (_, login) = try school.teacher(5)
        let answer = try password(login)
        let code = try #require(try AppSchool.sentBack(answer)["code"])
        try school.requiring {
            let refused = try apps.exchange(code, app.clientID)
            #expect(refused.status == 400)
        }
    }

    @Test func aCodeOfBeforeASecondFactorWasSetUpOpensNothing() throws {
        let (_, login) = try school.teacher(6)
        let client = try school.client(login)
        let code = try #require(try AppSchool.sentBack(try password(login))["code"])
        let secret = try #require(try SecondFactorSchool.begin(client).json["secret"]?.string)
        let confirmed = try SecondFactorSchool.confirm(client, try Authenticator(secret: secret, school.clock).code)
        #expect(confirmed.status == 200, "\(confirmed.text)")
        #expect(try apps.exchange(code, app.clientID).status == 400)
    }
}
