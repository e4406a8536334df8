import HTTP1
import Reactor

/// Bounds of each wait (nanoseconds) and of each request.
package struct ServerLimits: Sendable {
    /// Between two requests of a connection.
    package var idle = UInt64.seconds(75)
    /// From the first byte of a request to the end of its head.
    package var head = UInt64.seconds(10)
    package var body = UInt64.seconds(30)
    /// For a slow reader to take an answer.
    package var write = UInt64.seconds(30)
    package var linger = UInt64.seconds(2)
    /// Open connections on one core; more are refused.
    package var connections = 20_000
    package var parser = Limits()

    package init() {}
}
