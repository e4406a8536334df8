import Synchronization

/// The answers that clients got, and those that they should not have got.
final class Tally: Sendable {
    private let state = Mutex(State())

    private struct State {
        var counts: [String: Int] = [:]
        var violations: [String] = []
        var slowest = 0.0
    }

    /// While the server itself is killed, its clients get no answer.
    private let serverMayDie: Bool
    /// The longest time that an answer may take, in seconds.
    private let limit: Double

    init(serverMayDie: Bool = false, limit: Double = 15) {
        self.serverMayDie = serverMayDie
        self.limit = limit
    }

    var violations: [String] { state.withLock { $0.violations } }
    /// By status and code, such as `503 outcome_unknown`.
    var counts: [String: Int] { state.withLock { $0.counts } }
    var slowest: Double { state.withLock { $0.slowest } }
    func count(_ what: String) -> Int { counts[what] ?? 0 }
    var good: Int { count("200") }
    /// 503 answers that report a fault. "overloaded" does not: a slow machine may be too busy for the load without any.
    var harmed: Int { unavailable - count("503 overloaded") }
    /// 503 answers.
    var unavailable: Int { counts.filter { $0.key.hasPrefix("503") }.reduce(0) { $0 + $1.value } }

    var description: String {
        counts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
            + "; slowest \(Int(slowest * 1000)) ms"
    }

    func violation(_ text: String) {
        state.withLock { if $0.violations.count < 20 { $0.violations.append(text) } }
    }

    func record(_ what: String) { state.withLock { $0.counts[what, default: 0] += 1 } }

    /// Sends one request and judges the answer: it must be 200, 409 for a key in use, or 503 with a known code and
    /// Retry-After.
    func exchange(
        _ client: HTTPClient, _ method: String, _ path: String, fields: [(String, String)] = [], json: String? = nil
    ) throws(HTTPClient.NoAnswer) -> HTTPClient.Answer {
        var result: Result<HTTPClient.Answer, HTTPClient.NoAnswer>?
        let seconds = measured {
            do throws(HTTPClient.NoAnswer) {
                result = .success(try client.send(method, path, fields: fields, json: json))
            } catch {
                result = .failure(error)
            }
        }
        state.withLock { $0.slowest = max($0.slowest, seconds) }
        if seconds > limit { violation("\(method) \(path) took \(seconds) s") }
        do throws(HTTPClient.NoAnswer) {
            let answer = try result!.get()
            record(answer.status == 200 ? "200" : "\(answer.status) \(answer.code ?? "")")
            switch (answer.status, answer.code) {
            case (200, _), (409, "idempotency_in_progress"): break
            case (503, "outcome_unknown") where method == "GET": violation("a read has no outcome: \(answer.text)")
            case (503, "database_unavailable"), (503, "outcome_unknown"), (503, "overloaded"), (503, "timeout"),
                (503, "write_contention"),
                (503, "shutting_down"):
                if answer.retryAfter == nil { violation("503 without Retry-After: \(answer.text)") }
            default: violation("\(method) \(path): \(answer.status) \(answer.text)")
            }
            return answer
        } catch {
            record("\(error)")
            if !serverMayDie || error == .hung { violation("\(method) \(path): \(error)") }
            throw error
        }
    }
}
