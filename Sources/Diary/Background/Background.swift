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
        /// The number of pieces with an effect outside the database that run at a time, in addition. They wait for other
        /// servers, and need a connection only before and after that. One kind has at most half of these places, and one
        /// target a quarter, so that a server that hangs leaves room for the others.
        package var effects = 16
        /// Statements that add the pieces for what is new in the database, such as `SELECT lyceum.wake_webhooks()`. They run
        /// before pieces are taken, for all schools at once, as school -1, each in a transaction of its own.
        package var wake: [Statement] = []

        package init(work: [BackgroundWork]) { self.work = work }
    }

    /// Seconds between two checks for schools without recurring pieces.
    private static let planning = 300.0
    /// The least number of seconds between two runs of the statements that wake.
    private static let waking = 0.5

    private let configuration: Configuration
    private let lanes: Lanes
    private let pending: PendingPieces
    private var metrics: BackgroundMetrics
    private let log: BackgroundLog
    private let core: Core
    private var timer: Deadline!
    private var running = 0
    /// Those of the running pieces that have an effect: all, by kind, and by target.
    private var runningEffects = 0
    private var runningKinds: [String: Int] = [:]
    private var runningTargets: [Int: Int] = [:]
    private var isLooking = false
    private var isDraining = false
    /// Something changed during the last query for work.
    private var mustLookAgain = false
    private var isMeasured = false
    private var planned: UInt64?
    private var woken: UInt64?

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

    /// Looks for new work at once, for callers who know that there is some.
    package func wake() {
        woken = nil
        look()
    }

    /// How many more pieces may run, without and with an effect.
    private var room: (plain: Int, effects: Int) {
        (configuration.concurrency - (running - runningEffects), configuration.effects - runningEffects)
    }

    private func plainTurn() -> PendingPieces.Turn {
        let kinds = configuration.work.filter { $0.effect == nil }.map { ($0.name, room.plain) }
        return PendingPieces.Turn(count: room.plain, kinds: kinds, targets: [:], perTarget: room.plain)
    }

    private func effectTurn() -> PendingPieces.Turn {
        let most = max(1, configuration.effects / 2)
        let kinds = configuration.work.filter { $0.effect != nil }.map {
            ($0.name, most - runningKinds[$0.name, default: 0])
        }
        return PendingPieces.Turn(
            count: room.effects, kinds: kinds, targets: runningTargets, perTarget: max(1, configuration.effects / 4))
    }

    private func look() {
        mustLookAgain = isLooking
        guard !isLooking, !isDraining, room.plain > 0 || room.effects > 0 else { return }
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
            await addWhatIsNew()
            while !isDraining, room.plain > 0 || room.effects > 0 {
                var count = 0
                for turn in [plainTurn, effectTurn] where !isDraining {
                    let pieces = try await pending.take(turn())
                    for piece in pieces { start(piece) }
                    count += pieces.count
                }
                guard count > 0 else { return }
            }
        } catch PostgresError.unavailable {
            // The lane has logged this and reconnects.
        } catch {
            log.lookFailed(BackgroundFailure(error))
        }
    }

    /// A failure is logged, and does not stop other work.
    private func addWhatIsNew() async {
        guard !configuration.wake.isEmpty, woken.map({ Clock.now - $0 > .seconds(Self.waking) }) ?? true else { return }
        woken = Clock.now
        for statement in configuration.wake {
            do {
                try await pending.wake(statement)
            } catch PostgresError.unavailable {
                // The lane has logged this and reconnects.
            } catch {
                log.wakeFailed(BackgroundFailure(error))
            }
        }
    }

    // MARK: One piece

    private func start(_ piece: Piece) {
        running += 1
        count(piece, 1)
        metrics.take(piece.kind)
        core.startHere((self, piece)) { pair, _ in await pair.0.run(pair.1) }
    }

    private func run(_ piece: Piece) async {
        let began = Clock.now
        let work = pending.work[piece.kind]!
        let result = await attempt(piece, work)
        metrics.end(piece.kind, result, nanoseconds: Clock.now - began)
        running -= 1
        count(piece, -1)
        look()
    }

    private func count(_ piece: Piece, _ difference: Int) {
        guard pending.work[piece.kind]!.effect != nil else { return }
        runningEffects += difference
        runningKinds[piece.kind, default: 0] += difference
        guard let target = piece.target else { return }
        runningTargets[target, default: 0] += difference
        if runningTargets[target] == 0 { runningTargets[target] = nil }
    }

    private func attempt(_ piece: Piece, _ work: BackgroundWork) async -> BackgroundMetrics.Result {
        do {
            // The piece was taken several times and never ended: probably it crashes the process.
            guard piece.attempt <= work.attempts else { throw BackgroundFailure.abandoned }
            let result = try await work.effect?(piece, lanes)
            // Another process may have repeated the effect already.
            guard !piece.isOverdue else { throw Attempt.Overdue() }
            let progress = try await lanes.transaction(piece.scope) { transaction in
                let attempt = try await Attempt.begin(piece, transaction)
                let progress = try await work.perform(attempt, result)
                try await attempt.finish(progress, work.rhythm)
                return progress
            }
            switch progress {
            case .done: return .done
            case .more: return .continued
            case .again: return .postponed
            case .blocked(_, let code):
                log.blocked(piece, code)
                return .blocked
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
