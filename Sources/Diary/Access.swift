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
package enum Access: Sendable, Equatable {
    /// Anybody, without a token.
    case open
    case signedIn
    /// Signed in with at least one of these roles.
    case roles(Set<Role>)

    static let staff = Access.roles([.administrator, .head, .deputyHead, .teacher, .classTeacher])
    /// Those who read marks: administrators run the system and do not (domain: Who does what).
    /// Those who set the school up and keep its load.
    static let managers = Access.roles([.administrator, .head, .deputyHead])
    /// Those who keep profiles: managers all, class teachers those of their class (A4).
    static let keepersOfProfiles = Access.roles([.administrator, .head, .deputyHead, .classTeacher])
    static let readersOfMarks = Access.roles([.head, .deputyHead, .teacher, .classTeacher, .guardian, .student])
    static let readersOfJournals = Access.roles([.head, .deputyHead, .teacher, .classTeacher])
}

/// Who is calling. Only `Admission` makes one.
package struct Caller {
    package let services: Services
    package let user: String
    package let session: String
    package let school: School
    package let roles: Set<Role>
    let requestID: String
    let timing: RequestTiming

    fileprivate init(_ services: Services, _ claims: AccessClaims, _ school: School, _ request: Request) {
        self.services = services
        requestID = request.id
        timing = request.timing
        self.school = school
        user = claims.subject
        session = claims.session
        roles = Set(claims.roles.compactMap { Role(rawValue: $0) })
    }

    /// Nobody in particular, for open routes.
    fileprivate init(_ services: Services, _ request: Request) {
        self.services = services
        requestID = request.id
        timing = request.timing
        school = .unknown
        user = ""
        session = ""
        roles = []
    }

    /// Heads and deputy heads read everything of the school.
    var readsAll: Bool { !roles.isDisjoint(with: [.head, .deputyHead]) }

    /// Keeps the whole school's people and set-up.
    var manages: Bool { !roles.isDisjoint(with: [.administrator, .head, .deputyHead]) }

    /// Neither staff nor a program: pupils and guardians.
    var isFamilyOnly: Bool { roles.isSubset(of: [.guardian, .student]) }

    var scope: Scope {
        Scope(
            school: school.id, user: user, session: session, timeZone: school.timeZone, requestID: requestID,
            timeout: services.settings.statementTimeout, timing: timing)
    }

    /// Reads in one snapshot and one round trip, in the caller's name.
    func read(_ queries: Query...) async throws -> [Rows] { try await read(queries) }

    func read(_ queries: [Query]) async throws -> [Rows] { try await services.lanes.read(scope, queries) }
}

/// Turns a request and a route's rule into a caller.
struct Admission {
    let services: Services

    func admit(_ request: Request, _ rule: Access) async throws -> Caller {
        if rule == .open { return Caller(services, request) }
        let claims = try claims(of: request)
        if case .roles(let wanted) = rule {
            guard claims.roles.contains(where: { role in wanted.contains { $0.rawValue == role } }) else {
                throw Problem(.forbidden)
            }
        }
        guard let school = try await services.schools.find(id: claims.school) else { throw Problem.invalidToken }
        return Caller(services, claims, school, request)
    }

    /// RFC 6750 section 3: without any token the challenge stands alone; with a bad one it says so.
    private func claims(of request: Request) throws -> AccessClaims {
        guard let header = request.head["Authorization"] else {
            throw Problem(.unauthorized, headers: [("WWW-Authenticate", "Bearer")])
        }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw Problem(.unauthorized, headers: [("WWW-Authenticate", "Bearer")])
        }
        guard let claims = services.tokens.verify(String(parts[1])) else { throw Problem.invalidToken }
        return claims
    }
}

extension Problem {
    static var invalidToken: Problem {
        Problem(.invalidToken, headers: [("WWW-Authenticate", "Bearer error=\"invalid_token\"")])
    }
}

extension Access: CustomStringConvertible {
    package var description: String {
        switch self {
        case .open: "open"
        case .signedIn: "signed in"
        case .roles(let roles): roles.map { $0.rawValue }.sorted().joined(separator: ", ")
        }
    }
}
