import HTTP1
import Reactor
import Synchronization

/// Admits connections or refuses them at once. Lives on the listener's core.
package final class Admission {
    /// An admitted connection.
    package struct Arrival: Sendable {
        let descriptor: Int32
        let peer: ConnectionPeer
        /// The key under which its address is counted; nil for a trusted proxy.
        let key: IPAddress?
    }

    /// Why a connection was refused.
    package enum Rejection: String, Sendable, CaseIterable {
        /// All cores together have reached their limit.
        case total
        /// The core with the fewest connections has reached its limit.
        case core
        /// The address has reached its limit.
        case address
        /// The process has no file descriptor left.
        case descriptors
    }

    package struct Counts: Sendable {
        package var accepted = 0
        package var rejected: [Rejection: Int] = [:]
    }

    package private(set) var counts = Counts()
    private let cores: [Core]
    private let limits: ServerLimits
    private let proxies: TrustedProxies
    private let entrance: Entrance
    private let refusals: Refusals

    init(cores: [Core], limits: ServerLimits, proxies: TrustedProxies, entrance: Entrance, deadlines: Deadlines) {
        self.cores = cores
        self.limits = limits
        self.proxies = proxies
        self.entrance = entrance
        refusals = Refusals(deadlines: deadlines, patience: limits.refusal)
    }

    /// The index of the core that takes the connection. Nil if it was refused: with a 503, or without an answer where
    /// TLS would need a handshake first.
    func admit(_ accepted: Listener.Accepted) -> (core: Int, arrival: Arrival)? {
        let address = IPAddress(accepted.peer)
        let isProxy = address.map(proxies.contain) ?? false
        let key = isProxy ? nil : address.map { $0.network }
        let loads = cores.map { $0.load.load(ordering: .relaxed) }
        let core = loads.indices.min { loads[$0] < loads[$1] }!
        if let rejection = rejection(accepted, loads, core, key) {
            counts.rejected[rejection, default: 0] += 1
            refusals.refuse(accepted, with: entrance.tls == nil ? Self.overloaded() : [])
            return nil
        }
        counts.accepted += 1
        cores[core].load.add(1, ordering: .relaxed)
        let peer = ConnectionPeer(
            address: address?.description ?? accepted.peer, scheme: entrance.tls == nil ? "http" : "https",
            proxies: isProxy ? proxies : nil)
        return (core, Arrival(descriptor: accepted.descriptor, peer: peer, key: key))
    }

    private func rejection(
        _ accepted: Listener.Accepted, _ loads: [Int], _ core: Int, _ key: IPAddress?
    ) -> Rejection? {
        if accepted.isLast { return .descriptors }
        if loads.reduce(0, +) >= limits.totalConnections { return .total }
        if loads[core] >= limits.connections { return .core }
        if let key, !entrance.visitors.enter(key, limit: limits.connectionsPerAddress) { return .address }
        return nil
    }

    private static func overloaded() -> [UInt8] {
        let problem = Problem(.overloaded, headers: [("Retry-After", "5")])
        // No field of this problem can be refused.
        return
            (try? problem.bytes(
                to: String(hexadecimal: .random(in: 0 ... .max)),
                date: HTTPDate.format(secondsSinceEpoch: Clock.wall.seconds))) ?? []
    }
}
