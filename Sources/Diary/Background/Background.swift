import Postgres
import Reactor
import Web

/// The loop that runs due pieces of work from the table `pending`. Each process has one loop, on one core and with its
/// own connections, so that no request waits for background work. Several processes share the work
/// (docs/decisions/0032).
package final class Background {
    package struct Configuration: Sendable {
        package var work: [BackgroundWork]
        /// Seconds between two queries for work while nothing is due.
        package var rhythm = 5.0
        /// The number of pieces that run at a time, and of connections.
        package var concurrency = 2

        package init(work: [BackgroundWork]) { self.work = work }
    }

    /// Seconds between two checks for schools without recurring pieces.
    private static let planning = 300.0

    private let configuration: Configuration
    private let lanes: Lanes
    private let pending: PendingPieces
    private var metrics: BackgroundMetrics
    private let log: BackgroundLog
    private let core: Core
    private var timer: Deadline!
    private var running = 0
    private var isLooking = false
    private var isDraining = false
    /// Something changed during the last query for work.
    private var mustLookAgain = false
    private var isMeasured = false
    private var planned: UInt64?

    package init(
        _ configuration: Configuration, database: ConnectionURL, resolver: Offload, log: LogSink,
        on core: isolated Core, events: @escaping (LaneEvent) -> Void
    ) {
        self.configuration = configuration
        self.core = core
        self.log = BackgroundLog(log)
        let work = Dictionary(uniqueKeysWithValues: configuration.work.map { ($0.name, $0) })
        metrics = BackgroundMetrics(kinds: work.keys.sorted())
        var pool = Lanes.Pool()
        pool.readers = 0
        pool.writers = 0
        pool.leased = configuration.concurrency
        lanes = Lanes(
            Lanes.Configuration(url: database, pool: pool, leased: "background"), offload: resolver, on: core,
            log: events)
        pending = PendingPieces(lanes: lanes, work: work)
        timer = core.deadlines.make { [unowned self] in
            isMeasured = false
            look()
        }
        timer.set(after: .seconds(min(configuration.rhythm, .random(in: 0.1...1))))
    }

    /// Takes no new pieces from now on.
    package func drain() {
        isDraining = true
        timer.cancel()
    }

    package var isIdle: Bool { running == 0 && !isLooking }

    /// Aborts running pieces: PostgreSQL rolls them back, and their leases expire.
    package func close() {
        drain()
        lanes.close()
    }

    package var families: [MetricFamily] { metrics.families(running: running) }
    /// Statistics of the loop's connections.
    package var statistics: [LaneStatistics] { lanes.statistics }

    // MARK: Looking for work

    private func look() {
        mustLookAgain = isLooking
        guard !isLooking, !isDraining, running < configuration.concurrency else { return }
        isLooking = true
        core.startHere(self) { background, _ in await background.takeWhatIsDue() }
    }

    /// Runs again after every piece; when nothing is due, the timer starts it.
    private func takeWhatIsDue() async {
        defer {
            isLooking = false
            if mustLookAgain { look() }
        }
        timer.set(at: Clock.now + .seconds(configuration.rhythm * .random(in: 0.75...1.25)))
        do {
            if planned.map({ Clock.now - $0 > .seconds(Self.planning) }) ?? true {
                try await pending.plan()
                planned = Clock.now
            }
            if !isMeasured {
                metrics.backlog = try await pending.backlog()
                isMeasured = true
            }
            while !isDraining, running < configuration.concurrency {
                let pieces = try await pending.take(configuration.concurrency - running)
                guard !pieces.isEmpty else { return }
                for piece in pieces { start(piece) }
            }
        } catch PostgresError.unavailable {
            // The lane has logged this and reconnects.
        } catch {
            log.lookFailed(BackgroundFailure(error))
        }
    }

    // MARK: One piece

    private func start(_ piece: Piece) {
        running += 1
        metrics.take(piece.kind)
        core.startHere((self, piece)) { pair, _ in await pair.0.run(pair.1) }
    }

    private func run(_ piece: Piece) async {
        let began = Clock.now
        let result = await attempt(piece, pending.work[piece.kind]!)
        metrics.end(piece.kind, result, nanoseconds: Clock.now - began)
        running -= 1
        look()
    }

    private func attempt(_ piece: Piece, _ work: BackgroundWork) async -> BackgroundMetrics.Result {
        do {
            // The piece was taken several times and never ended: probably it crashes the process.
            guard piece.attempt <= work.attempts else { throw BackgroundFailure.abandoned }
            if let effect = work.effect { try await effect(piece, lanes) }
            return try await lanes.transaction(piece.scope) { transaction in
                let attempt = try await Attempt.begin(piece, transaction)
                let progress = try await work.perform(attempt)
                try await attempt.finish(progress, work.rhythm)
                return progress == .done ? .done : .continued
            }
        } catch is Attempt.LeaseLost {
            log.leaseLost(piece)
            return .lost
        } catch {
            let isGivenUp = piece.attempt >= work.attempts
            let failure = BackgroundFailure(error)
            log.failed(piece, failure, isGivenUp: isGivenUp)
            // If this fails too, the lease expires.
            try? await pending.fail(piece, failure.code, isGivenUp: isGivenUp)
            return isGivenUp ? .givenUp : .failed
        }
    }
}
