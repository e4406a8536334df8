import Reactor

/// What a server counts of connections and of its loops.
enum ConnectionMetrics {
    static func families(_ counts: Admission.Counts) -> [MetricFamily] {
        var rejected = MetricFamily(
            "lyceum_connections_rejected_total", .counter, "Connections turned away, by the limit that was reached.")
        for reason in Admission.Rejection.allCases {
            rejected.add([("limit", reason.rawValue)], counts.rejected[reason, default: 0])
        }
        return [
            MetricFamily(
                "lyceum_connections_accepted_total", .counter, "Connections let in.", value: counts.accepted),
            rejected,
        ]
    }

    /// To be asked on the core.
    static func loop(_ core: isolated Core) -> MetricFamily {
        let time = core.executor.loopTime
        var family = MetricFamily(
            "lyceum_loop_turn_seconds", .histogram,
            "Turns of a core's loop: how long what comes in may wait for the core.")
        family.addHistogram(
            [("core", String(core.index))], bounds: LoopTime.bounds.map { Double($0) / 1e9 }, counts: time.buckets,
            sum: Double(time.sum) / 1e9)
        return family
    }
}
