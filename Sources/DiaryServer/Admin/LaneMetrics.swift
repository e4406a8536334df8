import Postgres
import Web

/// Lanes as metrics of one core.
enum LaneMetrics {
    static func families(_ lanes: [LaneStatistics]) -> [MetricFamily] {
        [
            family("connections", .gauge, "Connections open to the database.", lanes) { Double($0.connections) },
            family("configured_connections", .gauge, "Connections there should be.", lanes) { Double($0.configured) },
            family("in_flight", .gauge, "Segments sent and not answered.", lanes) { Double($0.inFlight) },
            family("waiting", .gauge, "Requests that wait to send a segment.", lanes) { Double($0.waiting) },
            family("segments_total", .counter, "Segments answered.", lanes) { Double($0.segments) },
            family("busy_seconds_total", .counter, "Time the database had something to answer.", lanes) {
                Double($0.busy) / 1e9
            },
            family("refused_total", .counter, "Requests turned away because too many waited.", lanes) {
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
