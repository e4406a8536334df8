/// What readers and writers met.
struct StormFigures: Sendable {
    private(set) var statuses: [Int: Int] = [:]
    private(set) var failures: [String: Int] = [:]
    private(set) var writes: [String: Int] = [:]
    /// Answers that were older than what was acknowledged before their request, by the kind of fact.
    private(set) var stale: [String: Int] = [:]
    private(set) var examples: [String] = []
    private(set) var violations: [String] = []

    var requests: Int { statuses.values.reduce(0, +) }
    var staleness: Int { stale.values.reduce(0, +) }

    mutating func count(_ status: Int) { statuses[status, default: 0] += 1 }
    mutating func count(_ failure: String) { failures[failure, default: 0] += 1 }
    mutating func wrote(_ kind: String) { writes[kind, default: 0] += 1 }

    mutating func isStale(_ fact: StormFact, _ text: String) {
        stale[fact.name, default: 0] += 1
        if examples.count < 10 { examples.append("\(fact.name): \(text)") }
    }

    mutating func violation(_ text: String) { if violations.count < 10 { violations.append(text) } }

    static func + (one: StormFigures, other: StormFigures) -> StormFigures {
        var sum = one
        sum.statuses.merge(other.statuses, uniquingKeysWith: +)
        sum.failures.merge(other.failures, uniquingKeysWith: +)
        sum.writes.merge(other.writes, uniquingKeysWith: +)
        sum.stale.merge(other.stale, uniquingKeysWith: +)
        sum.examples = Array((one.examples + other.examples).prefix(10))
        sum.violations = Array((one.violations + other.violations).prefix(10))
        return sum
    }

    var text: String {
        func list<Key: Comparable>(_ counts: [Key: Int]) -> String {
            counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        }
        return """
            requests \(requests) (\(list(statuses))); no answer: \(list(failures)); \
            writes \(writes.values.reduce(0, +)) (\(list(writes))); stale \(staleness) (\(list(stale)))
            """
    }
}
