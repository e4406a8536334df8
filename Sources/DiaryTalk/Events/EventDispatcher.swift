import Diary
import Postgres
import Reactor

/// Finds out what is new for the event streams of all cores of the process, with one connection of its own. Writers
/// notify nobody: the dispatcher looks a few times a second, for all schools at once (docs/decisions/0064).
package final class EventDispatcher {
    package struct Configuration: Sendable {
        /// Seconds between two looks: the lower bound after something new, the upper one when nothing happens.
        package var pause = 0.25...0.5

        package init() {}
    }

    private let configuration: Configuration
    private let lanes: Lanes
    private let core: Core
    private let streams: [CoreLocal<EventStreams>]
    /// What each core gets.
    private var listeners: [Listener]
    private var timer: Deadline!
    private var pause: Double
    private var isLooking = false
    private var isClosed = false
    /// The end of the last step; nil before the first one.
    private var place: ChangeCursor?
    private var checks: [Set<EventSession>]

    private enum Listener {
        case none
        /// Since the last step.
        case new
        case following
    }

    /// No school has this number.
    private static let scope = Scope(school: -1)

    package init(
        _ configuration: Configuration, streams: [CoreLocal<EventStreams>], database: ConnectionURL,
        resolver: Offload, on core: isolated Core, log: @escaping (LaneEvent) -> Void
    ) {
        self.configuration = configuration
        self.streams = streams
        self.core = core
        pause = configuration.pause.upperBound
        listeners = Array(repeating: .none, count: streams.count)
        checks = Array(repeating: [], count: streams.count)
        var pool = Lanes.Pool()
        pool.readers = 1
        pool.writers = 0
        pool.leased = 0
        lanes = Lanes(
            Lanes.Configuration(url: database, pool: pool, read: "events"), offload: resolver, on: core, log: log)
        timer = core.deadlines.make { [unowned self] in look() }
    }

    package var statistics: [LaneStatistics] { lanes.statistics }

    package func close() {
        isClosed = true
        timer.cancel()
        lanes.close()
    }

    // MARK: Called by the cores

    /// A core has its first stream, or has none any more.
    func listen(core: Int, _ isListening: Bool) {
        listeners[core] = isListening ? .new : .none
        if isListening { timer.set(after: 0) }
    }

    /// Tells the core which of these sessions have ended, with the next look.
    func check(_ sessions: [EventSession], ofCore core: Int) { checks[core].formUnion(sessions) }

    // MARK: Looking

    private var isHeard: Bool { listeners.contains { if case .none = $0 { false } else { true } } }

    private func look() {
        guard !isClosed, !isLooking else { return }
        guard isHeard else {
            place = nil
            return
        }
        isLooking = true
        core.startHere(self) { dispatcher, _ in
            await dispatcher.step()
            await dispatcher.checkSessions()
            dispatcher.isLooking = false
            dispatcher.timer.set(at: Clock.now + .seconds(dispatcher.pause * .random(in: 0.9...1.1)))
        }
    }

    /// If the database does not answer, the next look begins where this one did.
    private func step() async {
        let now = ChangeCursor.now(epoch: place?.epoch, snapshot: place?.snapshot)
        let told = place.map { Self.told($0.since) }
        guard let rows = try? await lanes.read(Self.scope, [now] + [told].compactMap { $0 }) else { return }
        if rows[0].boolean(0, "_expired") {
            place = nil
            return send { _ in nil }
        }
        let end = ChangeCursor(rows[0])
        let persons = told == nil ? [] : (0..<rows[1].count).map { rows[1].text($0, "person_id")! }
        let start = place
        place = end
        if persons.isEmpty {
            pause = min(pause * 1.2, configuration.pause.upperBound)
        } else {
            pause = configuration.pause.lowerBound
        }
        send { EventStep(start: $0 ? nil : start, end: end, told: persons) }
    }

    /// - Parameter step: made for a core that is new, or not.
    private func send(_ step: (_ isNew: Bool) -> EventStep?) {
        for (index, listener) in listeners.enumerated() {
            switch listener {
            case .none: continue
            case .new: listeners[index] = .following
            case .following: break
            }
            let step = step(listener == .new)
            streams[index].post { streams, _ in streams.advance(step) }
        }
    }

    private static let told = Statement("SELECT person_id FROM lyceum.told_since($1::pg_snapshot)")

    private func checkSessions() async {
        let asked = checks
        for index in checks.indices { checks[index] = [] }
        let sessions = Array(Set(asked.joined()))
        guard !sessions.isEmpty else { return }
        let query = Self.ended(.integers(sessions.map { $0.school }), .texts(sessions.map { $0.id }))
        // The cores ask again soon.
        guard let rows = try? await lanes.read(Self.scope, [query])[0], !rows.isEmpty else { return }
        let ended = Set((0..<rows.count).map { rows.text($0, "id")! })
        for (index, sessions) in asked.enumerated() where sessions.contains(where: { ended.contains($0.id) }) {
            streams[index].post { streams, _ in streams.end(ended) }
        }
    }

    private static let ended = Statement("SELECT e.id FROM lyceum.ended_sessions($1::int[], $2::uuid[]) e (id)")
}
