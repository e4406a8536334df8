extension Admission.Counts {
    /// Connections as metrics.
    var families: [MetricFamily] {
        var rejections = MetricFamily(
            "lyceum_connections_rejected_total", .counter, "Connections refused, by the limit that was reached.")
        for reason in Admission.Rejection.allCases {
            rejections.add([("reason", reason.rawValue)], rejected[reason] ?? 0)
        }
        return [
            MetricFamily(
                "lyceum_connections_accepted_total", .counter, "Connections accepted.", value: accepted),
            rejections,
        ]
    }
}
