import Web

/// Counts what the loop of this process did, and keeps the last backlog of all processes.
struct BackgroundMetrics {
    enum Result: String, CaseIterable {
        case done
        /// A batch is done, and more remains.
        case continued
        /// The piece is due again later.
        case postponed
        /// As `postponed`, because of something that an operator has to mend.
        case blocked
        case failed
        case givenUp = "given_up"
        /// Another process has taken the piece.
        case lost
    }

    private struct Kind {
        var taken = 0
        var results: [Result: Int] = [:]
        var durations = [UInt64](repeating: 0, count: bounds.count + 1)
        var seconds = 0.0
    }

    /// Seconds.
    private static let bounds = [0.01, 0.1, 1, 10]

    private let names: [String]
    private var kinds: [String: Kind] = [:]
    var backlog = PendingPieces.Backlog()

    init(kinds names: [String]) {
        self.names = names
        for name in names { kinds[name] = Kind() }
    }

    mutating func take(_ kind: String) { kinds[kind]!.taken += 1 }

    mutating func end(_ kind: String, _ result: Result, nanoseconds: UInt64) {
        kinds[kind]!.results[result, default: 0] += 1
        let seconds = Double(nanoseconds) / 1e9
        kinds[kind]!.seconds += seconds
        kinds[kind]!.durations[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
    }

    func families(running: Int) -> [MetricFamily] {
        var taken = MetricFamily("lyceum_background_taken_total", .counter, "Pieces of work that were taken.")
        var ended = MetricFamily("lyceum_background_ended_total", .counter, "Attempts at them, by how they ended.")
        var duration = MetricFamily("lyceum_background_duration_seconds", .histogram, "How long an attempt took.")
        var failing = MetricFamily(
            "lyceum_background_failing", .gauge, "Pieces that failed last time and are tried again, of all processes.")
        var parked = MetricFamily(
            "lyceum_background_parked", .gauge, "Pieces that were given up and wait for an operator, of all processes.")
        for name in names {
            let kind = kinds[name]!
            taken.add([("kind", name)], kind.taken)
            for result in Result.allCases {
                ended.add([("kind", name), ("result", result.rawValue)], kind.results[result] ?? 0)
            }
            duration.addHistogram([("kind", name)], bounds: Self.bounds, counts: kind.durations, sum: kind.seconds)
            failing.add([("kind", name)], backlog.failing[name] ?? 0)
            parked.add([("kind", name)], backlog.parked[name] ?? 0)
        }
        return [
            taken, ended, duration, failing, parked,
            MetricFamily("lyceum_background_running", .gauge, "Pieces at work.", value: running),
            MetricFamily(
                "lyceum_background_lag_seconds", .gauge,
                "How late the piece is that has been due for longest, of all processes.",
                [.init(value: backlog.lag)]),
        ]
    }
}
