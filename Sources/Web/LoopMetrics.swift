import Reactor

/// How long events wait for a core, as metrics. Read it on the core.
enum LoopMetrics {
    static func families(_ core: Core) -> [MetricFamily] {
        let time = core.executor.loopTime
        let labels = [(name: "core", value: String(core.index))]
        var turns = MetricFamily(
            "lyceum_loop_turn_seconds", .histogram,
            "Time of a turn of the event loop; everything else on the core waits during it.")
        turns.addHistogram(
            labels, bounds: LoopTime.bounds.map { Double($0) / 1e9 }, counts: time.buckets, sum: Double(time.sum) / 1e9)
        var longest = MetricFamily("lyceum_loop_longest_turn_seconds", .gauge, "The longest turn since the start.")
        longest.add(labels, Double(time.longest) / 1e9)
        return [turns, longest]
    }
}
