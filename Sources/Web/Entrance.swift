import HTTP1
import Reactor
import Synchronization
import TLS

/// How connections come in: in the clear or with TLS, and who is counted.
package struct Entrance: Sendable {
    var tls: ServerContext?
    let visitors = Visitors()

    func stream(_ socket: Socket) throws(TLSError) -> any ByteStream {
        guard let tls else { return socket }
        return try SecureSocket(socket, tls)
    }

    /// Counts a connection that `Admission` let in and that is closed now.
    func left(_ arrival: Admission.Arrival, _ core: Core) {
        core.load.subtract(1, ordering: .relaxed)
        if let key = arrival.key { visitors.left(key) }
    }
}

/// How many connections each address has open, over all cores. Locked: an address's connections are spread over them, and
/// opening one is not on a request's way.
final class Visitors: Sendable {
    private let counts = Mutex<[IPAddress: Int]>([:])

    /// False when the address has as many as it may.
    func enter(_ key: IPAddress, limit: Int) -> Bool {
        counts.withLock { counts in
            guard counts[key, default: 0] < limit else { return false }
            counts[key, default: 0] += 1
            return true
        }
    }

    func left(_ key: IPAddress) {
        counts.withLock { counts in
            guard let count = counts[key] else { return }
            counts[key] = count > 1 ? count - 1 : nil
        }
    }

    /// Addresses that have connections.
    var count: Int { counts.withLock { $0.count } }
}
