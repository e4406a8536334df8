import Crypto
import HTTP1
import JSON
import Postgres
import Reactor
import Web

/// What a person does at the school. `class_teacher` is derived from the classes that a teacher leads today.
package enum Role: String, Sendable, Hashable, CaseIterable {
    case administrator
    case head
    case deputyHead = "deputy_head"
    case teacher
    case classTeacher = "class_teacher"
    case guardian
    case student
}

/// Who may call a route. What of it a caller sees is decided by the SQL of the handler.
package struct Access: Sendable, Equatable {
    package enum People: Sendable, Equatable {
        /// Anybody, without a token.
        case anybody
        case signedIn
        /// Signed in with at least one of these roles.
        case roles(Set<Role>)
    }

    package let people: People
    /// Scopes of which one lets an integration in; none: people only.
    package private(set) var scopes: Set<ProgramScope> = []
    /// Not for the apps of others, whatever a person has allowed them: passwords, credentials, the programs themselves.
    package private(set) var isForOwnApps = false

    package static let open = Access(people: .anybody)
    package static let signedIn = Access(people: .signedIn)
    package static func roles(_ roles: Set<Role>) -> Access { Access(people: .roles(roles)) }

    /// Also for integrations with one of these scopes.
    package func programs(_ scopes: ProgramScope...) -> Access {
        var access = self
        access.scopes = Set(scopes)
        return access
    }

    package var ownApps: Access {
        var access = self
        access.isForOwnApps = true
        return access
    }

    static let staff = Access.roles([.administrator, .head, .deputyHead, .teacher, .classTeacher])
    /// What everybody at the school reads of its set-up, and what staff does.
    static let setUp = Access.signedIn.programs(.schoolRead)
    static let setUpOfStaff = Access.staff.programs(.schoolRead)
    static let administrators = Access.roles([.administrator])
    /// Those who set the school up and keep its load.
    static let managers = Access.roles([.administrator, .head, .deputyHead])
    /// Those who keep profiles: managers all, class teachers those of their class (A4).
    static let keepersOfProfiles = Access.roles([.administrator, .head, .deputyHead, .classTeacher])
    /// Those who read marks: administrators run the system and do not (domain: Who does what).
    static let readersOfMarks = Access.roles([.head, .deputyHead, .teacher, .classTeacher, .guardian, .student])
    static let readersOfJournals = Access.roles([.head, .deputyHead, .teacher, .classTeacher])
}

/// Who is calling: a person, with an app of the school's own or with one of others (`client`), or an integration, which is
/// a `client` and nobody. Only `Admission` makes one.
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
    let requestsPerMinute: Int?
    let requestID: String
    /// Numeric, of the client.
    let address: String
    let timing: RequestTiming

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
    var isIntegration: Bool { client != nil && user.isEmpty }

    /// The person for SQL; NULL of an integration.
    var person: Parameter { user.isEmpty ? .null : .text(user) }

    /// Whose an `Idempotency-Key` is: the person's with this program, or the program's.
    var owner: String { [user, client ?? ""].filter { !$0.isEmpty }.joined(separator: " ") }

    /// Heads and deputy heads read everything of the school.
    var readsAll: Bool { !roles.isDisjoint(with: [.head, .deputyHead]) || scopes.contains(.journalRead) }

    /// Keeps the whole school's people and set-up.
    var manages: Bool { !roles.isDisjoint(with: [.administrator, .head, .deputyHead]) }

    /// Neither staff nor a program: pupils and guardians.
    var isFamilyOnly: Bool { !isIntegration && roles.isSubset(of: [.guardian, .student]) }

    var scope: Scope {
        Scope(
            school: school.id, user: user, session: session, client: client, timeZone: school.timeZone,
            requestID: requestID, timeout: services.settings.statementTimeout, timing: timing)
    }

    /// Reads in one snapshot and one round trip, in the caller's name.
    func read(_ queries: Query...) async throws -> [Rows] { try await read(queries) }

    func read(_ queries: [Query]) async throws -> [Rows] { try await services.lanes.read(scope, queries) }
}

/// Turns a request and a route's rule into a caller.
struct Admission {
    let services: Services

    /// The caller of most requests: nil when the school has to be asked for.
    func admitNow(_ request: Request, _ rule: Access) throws -> Caller? {
        guard let claims = try claims(of: request, rule) else { return Caller(services, request) }
        return services.schools.known(id: claims.school).map { Caller(services, claims, $0, request) }
    }

    func admit(_ request: Request, _ rule: Access) async throws -> Caller {
        guard let claims = try claims(of: request, rule) else { return Caller(services, request) }
        guard let school = try await services.schools.find(id: claims.school) else { throw Problem.invalidToken }
        return Caller(services, claims, school, request)
    }

    /// Nil where anybody may call.
    private func claims(of request: Request, _ rule: Access) throws -> AccessClaims? {
        if rule.people == .anybody { return nil }
        let claims = try claims(of: request)
        if claims.isIntegration {
            guard !rule.scopes.isDisjoint(with: claims.programScopes) else {
                throw Problem.insufficientScope(rule.scopes.map { $0.rawValue }.sorted())
            }
        } else {
            try admitApp(claims, request, rule)
            if case .roles(let wanted) = rule.people {
                guard claims.roles.contains(where: { role in wanted.contains { $0.rawValue == role } }) else {
                    throw Problem(.forbidden)
                }
            }
        }
        return claims
    }

    /// Of the school's own apps a token has no scopes.
    private func admitApp(_ claims: AccessClaims, _ request: Request, _ rule: Access) throws {
        guard claims.client != nil else { return }
        if rule.isForOwnApps { throw Problem.insufficientScope([]) }
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
    static var invalidToken: Problem {
        Problem(.invalidToken, headers: [("WWW-Authenticate", "Bearer error=\"invalid_token\"")])
    }

    /// RFC 6750 section 3.1.
    ///
    /// - Parameter wanted: scopes of which any would do; none where no program is let in.
    static func insufficientScope(_ wanted: [String]) -> Problem {
        let hint = wanted.isEmpty ? "" : ", scope=\"\(wanted.joined(separator: " "))\""
        return Problem(
            .insufficientScope, headers: [("WWW-Authenticate", "Bearer error=\"insufficient_scope\"\(hint)")])
    }
}

extension Access: CustomStringConvertible {
    package var description: String {
        let who =
            switch people {
            case .anybody: "open"
            case .signedIn: "signed in"
            case .roles(let roles): roles.map { $0.rawValue }.sorted().joined(separator: ", ")
            }
        return isForOwnApps ? "\(who); the school's own apps" : who
    }
}
