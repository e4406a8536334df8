import Synchronization

/// Content of requests that the process holds in memory until it is complete and answered, with one limit for all
/// connections. Only content that had to be waited for is counted: the number of connections limits what arrives
/// together with a head.
final class HeldContent: Sendable {
    private let limit: Int
    private let held = Atomic<Int>(0)
    private let refused = Atomic<Int>(0)

    /// - Parameter limit: in bytes.
    init(limit: Int) { self.limit = limit }

    /// False, without counting the bytes, if they would exceed the limit.
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
