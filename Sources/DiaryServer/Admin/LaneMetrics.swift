import Postgres
import Web

/// Metrics of the lanes of one core.
enum LaneMetrics {
    static func families(_ lanes: [LaneStatistics]) -> [MetricFamily] {
        [
            family("connections", .gauge, "Connections open to the database.", lanes) { Double($0.connections) },
            family("configured_connections", .gauge, "Configured connections.", lanes) { Double($0.configured) },
            family("in_flight", .gauge, "Segments without an answer yet.", lanes) { Double($0.inFlight) },
            family("waiting", .gauge, "Requests that wait to send a segment.", lanes) { Double($0.waiting) },
            family("segments_total", .counter, "Segments answered.", lanes) { Double($0.segments) },
            family("busy_seconds_total", .counter, "Time during which an answer of the database was pending.", lanes) {
                Double($0.busy) / 1e9
            },
            family("refused_total", .counter, "Requests refused because too many were waiting.", lanes) {
                Double($0.refused)
            },
            family("lost_total", .counter, "Connections lost.", lanes) { Double($0.lost) },
        ]
    }

    private static func family(
        _ name: String, _ kind: MetricFamily.Kind, _ help: String, _ lanes: [LaneStatistics],
        _ value: (LaneStatistics) -> Double
    ) -> MetricFamily {
        var family = MetricFamily("lyceum_database_\(name)", kind, help)
        for lane in lanes { family.add([("lane", lane.name)], value(lane)) }
        return family
    }
}
