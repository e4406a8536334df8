import Web

/// Counts what happens to answers that may be kept, by route.
package struct KeptAnswerMetrics {
    enum Event: String, CaseIterable {
        /// The kept answer was sent.
        case kept
        /// The answer was made, because none was kept or the kept one was outdated.
        case made
        /// The kept answer was no longer true, or the caller may not see it; it was removed.
        case outdated
        /// The kept answer was removed to make room for others.
        case evicted
    }

    private var counts: [String: [Event: Int]] = [:]

    mutating func count(_ event: Event, _ route: String) { counts[route, default: [:]][event, default: 0] += 1 }

    func families(bytes: Int, answers: Int) -> [MetricFamily] {
        var events = MetricFamily(
            "lyceum_kept_answers_total", .counter,
            "Answers that may be kept, by event: sent from memory (kept), made, outdated, evicted to make room.")
        for (route, counts) in counts.sorted(by: { $0.key < $1.key }) {
            for event in Event.allCases {
                events.add([("event", event.rawValue), ("route", route)], counts[event] ?? 0)
            }
        }
        return [
            events,
            MetricFamily("lyceum_kept_answers_bytes", .gauge, "Memory that kept answers take.", value: bytes),
            MetricFamily("lyceum_kept_answers", .gauge, "Kept answers.", value: answers),
        ]
    }
}

extension KeptAnswers {
    package var families: [MetricFamily] { metrics.families(bytes: bytes, answers: count) }
}
