/// Where a request's time went, in nanoseconds. Each part is added by who does the work, on the request's core.
///
/// Unchecked: it travels inside values that may cross cores, and is touched on the request's core alone.
package final class RequestTiming: @unchecked Sendable {
    /// Reading and parsing the head and the body.
    package var parse: UInt64 = 0
    /// Waiting for the body to arrive, and parsing it.
    package var body: UInt64 = 0
    /// Waiting for a database connection, or behind others on a shared one.
    package var queue: UInt64 = 0
    /// From the moment when the database could begin to its last answer.
    package var database: UInt64 = 0

    package init() {}
}
