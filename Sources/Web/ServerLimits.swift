import HTTP1
import Reactor

/// Limits of each wait (in nanoseconds) and of each request.
package struct ServerLimits: Sendable {
    /// Between two requests on a connection.
    package var idle = UInt64.seconds(75)
    /// How much of `idle` a task waits, which resumes quickly but takes memory.
    package var waiting = UInt64.seconds(1)
    /// From the first byte of a request to the end of its head.
    package var head = UInt64.seconds(10)
    /// From the start of reading a body to its end, plus the time that `bodyRate` grants.
    package var body = UInt64.seconds(30)
    /// Bytes per second: received content earns this much more time (docs/decisions/0015).
    package var bodyRate = 16 * 1024
    /// For a slow reader to take an answer; for a stream, plus the time that `writeRate` grants.
    package var write = UInt64.seconds(30)
    /// Bytes per second: content that a reader took from a stream earns this much time back (docs/decisions/0029).
    package var writeRate = 16 * 1024
    /// Bytes of unfinished content that all connections together may hold in memory. Exceeding it is a 503.
    package var heldContent = 64 << 20
    package var linger = UInt64.seconds(2)
    /// Open connections on one core; further ones are refused.
    package var connections = 20_000
    /// Open connections on all cores.
    package var totalConnections = Int.max
    /// Open connections from one IPv4 address or one IPv6 network of 64 bits; trusted proxies have no such limit.
    package var connectionsPerAddress = 4_000
    /// How long the connection of a refused client stays open so that it can read why. The number of such connections
    /// is limited too.
    package var refusal = UInt64.milliseconds(500)
    package var parser = Limits()

    package init() {}
}
