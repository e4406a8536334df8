/// Metrics as text for Prometheus and compatible programs.
package enum Exposition: String, Sendable, CaseIterable {
    case prometheus = "text/plain"
    case openMetrics = "application/openmetrics-text"

    /// The format that `Accept` asks for; the older one if it names neither.
    package init(accept: String?) {
        let type = MediaRange.best(of: Self.allCases.map { $0.rawValue }, for: accept)
        self = type.flatMap { Exposition(rawValue: $0) } ?? .prometheus
    }

    package var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    package func text(_ families: [MetricFamily]) -> [UInt8] {
        var text = ""
        for family in families {
            // OpenMetrics names a counter without the suffix of its samples.
            let isBare = self == .openMetrics && family.kind == .counter && family.name.hasSuffix("_total")
            let name = isBare ? String(family.name.dropLast(6)) : family.name
            text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind.rawValue)\n"
            for sample in family.samples {
                text += "\(family.name)\(sample.suffix)\(sample.labels) \(Self.number(sample.value))\n"
            }
        }
        if self == .openMetrics { text += "# EOF\n" }
        return Array(text.utf8)
    }

    private static func number(_ value: Double) -> String {
        Int(exactly: value).map { String($0) } ?? String(value)
    }
}
