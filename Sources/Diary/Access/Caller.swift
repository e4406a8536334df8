import HTTP1
import Postgres
import Reactor
import Web

/// Who is calling: a person, with an app of the school's own or with one of others (`client`), or an integration, which is
/// a `client` and nobody. Only `Authorizer` makes one.
package struct Caller {
    package let services: Services
    /// Empty of an integration, and where nobody is asked for.
    package let user: String
    package let session: String
    /// The program, where it is not one of the school's own.
    package let client: String?
    package let school: School
    package let roles: Set<Role>
    /// What an integration may do; of people none.
    package let scopes: Set<ProgramScope>
    package let requestsPerMinute: Int?
    package let requestID: String
    /// Numeric, of the client.
    package let address: String
    package let timing: RequestTiming

    fileprivate init(_ services: Services, _ claims: AccessClaims, _ school: School, _ request: Request) {
        self.services = services
        requestID = request.id
        address = request.peer
        timing = request.timing
        self.school = school
        user = claims.isIntegration ? "" : claims.subject
        session = claims.session
        client = claims.client
        roles = claims.isIntegration ? [] : Set(claims.roles.compactMap { Role(rawValue: $0) })
        scopes = claims.isIntegration ? claims.programScopes : []
        requestsPerMinute = claims.requestsPerMinute
    }

    /// Nobody in particular, for open routes.
    fileprivate init(_ services: Services, _ request: Request) {
        self.services = services
        requestID = request.id
        address = request.peer
        timing = request.timing
        school = .unknown
        user = ""
        session = ""
        client = nil
        roles = []
        scopes = []
        requestsPerMinute = nil
    }

    /// No person: `user` is empty.
    package var isIntegration: Bool { client != nil && user.isEmpty }

    /// The person for SQL; NULL of an integration.
    package var person: Parameter { user.isEmpty ? .null : .text(user) }

    /// Whose an `Idempotency-Key` is: the person's with this program, or the program's.
    package var owner: String { [user, client ?? ""].filter { !$0.isEmpty }.joined(separator: " ") }

    /// Heads and deputy heads read everything of the school.
    package var readsAll: Bool { !roles.isDisjoint(with: [.head, .deputyHead]) || scopes.contains(.journalRead) }

    /// Keeps the whole school's people and set-up.
    package var manages: Bool { !roles.isDisjoint(with: [.administrator, .head, .deputyHead]) }

    /// Neither staff nor a program: pupils and guardians.
    package var isFamilyOnly: Bool { !isIntegration && roles.isSubset(of: [.guardian, .student]) }

    package var scope: Scope {
        Scope(
            school: school.id, user: user, session: session, client: client, timeZone: school.timeZone,
            requestID: requestID, timeout: services.settings.statementTimeout, timing: timing)
    }

    /// Reads in one snapshot and one round trip, in the caller's name.
    package func read(_ queries: Query...) async throws -> [Rows] { try await read(queries) }

    package func read(_ queries: [Query]) async throws -> [Rows] { try await services.lanes.read(scope, queries) }
}

/// Turns a request and a route's rule into a caller.
package struct Authorizer {
    private let services: Services

    package init(services: Services) { self.services = services }

    /// The caller of most requests: nil when the school has to be asked for.
    package func admitNow(_ request: Request, _ rule: Access) throws -> Caller? {
        guard let claims = try claims(of: request, rule) else { return Caller(services, request) }
        return services.schools.known(id: claims.school).map { Caller(services, claims, $0, request) }
    }

    package func admit(_ request: Request, _ rule: Access) async throws -> Caller {
        guard let claims = try claims(of: request, rule) else { return Caller(services, request) }
        guard let school = try await services.schools.find(id: claims.school) else { throw Problem.invalidToken }
        return Caller(services, claims, school, request)
    }

    /// Nil where anybody may call.
    private func claims(of request: Request, _ rule: Access) throws -> AccessClaims? {
        if rule.people == .anybody { return nil }
        let claims = try claims(of: request)
        if claims.isIntegration {
            guard !rule.scopes.isEmpty else { throw Problem(.notForPrograms) }
            guard !rule.scopes.isDisjoint(with: claims.programScopes) else {
                throw Problem.insufficientScope(rule.scopes.map { $0.rawValue })
            }
        } else {
            if claims.client != nil, rule.isForOwnApps { throw Problem(.notForPrograms) }
            if case .roles(let wanted) = rule.people {
                guard claims.roles.contains(where: { role in wanted.contains { $0.rawValue == role } }) else {
                    throw Problem(.forbidden)
                }
            }
            // Behind the role: without it, no scope would help.
            if claims.client != nil { try admitApp(claims, request) }
        }
        return claims
    }

    private func admitApp(_ claims: AccessClaims, _ request: Request) throws {
        let isReading = [.get, .head].contains(request.head.method)
        let sufficient: [PersonScope] = isReading ? [.person, .personRead] : [.person]
        guard sufficient.contains(where: { claims.scopes.contains($0.rawValue) }) else {
            throw Problem.insufficientScope([PersonScope.person.rawValue])
        }
    }

    /// RFC 6750 section 3: without any token the challenge stands alone; with a bad one it says so.
    private func claims(of request: Request) throws -> AccessClaims {
        guard let authorization = request.head["Authorization"].map({ AuthorizationField($0) }),
            authorization.isScheme("Bearer"),
            !authorization.rest.isEmpty
        else { throw Problem(.unauthorized, headers: [("WWW-Authenticate", "Bearer")]) }
        guard let claims = services.tokens.verify(authorization.rest) else { throw Problem.invalidToken }
        return claims
    }
}

extension Problem {
    package static var invalidToken: Problem {
        Problem(.invalidToken, headers: [("WWW-Authenticate", "Bearer error=\"invalid_token\"")])
    }

    /// RFC 6750 section 3.1. Where no scope would help it is `notForPrograms`.
    ///
    /// - Parameter wanted: scopes of which any would do.
    static func insufficientScope(_ wanted: [String]) -> Problem {
        let scopes = wanted.sorted().joined(separator: " ")
        return Problem(
            .insufficientScope,
            headers: [("WWW-Authenticate", "Bearer error=\"insufficient_scope\", scope=\"\(scopes)\"")])
    }
}
