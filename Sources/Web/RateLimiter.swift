import Reactor

/// Counts requests by the generic cell rate algorithm: of each key one moment is kept, the one at which its quota is whole
/// again. A request moves it one interval on, and is refused when that would take it further than a window from now.
///
/// The table has a fixed size, and all cores share it without a lock: a key belongs to one line of eight words, a word is
/// the key's tag and its moment. A moment that has passed says the same as no entry, so nothing is swept. In a line full of
/// others the one nearest to whole gives way: who comes from very many addresses is let through, and nobody is shut out.
package final class RateLimiter: Sendable {
    /// One request, counted or refused.
    struct Grant {
        let isAllowed: Bool
        let policy: RatePolicy
        /// Requests left now.
        let remaining: Int
        /// Seconds until the quota is whole.
        let reset: Int
        /// Seconds until a request is allowed; for a refusal.
        let retryAfter: Int
        fileprivate let key: UInt64
    }

    private static let line = 8
    /// Ticks of 10 microseconds; 44 bits of them last five years.
    private static let ticksPerSecond: UInt64 = 100_000
    private static let tickBits: UInt64 = 44
    private static let moments: UInt64 = 1 << tickBits - 1

    private let words: AtomicWords
    private let start: UInt64

    /// - Parameters:
    ///   - lines: a power of two; each remembers eight keys. 8,192 take 512 KiB.
    ///   - start: the moment in nanoseconds that the limiter counts from.
    package init(lines: Int = 8192, start: UInt64 = Clock.now) {
        precondition(lines.nonzeroBitCount == 1)
        words = AtomicWords(count: lines * Self.line)
        self.start = start
    }

    /// Counts a request of `key` against the policy.
    ///
    /// - Parameter moment: nanoseconds, as `Clock.now`.
    func take<Key: Hashable>(_ key: Key, _ policy: RatePolicy, at moment: UInt64 = Clock.now) -> Grant {
        let hash = Self.hash(key, policy)
        let now = now(moment)
        while true {
            let (index, seen) = slot(of: hash, now: now)
            let isOwn = seen & ~Self.moments == Self.tag(hash)
            let whole = isOwn ? max(seen & Self.moments, now) : now
            let left = (policy.burst - min(whole - now, policy.burst)) / policy.interval
            guard left > 0 else {
                return grant(false, policy, hash, left: 0, whole: whole, now: now)
            }
            let next = whole + policy.interval
            if words.exchange(at: index, from: seen, to: Self.tag(hash) | next) {
                return grant(true, policy, hash, left: left - 1, whole: next, now: now)
            }
        }
    }

    /// Takes the request back: it cost nothing.
    func giveBack(_ grant: Grant, at moment: UInt64 = Clock.now) -> Grant {
        let now = now(moment)
        while true {
            let (index, seen) = slot(of: grant.key, now: now)
            let whole = seen & Self.moments
            // Whole already, or gone from the table.
            guard seen & ~Self.moments == Self.tag(grant.key), whole > now else {
                return self.grant(
                    true, grant.policy, grant.key, left: UInt64(grant.policy.requests), whole: now, now: now)
            }
            let before = max(whole - min(grant.policy.interval, whole), now)
            if words.exchange(at: index, from: seen, to: Self.tag(grant.key) | before) {
                let left = (grant.policy.burst - min(before - now, grant.policy.burst)) / grant.policy.interval
                return self.grant(true, grant.policy, grant.key, left: left, whole: before, now: now)
            }
        }
    }

    /// The key's word; else one whose moment has passed; else the one nearest to it.
    private func slot(of hash: UInt64, now: UInt64) -> (index: Int, seen: UInt64) {
        let first = Int(hash & UInt64(words.count / Self.line - 1)) * Self.line
        var best = (index: first, seen: UInt64.max)
        for index in first..<(first + Self.line) {
            let word = words[index]
            if word & ~Self.moments == Self.tag(hash), word != 0 { return (index, word) }
            if word & Self.moments < best.seen & Self.moments { best = (index, word) }
        }
        return best
    }

    private func grant(
        _ isAllowed: Bool, _ policy: RatePolicy, _ key: UInt64, left: UInt64, whole: UInt64, now: UInt64
    ) -> Grant {
        let busy = whole - now
        let over = busy + policy.interval > policy.burst ? busy + policy.interval - policy.burst : 0
        return Grant(
            isAllowed: isAllowed, policy: policy, remaining: Int(left), reset: Self.seconds(busy),
            retryAfter: max(1, Self.seconds(over)), key: key)
    }

    private func now(_ moment: UInt64) -> UInt64 {
        (moment &- start) / (1_000_000_000 / Self.ticksPerSecond) & Self.moments
    }

    private static func seconds(_ ticks: UInt64) -> Int { Int((ticks + ticksPerSecond - 1) / ticksPerSecond) }

    private static func tag(_ hash: UInt64) -> UInt64 { hash & ~moments }

    /// Keyed by a secret of the process, so that nobody can aim at another's line.
    private static func hash<Key: Hashable>(_ key: Key, _ policy: RatePolicy) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(policy.name)
        hasher.combine(key)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}

extension RatePolicy {
    /// Ticks between two requests at the even rate.
    fileprivate var interval: UInt64 { max(1, UInt64(window) * 100_000 / UInt64(requests)) }
    /// Ticks of a whole quota.
    fileprivate var burst: UInt64 { interval * UInt64(requests) }
}

extension RateLimiter.Grant {
    /// `RateLimit`: `"user";r=599;t=1`.
    var field: String { "\"\(policy.name)\";r=\(remaining);t=\(reset)" }
}
