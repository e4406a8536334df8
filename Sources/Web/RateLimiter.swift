import Reactor

/// Counts requests with the generic cell rate algorithm: for each key it keeps the moment at which the quota is full
/// again. A request moves that moment by one interval, and is refused if the moment would then be more than a window
/// away.
///
/// The table has a fixed size, and all cores share it without a lock. A key belongs to one line of eight words; a word
/// has the key's tag and its moment. A moment in the past means the same as no entry, so nothing needs to be cleaned
/// up. In a line full of other keys, the one nearest to a full quota is replaced: a client with very many addresses
/// gets through, but nobody is shut out.
package final class RateLimiter: Sendable {
    /// A counted or refused request.
    struct Grant {
        let isAllowed: Bool
        let policy: RatePolicy
        /// Requests left now.
        let remaining: Int
        /// Seconds until the quota is full.
        let reset: Int
        /// Seconds until a request is allowed, if refused.
        let retryAfter: Int
        fileprivate let key: UInt64
    }

    private static let line = 8
    /// Ticks of 10 microseconds; 44 bits of them last for five years.
    private static let ticksPerSecond: UInt64 = 100_000
    private static let tickBits: UInt64 = 44
    private static let moments: UInt64 = 1 << tickBits - 1

    private let words: AtomicWords
    private let start: UInt64

    /// - Parameters:
    ///   - lines: a power of two. Each line remembers eight keys; 8,192 lines take 512 KiB.
    ///   - start: the moment in nanoseconds from which the limiter counts.
    package init(lines: Int = 8192, start: UInt64 = Clock.now) {
        precondition(lines.nonzeroBitCount == 1)
        words = AtomicWords(count: lines * Self.line)
        self.start = start
    }

    /// Counts a request of `key` against the policy.
    ///
    /// - Parameter moment: in the time of `Clock.now`.
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

    /// Uncounts a request that costs nothing.
    func giveBack(_ grant: Grant, at moment: UInt64 = Clock.now) -> Grant {
        let now = now(moment)
        while true {
            let (index, seen) = slot(of: grant.key, now: now)
            let whole = seen & Self.moments
            // The quota is full already, or the key is no longer in the table.
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

    /// The key's word; otherwise the word whose moment is earliest.
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

    /// The hash is keyed by a secret of the process, so that nobody can aim at the line of another key.
    private static func hash<Key: Hashable>(_ key: Key, _ policy: RatePolicy) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(policy.name)
        hasher.combine(key)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}

extension RatePolicy {
    /// Ticks between two requests at an even rate.
    fileprivate var interval: UInt64 { max(1, UInt64(window) * 100_000 / UInt64(requests)) }
    /// Ticks of a full quota.
    fileprivate var burst: UInt64 { interval * UInt64(requests) }
}

extension RateLimiter.Grant {
    /// `RateLimit`: `"user";r=599;t=1`.
    var field: String { "\"\(policy.name)\";r=\(remaining);t=\(reset)" }
}
