/// Where a request's time went, in nanoseconds. The code that does the work adds to each part, on the request's core.
///
/// Unchecked: values that contain it may cross cores, but only the request's core touches it.
package final class RequestTiming: @unchecked Sendable {
    /// Parsing the head and the body.
    package var parse: UInt64 = 0
    /// Reading the body: waiting for it, and parsing it as it arrives.
    package var body: UInt64 = 0
    /// Waiting for a database connection, or behind others on a shared one.
    package var queue: UInt64 = 0
    /// From the moment when the database could begin to its last result.
    package var database: UInt64 = 0

    package init() {}
}
