import Web

/// What became of answers that may be kept, by route.
package struct KeptAnswerMetrics {
    enum Event: String, CaseIterable {
        /// Went out again.
        case kept
        /// Was made, for there was none.
        case made
        /// Was there, and no longer true.
        case outdated
        /// Made room for others.
        case evicted
    }

    private var counts: [String: [Event: Int]] = [:]

    mutating func count(_ event: Event, _ route: String) { counts[route, default: [:]][event, default: 0] += 1 }

    func families(bytes: Int, answers: Int) -> [MetricFamily] {
        var events = MetricFamily(
            "lyceum_kept_answers_total", .counter,
            "Answers that may be kept: sent again (kept), made, found to be outdated, and evicted to make room.")
        for (route, counts) in counts.sorted(by: { $0.key < $1.key }) {
            for event in Event.allCases {
                events.add([("event", event.rawValue), ("route", route)], counts[event] ?? 0)
            }
        }
        return [
            events,
            MetricFamily("lyceum_kept_answers_bytes", .gauge, "Memory of kept answers.", value: bytes),
            MetricFamily("lyceum_kept_answers", .gauge, "Answers that are kept.", value: answers),
        ]
    }
}

extension KeptAnswers {
    package var families: [MetricFamily] { metrics.families(bytes: bytes, answers: count) }
}
