/// How long the turns of a core's loop took, from one wait for events to the next. Events that arrive meanwhile wait
/// that long.
package struct LoopTime: Sendable {
    /// Upper bounds of the first buckets, in nanoseconds; the last bucket has none.
    package static let bounds: [UInt64] = [1, 5, 25, 100].map { .milliseconds($0) }

    /// The number of turns in each bucket, not cumulative. There is one bucket more than there are bounds.
    package private(set) var buckets = [UInt64](repeating: 0, count: bounds.count + 1)
    /// Nanoseconds of all turns together.
    package private(set) var sum: UInt64 = 0
    /// Nanoseconds of the longest turn.
    package private(set) var longest: UInt64 = 0

    package var turns: UInt64 { buckets.reduce(0, +) }

    package init() {}

    package mutating func add(_ nanoseconds: UInt64) {
        sum &+= nanoseconds
        longest = max(longest, nanoseconds)
        var bucket = 0
        while bucket < Self.bounds.count && nanoseconds > Self.bounds[bucket] { bucket += 1 }
        buckets[bucket] &+= 1
    }
}
