import HTTP1
import Reactor
import Synchronization
import TLS

/// How connections come in: with or without TLS, and counted by address.
package struct Entrance: Sendable {
    var tls: ServerContext?
    let visitors = Visitors()

    func stream(_ socket: Socket) throws(TLSError) -> any ByteStream {
        guard let tls else { return socket }
        return try SecureSocket(socket, tls)
    }

    /// Uncounts a closed connection that `Admission` had admitted.
    func left(_ arrival: Admission.Arrival, _ core: Core) {
        core.load.subtract(1, ordering: .relaxed)
        if let key = arrival.key { visitors.left(key) }
    }
}

/// How many connections each address has open on all cores. Uses a lock: an address's connections are spread over the
/// cores, and opening one is not part of a request.
final class Visitors: Sendable {
    private let counts = Mutex<[IPAddress: Int]>([:])

    /// False if the address has reached the limit.
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

    /// The number of addresses with connections.
    var count: Int { counts.withLock { $0.count } }
}
