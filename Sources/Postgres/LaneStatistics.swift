/// The state and the counters of a lane, for `/metrics`.
package struct LaneStatistics: Sendable {
    package let name: String
    /// Connections open now, and the number configured.
    package var connections = 0
    package var configured = 0
    /// Segments sent and not answered, and requests that wait to send one.
    package var inFlight = 0
    package var waiting = 0
    /// Since the start: segments answered, requests refused, connections lost, nanoseconds of database time.
    package var segments: UInt64 = 0
    package var refused: UInt64 = 0
    package var lost: UInt64 = 0
    package var busy: UInt64 = 0

    package init(name: String) { self.name = name }
}
