import Diary
import Postgres
import Reactor
import Synchronization
import Web

/// Whether the process can serve, over all of its cores.
///
/// An overloaded core is still ready; it answers 503 to requests that it cannot take. Taking it out of service would
/// move its load to the other servers, which are as busy and use the same database.
package final class Readiness: Sendable {
    private let stopping = Atomic<Bool>(false)
    /// For each core a bit mask of the lanes without a connection.
    private let lanesAway: AtomicWords
    private static let lanes = ["read", "write", "leased"]

    /// At the start all lanes count as disconnected.
    package init(cores: Int) {
        lanesAway = AtomicWords(count: cores)
        for core in 0..<cores { lanesAway.store(1 << UInt64(Self.lanes.count) - 1, at: core) }
    }

    package var isStopping: Bool { stopping.load(ordering: .relaxed) }
    package func stop() { stopping.store(true, ordering: .relaxed) }

    /// Called for a core whenever one of its connections opens or closes.
    func update(_ lanes: [LaneStatistics], core: Int) {
        var bits: UInt64 = 0
        for (index, name) in Self.lanes.enumerated()
        where lanes.contains(where: { $0.name == name && $0.connections == 0 }) { bits |= 1 << UInt64(index) }
        lanesAway.store(bits, at: core)
    }

    /// The reason why the process cannot serve; nil when it can.
    var problem: Problem? {
        if isStopping { return Problem(.shuttingDown, headers: [("Retry-After", "5")]) }
        let bits = (0..<lanesAway.count).reduce(0) { $0 | lanesAway[$1] }
        guard bits != 0 else { return nil }
        let away = Self.lanes.indices.filter { bits & 1 << UInt64($0) != 0 }.map { Self.lanes[$0] }
            .joined(separator: ", ")
        return Problem(
            .databaseUnavailable,
            detail: Text(ru: "Нет соединения с базой: \(away).", en: "No connection to the database: \(away)."),
            headers: [("Retry-After", "2")])
    }
}
