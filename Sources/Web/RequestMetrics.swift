import HTTP1
import Reactor

/// A core's counters of requests: plain numbers that only this core touches, at positions known before the answer is,
/// so that no lookup by name and no lock is needed.
final class RequestMetrics {
    /// Upper bounds of the first duration buckets, in nanoseconds.
    private static let bounds: [UInt64] = [
        100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
        250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
    ]
    /// Buckets (the last one is unbounded), nanoseconds, bytes.
    private static let width = 19
    private static let methodCount = 8
    private static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"]
    private static let classes = 5

    private let templates: [String]
    private let bounds = RequestMetrics.bounds
    /// Where the series of a route, method and status class begins in `words`; -1 before its first request.
    private var places: [Int32]
    private var words: [UInt64] = []
    private var inFlight = 0
    private var rateLimited: [UInt64] = []
    private var policies: [String] = []
    private var refused: [String: UInt64] = [:]
    private var streamsInFlight = 0
    private var streamEnds = [UInt64](repeating: 0, count: StreamEnd.allCases.count)

    /// - Parameter templates: paths of the routes by their number; the first is for requests without a route.
    init(templates: [String]) {
        precondition(Self.width == Self.bounds.count + 3)
        self.templates = templates
        places = Array(repeating: -1, count: templates.count * Self.methodCount * Self.classes)
    }

    func begin() { inFlight += 1 }

    func end() { inFlight -= 1 }

    func streamBegan() { streamsInFlight += 1 }

    func streamEnded(_ end: StreamEnd) {
        streamsInFlight -= 1
        streamEnds[StreamEnd.allCases.firstIndex(of: end)!] += 1
    }

    /// Counts an answered request.
    func add(route: Int, _ method: Method, _ status: Status, nanoseconds: UInt64, bytes: Int) {
        let series = (route * Self.methodCount + Self.index(of: method)) * Self.classes + status.code / 100 - 1
        var place = Int(places[series])
        if place < 0 {
            place = words.count
            places[series] = Int32(place)
            words.append(contentsOf: repeatElement(0, count: Self.width))
        }
        var bucket = 0
        while bucket < bounds.count && nanoseconds > bounds[bucket] { bucket += 1 }
        words[place + bucket] &+= 1
        words[place + Self.width - 2] &+= nanoseconds
        words[place + Self.width - 1] &+= UInt64(bytes)
    }

    /// Counts a request that was refused before it was complete: malformed, too large or too slow.
    func refuse(_ code: String) { refused[code, default: 0] += 1 }

    /// Counts a request that exceeded its quota.
    func limit(_ policy: RatePolicy) {
        if let index = policies.firstIndex(of: policy.name) {
            rateLimited[index] += 1
        } else {
            policies.append(policy.name)
            rateLimited.append(1)
        }
    }

    var families: [MetricFamily] {
        var durations = MetricFamily(
            "lyceum_http_request_duration_seconds", .histogram,
            "Time from a complete request head to the last byte passed to the kernel.")
        var bytes = MetricFamily(
            "lyceum_http_response_content_bytes_total", .counter, "Content of answers, as sent, without heads.")
        for (series, place) in places.enumerated() where place >= 0 {
            let labels = labels(series)
            let values = Array(words[Int(place)..<(Int(place) + Self.width)])
            durations.addHistogram(
                labels, bounds: Self.bounds.map { Double($0) / 1e9 }, counts: Array(values[...Self.bounds.count]),
                sum: Double(values[Self.width - 2]) / 1e9)
            bytes.add(labels, values[Self.width - 1])
        }
        var limited = MetricFamily(
            "lyceum_http_rate_limited_total", .counter, "Requests answered 429 because of a rate limit, by policy.")
        for (policy, count) in zip(policies, rateLimited) { limited.add([("policy", policy)], count) }
        var refusals = MetricFamily(
            "lyceum_http_refused_total", .counter,
            "Requests that never reached a route: malformed, too large, too slow; by problem code.")
        for (code, count) in refused.sorted(by: { $0.key < $1.key }) { refusals.add([("code", code)], count) }
        var streams = MetricFamily(
            "lyceum_http_streams_total", .counter,
            "Answers sent as streams, by how they ended; all except complete were broken off.")
        for (end, count) in zip(StreamEnd.allCases, streamEnds) { streams.add([("end", end.rawValue)], count) }
        return [
            durations, bytes, streams,
            MetricFamily(
                "lyceum_http_streams_in_flight", .gauge, "Streamed answers being sent.", value: streamsInFlight),
            MetricFamily("lyceum_http_requests_in_flight", .gauge, "Requests being answered.", value: inFlight),
            limited, refusals,
        ]
    }

    private func labels(_ series: Int) -> [(name: String, value: String)] {
        let method = series / Self.classes % Self.methodCount
        return [
            ("route", templates[series / Self.classes / Self.methodCount]), ("method", Self.methods[method]),
            ("status", "\(series % Self.classes + 1)xx"),
        ]
    }

    private static func index(of method: Method) -> Int {
        switch method {
        case .get: 0
        case .head: 1
        case .post: 2
        case .put: 3
        case .patch: 4
        case .delete: 5
        case .options: 6
        case .trace, .query, .other: 7
        }
    }
}
