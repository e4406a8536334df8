import HTTP1
import Reactor

/// Bounds of each wait (nanoseconds) and of each request.
package struct ServerLimits: Sendable {
    /// Between two requests of a connection.
    package var idle = UInt64.seconds(75)
    /// The part of it with a task that waits, which is quick to go on and takes memory.
    package var waiting = UInt64.seconds(1)
    /// From the first byte of a request to the end of its head.
    package var head = UInt64.seconds(10)
    /// From the start of reading a body to its end, beside the time that `bodyRate` gives.
    package var body = UInt64.seconds(30)
    /// Bytes a second: content that came in earns this much more time (docs/decisions/0015).
    package var bodyRate = 16 * 1024
    /// For a slow reader to take an answer; of a streamed one, beside the time that `writeRate` gives.
    package var write = UInt64.seconds(30)
    /// Bytes a second: what a reader took of a streamed answer earns this much time back (docs/decisions/0029).
    package var writeRate = 16 * 1024
    /// Bytes of unfinished content that all connections may hold in memory together; what would be more is a 503.
    package var heldContent = 64 << 20
    package var linger = UInt64.seconds(2)
    /// Open connections on one core; more are refused.
    package var connections = 20_000
    /// Open connections on all cores.
    package var totalConnections = Int.max
    /// Open connections from one IPv4 address or one IPv6 network of 64 bits, trusted proxies aside.
    package var connectionsPerAddress = 4_000
    /// For a refused client to read why, before its connection is closed; no longer than that, and not many at a time.
    package var refusal = UInt64.milliseconds(500)
    package var parser = Limits()

    package init() {}
}
