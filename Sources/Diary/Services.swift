import Crypto
import Postgres
import Reactor
import Web

/// What the server was started with.
package struct ServerSettings: Sendable {
    package var database: ConnectionURL
    package var tokenKeys: TokenKeys
    package let refreshTokens: RefreshTokens
    let formTokens: FormTokens
    /// What seals the secrets of second factors; nil: there are none.
    package var sealingKeys: SealingKeys?
    /// Seconds since 1970.
    package var now: @Sendable () -> Int = { Clock.wall.seconds }
    /// Passwords that nobody may choose; nil: no list.
    package var breachedPasswords: BreachedPasswords?
    /// `iss` of tokens and base of absolute links, without a slash at its end; nil takes the request's Host.
    package var publicURL: String?
    /// Milliseconds.
    package var statementTimeout: Int
    /// Each core's connections to the database.
    package var pool: Lanes.Pool

    package init(
        database: ConnectionURL, tokenKeys: TokenKeys, publicURL: String? = nil, statementTimeout: Int = 5000,
        pool: Lanes.Pool = Lanes.Pool()
    ) throws {
        refreshTokens = try RefreshTokens(tokenKeys)
        formTokens = try FormTokens(tokenKeys)
        self.database = database
        self.tokenKeys = tokenKeys
        self.publicURL = publicURL
        self.statementTimeout = statementTimeout
        self.pool = pool
    }
}

/// What the handlers of one core share. Lives on that core.
package final class Services {
    package let lanes: Lanes
    let settings: ServerSettings
    let tokens: AccessTokens
    let tickets: EnrolmentTickets
    let passwords: PasswordThreads
    /// Where files that somebody sent are read.
    let files: Offload
    var refreshTokens: RefreshTokens { settings.refreshTokens }
    var formTokens: FormTokens { settings.formTokens }
    private var identifiers = UUIDv7()
    let contract: Contract
    let pages: Pages
    private(set) lazy var schools = Schools(lanes)
    let readiness: Readiness

    package init(
        _ settings: ServerSettings, contract: Contract, pages: Pages, readiness: Readiness, resolver: Offload,
        passwords: PasswordThreads, files: Offload,
        on core: isolated Core,
        log: @escaping (LaneEvent) -> Void
    ) {
        self.settings = settings
        self.contract = contract
        self.pages = pages
        self.readiness = readiness
        self.passwords = passwords
        self.files = files
        weak var made: Lanes?
        let index = core.index
        lanes = Lanes(
            Lanes.Configuration(url: settings.database, pool: settings.pool), offload: resolver, on: core
        ) { event in
            log(event)
            if let made { readiness.update(made.statistics, core: index) }
        }
        made = lanes
        tokens = AccessTokens(
            keys: settings.tokenKeys, issuer: settings.publicURL ?? "lyceum", now: settings.now)
        tickets = EnrolmentTickets(keys: settings.tokenKeys, now: settings.now)
    }

    /// A new identifier.
    func newID() -> String { identifiers.next() }
}

/// `openapi.yaml` as it stands and as JSON, read once at the start.
package struct Contract: Sendable {
    let yaml: StaticContent
    let json: StaticContent

    package init(yaml: [UInt8], json: [UInt8]) {
        self.yaml = StaticContent(yaml)
        self.json = StaticContent(json)
    }
}

/// A tenant, as every request needs it.
package struct School: Sendable, Equatable {
    package let id: Int
    package let code: String
    package let timeZone: String

    /// Stands for one that does not exist, so that its requests go the way of others and take as long.
    static let unknown = School(id: 0, code: "", timeZone: "UTC")
}

/// The schools of this deployment by id, asked for again after a minute.
final class Schools {
    private let lanes: Lanes
    private var known: [Int: (school: School, expires: UInt64)] = [:]

    private static let byID = Statement("SELECT id, code, time_zone FROM schools WHERE id = $1::int")
    private static let byCode = Statement("SELECT id, code, time_zone FROM schools WHERE code = $1")

    init(_ lanes: Lanes) { self.lanes = lanes }

    /// Without asking: nil when it was not asked for, or a minute ago.
    func known(id: Int) -> School? {
        guard let entry = known[id], entry.expires > Clock.now else { return nil }
        return entry.school
    }

    func find(id: Int) async throws -> School? {
        if let school = known(id: id) { return school }
        guard let school = try await load(Self.byID(.integer(id))) else { return nil }
        known[id] = (school, Clock.now + .seconds(60))
        return school
    }

    func find(code: String) async throws -> School? { try await load(Self.byCode(.text(code))) }

    private func load(_ query: Query) async throws -> School? {
        let rows = try await lanes.read(Scope(school: 0), [query])[0]
        guard !rows.isEmpty, let id = rows.integer(0, "id") else { return nil }
        return School(id: id, code: rows.text(0, "code")!, timeZone: rows.text(0, "time_zone")!)
    }
}
