import Crypto
import Postgres
import Reactor
import Web

/// Services that the handlers of one core share. They live on that core.
package final class Services {
    /// The server's settings that all areas need.
    package struct Settings: Sendable {
        package var database: ConnectionURL
        package var tokenKeys: TokenKeys
        /// The keys that encrypt secrets stored in the database; nil when there are none.
        package var sealingKeys: SealingKeys?
        /// Seconds since 1970.
        package var now: @Sendable () -> Int = { Clock.wall.seconds }
        /// `iss` of tokens and base of absolute links, without a trailing slash; nil: links use the request's Host.
        package var publicURL: String?
        /// Milliseconds.
        package var statementTimeout: Int
        /// The database connections of each core.
        package var pool: Lanes.Pool
        /// The maximum number of bytes of kept answers of each core; 0: no answer is kept.
        package var keptAnswers = 32 << 20
        /// For tests: compares kept answers with new ones.
        package var keptAnswerProof: KeptAnswerProof?

        package init(
            database: ConnectionURL, tokenKeys: TokenKeys, publicURL: String? = nil, statementTimeout: Int = 5000,
            pool: Lanes.Pool = Lanes.Pool()
        ) {
            self.database = database
            self.tokenKeys = tokenKeys
            self.publicURL = publicURL
            self.statementTimeout = statementTimeout
            self.pool = pool
        }
    }

    package let lanes: Lanes
    package let settings: Settings
    package let tokens: AccessTokens
    package let keptAnswers: KeptAnswers
    /// Threads that parse uploaded files.
    package let files: Offload
    package private(set) lazy var schools = Schools(lanes)
    private var identifiers = UUIDv7()
    private var areas: [ObjectIdentifier: AnyObject] = [:]

    /// - Parameter log: receives connection events of the lanes, and their statistics after the event.
    package init(
        _ settings: Settings, resolver: Offload, files: Offload, on core: isolated Core,
        log: @escaping (LaneEvent, [LaneStatistics]?) -> Void
    ) {
        self.settings = settings
        self.files = files
        weak var made: Lanes?
        let keptAnswers = KeptAnswers(capacity: settings.keptAnswers)
        self.keptAnswers = keptAnswers
        lanes = Lanes(
            Lanes.Configuration(
                url: settings.database, pool: settings.pool, askTimeout: settings.statementTimeout),
            offload: resolver, on: core
        ) { event in
            if event.isOfTheReadLane { keptAnswers.clear() }
            log(event, made?.statistics)
        }
        made = lanes
        tokens = AccessTokens(
            keys: settings.tokenKeys, issuer: settings.publicURL ?? "lyceum", now: settings.now)
    }

    /// Services for the background, which has connections of its own.
    package init(background settings: Settings, lanes: Lanes, files: Offload) {
        self.settings = settings
        self.files = files
        self.lanes = lanes
        keptAnswers = KeptAnswers(capacity: 0)
        tokens = AccessTokens(
            keys: settings.tokenKeys, issuer: settings.publicURL ?? "lyceum", now: settings.now)
    }

    package func newID() -> String { identifiers.next() }

    /// Adds an object that the handlers of one area share on this core.
    package func add<Area: AnyObject>(_ area: Area) { areas[ObjectIdentifier(Area.self)] = area }

    /// The object passed to `add`. Asking for an area that the server was not started with is a programming error.
    package func area<Area: AnyObject>(_ type: Area.Type = Area.self) -> Area {
        guard let area = areas[ObjectIdentifier(type)] as? Area else { preconditionFailure("no \(type) was added") }
        return area
    }
}
