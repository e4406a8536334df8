import Diary
import HTTP1
import JSON
import Postgres
import Web

/// The set-up of a second factor before the first session, where the school requires one. It uses the ticket of the
/// token endpoint, which is good only for this.
package enum SecondFactorEnrolment {
    package static let routes: [Route<Access, Caller>] = [
        .post("/v1/auth/second-factor", "beginSecondFactor", access: .open, quota: .signIn, begin),
        .put(
            "/v1/auth/second-factor/confirmation", "confirmSecondFactor", access: .open, quota: .signIn, confirm),
    ]

    @Sendable static func begin(_ request: Request, _ caller: Caller) async throws -> Response {
        try await Tokens.answeringAsOAuth(keepsValidation: true) {
            try QueryReader(request).finish()
            let problems = FieldProblems()
            var reader = ObjectReader(try await request.json(atMost: OpenBody.limit), problems: problems)
            let text = reader.ticket()
            reader.finish()
            if let problem = Problem(problems) { throw problem }
            let (factor, ticket) = try await factor(of: text, request, caller.services)
            guard let setUp = try await factor.begin(passwordChangedAt: ticket.passwordChangedAt) else {
                throw Problem.invalidTicket
            }
            return setUp.response
        }
    }

    /// The code is spent by this; the person signs in with the next one.
    @Sendable static func confirm(_ request: Request, _ caller: Caller) async throws -> Response {
        try await Tokens.answeringAsOAuth(keepsValidation: true) {
            try QueryReader(request).finish()
            let problems = FieldProblems()
            var reader = ObjectReader(try await request.json(atMost: OpenBody.limit), problems: problems)
            let text = reader.ticket()
            let code = reader.secondFactorCode()
            reader.finish()
            if let problem = Problem(problems) { throw problem }
            let (factor, ticket) = try await factor(of: text, request, caller.services)
            guard let codes = try await factor.confirm(code, on: .ticket(ticket)) else {
                throw Problem(.invalidSecondFactor, oauthError: "invalid_grant")
            }
            return .recoveryCodes(codes)
        }
    }

    /// The owner of the ticket and their second factor.
    ///
    /// - Throws: `invalid_ticket`.
    static func factor(
        of text: String, _ request: Request, _ services: Services
    ) async throws -> (factor: SecondFactor, ticket: EnrolmentTicket) {
        guard let ticket = services.signIn.tickets.verify(text),
            let school = try await services.schools.find(id: ticket.school)
        else { throw Problem.invalidTicket }
        let scope = Scope(
            school: school.id, user: ticket.user, timeZone: school.timeZone, requestID: request.id,
            timing: request.timing)
        return (SecondFactor(services, scope, user: ticket.user), ticket)
    }
}

extension ObjectReader {
    fileprivate mutating func ticket() -> String {
        string("ticket", minimumLength: 1, maximumLength: 1000).value ?? ""
    }
}
