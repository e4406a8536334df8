import HTTP1
import Postgres
import Reactor
import Web

/// Who is calling: a person, through one of the school's own apps or a third-party app (`client`), or an integration,
/// which has a `client` and no user. Only `Authorizer` makes one, `absent` for the background, and `OwnerSnapshot` for commands.
package struct Caller {
    private let core: Services?
    /// Those of the core. The caller of a command has none.
    package var services: Services {
        guard let core else { preconditionFailure("a command reads without services") }
        return core
    }
    /// Empty for an integration and on open routes.
    package let user: String
    package let session: String
    /// The client, unless it is one of the school's own apps.
    package let client: String?
    package let school: School
    package let roles: Set<Role>
    /// An integration's scopes; empty for people.
    package let scopes: Set<ProgramScope>
    package let requestsPerMinute: Int?
    package let requestID: String
    /// The client's numeric address.
    package let address: String
    package let timing: RequestTiming

    fileprivate init(_ services: Services, _ claims: AccessClaims, _ school: School, _ request: Request) {
        core = services
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

    /// An unidentified caller, for open routes.
    fileprivate init(_ services: Services, _ request: Request) {
        core = services
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

    /// A person who is not there, see `absent`.
    init(
        _ services: Services, _ school: School, person: String, client: String?, session: String, roles: Set<Role>,
        requestID: String
    ) {
        core = services
        self.requestID = requestID
        address = ""
        timing = RequestTiming()
        self.school = school
        user = person
        self.session = session
        self.client = client
        self.roles = roles
        scopes = []
        requestsPerMinute = nil
    }

    /// The owner of the database, who reads what a head of the school reads.
    init(command school: School) {
        core = nil
        requestID = ""
        address = ""
        timing = RequestTiming()
        self.school = school
        user = ""
        session = ""
        client = nil
        roles = [.head]
        scopes = []
        requestsPerMinute = nil
    }

    /// Then `user` is empty.
    package var isIntegration: Bool { client != nil && user.isEmpty }

    /// The person as an SQL parameter; NULL for an integration.
    package var person: Parameter { user.isEmpty ? .null : .text(user) }

    /// The owner of an `Idempotency-Key`: the person together with the client, or the integration.
    package var owner: String { [user, client ?? ""].filter { !$0.isEmpty }.joined(separator: " ") }

    /// Heads, deputy heads and integrations with `journal.read` read everything of the school.
    package var readsAll: Bool { !roles.isDisjoint(with: [.head, .deputyHead]) || scopes.contains(.journalRead) }

    /// Maintains the people and the set-up of the whole school.
    package var manages: Bool { !roles.isDisjoint(with: [.administrator, .head, .deputyHead]) }

    /// Only students and guardians: neither staff nor an integration.
    package var isFamilyOnly: Bool { !isIntegration && roles.isSubset(of: [.guardian, .student]) }

    package var scope: Scope {
        Scope(
            school: school.id, user: user, session: session, client: client, timeZone: school.timeZone,
            requestID: requestID, timeout: services.settings.statementTimeout, timing: timing)
    }

    /// Reads in one snapshot and one round trip, in the caller's name.
    package func read(_ queries: Query...) async throws -> [Rows] { try await read(queries) }

    package func read(_ queries: [Query]) async throws -> [Rows] { try await services.lanes.read(scope, queries) }

    /// For an answer that needs no data: checks that the session, or the integration's access, has not ended.
    package func requireAccess() async throws { _ = try await read(Self.nothing()) }

    /// K2: records that an answer shows the profiles of these students. To be called before its first byte is sent.
    package func recordReadings(of students: [String]) async throws {
        guard !students.isEmpty else { return }
        _ = try await services.lanes.write(scope, [Self.readings(.texts(students))])
    }

    private static let nothing = Statement("SELECT")
    private static let readings = Statement("SELECT lyceum.record_readings($1::uuid[])")
}

extension Access {
    /// Whether a route with this rule would let the caller in, for lists of what there is.
    package func admits(_ caller: Caller) -> Bool {
        if caller.isIntegration { return !scopes.isDisjoint(with: caller.scopes) }
        if isForOwnApps, caller.client != nil { return false }
        return switch people {
        case .anybody: true
        case .signedIn: !caller.user.isEmpty
        case .roles(let roles): !roles.isDisjoint(with: caller.roles)
        }
    }
}

/// Turns a request and a route's rule into a caller.
package struct Authorizer {
    private let services: Services

    package init(services: Services) { self.services = services }

    /// The caller without a query, as for most requests; nil when the school has to be looked up first.
    package func admitNow(_ request: Request, _ rule: Access) throws -> Caller? {
        guard let claims = try claims(of: request, rule) else { return Caller(services, request) }
        return services.schools.known(id: claims.school).map { Caller(services, claims, $0, request) }
    }

    package func admit(_ request: Request, _ rule: Access) async throws -> Caller {
        guard let claims = try claims(of: request, rule) else { return Caller(services, request) }
        guard let school = try await services.schools.find(id: claims.school) else { throw Problem.invalidToken }
        return Caller(services, claims, school, request)
    }

    /// Nil on open routes.
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
            // After the check of the role: without the role, no scope would help.
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

    /// RFC 6750 section 3: the challenge names an error only when the request had a token.
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

    /// RFC 6750 section 3.1. If no scope would help, the problem is `notForPrograms`.
    ///
    /// - Parameter wanted: scopes of which each alone is enough.
    package static func insufficientScope(_ wanted: [String]) -> Problem {
        let scopes = wanted.sorted().joined(separator: " ")
        return Problem(
            .insufficientScope,
            headers: [("WWW-Authenticate", "Bearer error=\"insufficient_scope\", scope=\"\(scopes)\"")])
    }
}
