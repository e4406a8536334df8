import Synchronization

/// Content of requests that a process holds in memory until it is whole and answered: one bound for all its connections. Only
/// what had to be waited for is counted; what came together with its head is bounded by the number of connections.
final class HeldContent: Sendable {
    private let limit: Int
    private let held = Atomic<Int>(0)
    private let refused = Atomic<Int>(0)

    /// - Parameter limit: bytes.
    init(limit: Int) { self.limit = limit }

    /// False, and nothing is taken, when that would be too much.
    func take(_ bytes: Int) -> Bool {
        if held.add(bytes, ordering: .relaxed).newValue <= limit { return true }
        give(bytes)
        refused.add(1, ordering: .relaxed)
        return false
    }

    func give(_ bytes: Int) { held.subtract(bytes, ordering: .relaxed) }

    var bytes: Int { held.load(ordering: .relaxed) }

    var families: [MetricFamily] {
        [
            MetricFamily(
                "lyceum_http_held_content_bytes", .gauge, "Content of requests held in memory until it is whole.",
                value: bytes),
            MetricFamily(
                "lyceum_http_held_content_refused_total", .counter,
                "Requests answered 503 because too much content is held.", value: refused.load(ordering: .relaxed)),
        ]
    }
}
