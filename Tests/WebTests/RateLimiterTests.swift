import HTTP1
import Reactor
import TestTools
import Testing

@testable import Web

/// The algorithm at moments chosen by the test.
@Suite struct RateLimiterTests {
    private let policy = RatePolicy("user", requests: 4, window: 8)
    private let limiter = RateLimiter(lines: 1, start: 0)

    @Test func aBurstThenTheEvenRate() {
        var left: [Int] = []
        for _ in 0..<4 { left.append(limiter.take("a", policy, at: 0).remaining) }
        #expect(left == [3, 2, 1, 0])
        let refused = limiter.take("a", policy, at: .seconds(0.5))
        #expect(!refused.isAllowed)
        #expect(refused.remaining == 0)
        #expect(refused.reset == 8)
        #expect(refused.retryAfter == 2)
        // A refusal costs nothing: the next request is allowed at the same moment as without it.
        #expect(!limiter.take("a", policy, at: .seconds(1.99)).isAllowed)
        #expect(limiter.take("a", policy, at: .seconds(2)).isAllowed)
        #expect(!limiter.take("a", policy, at: .seconds(2)).isAllowed)
        // The quota is full again after a window without requests.
        #expect(limiter.take("a", policy, at: .seconds(10)).remaining == 3)
    }

    @Test func retryAfterIsLongEnough() {
        for moment in stride(from: 0.0, to: 8, by: 0.7) {
            let limiter = RateLimiter(lines: 1, start: 0)
            for _ in 0..<4 { _ = limiter.take("a", policy, at: 0) }
            while limiter.take("a", policy, at: .seconds(moment)).isAllowed {}
            let refused = limiter.take("a", policy, at: .seconds(moment))
            #expect(refused.retryAfter >= 1)
            #expect(limiter.take("a", policy, at: .seconds(moment + Double(refused.retryAfter))).isAllowed)
        }
    }

    @Test func keysAndPoliciesAreCountedApart() {
        let other = RatePolicy("sign-in", requests: 4, window: 8)
        for _ in 0..<4 { _ = limiter.take("a", policy, at: 0) }
        #expect(!limiter.take("a", policy, at: 0).isAllowed)
        #expect(limiter.take("b", policy, at: 0).remaining == 3)
        #expect(limiter.take("a", other, at: 0).remaining == 3)
    }

    @Test func givenBackIsAsIfNeverTaken() {
        let first = limiter.take("a", policy, at: 0)
        #expect(limiter.giveBack(first, at: 0).remaining == 4)
        for _ in 0..<3 { _ = limiter.take("a", policy, at: 0) }
        let last = limiter.take("a", policy, at: 0)
        #expect(last.remaining == 0)
        #expect(limiter.giveBack(last, at: 0).remaining == 1)
        #expect(limiter.take("a", policy, at: 0).isAllowed)
        #expect(!limiter.take("a", policy, at: 0).isAllowed)
        // Giving back never exceeds the full quota.
        #expect(limiter.giveBack(last, at: .seconds(60)).remaining == 4)
        #expect(limiter.take("a", policy, at: .seconds(60)).remaining == 3)
    }

    /// Eight keys per line: the ninth replaces the key that has used least, not one that has used up its quota.
    @Test func fullLineForgetsTheKeyThatUsedLeast() {
        for key in 0..<8 {
            for _ in 0..<(key == 5 ? 1 : 4) { _ = limiter.take("\(key)", policy, at: 0) }
        }
        #expect(limiter.take("another", policy, at: 0).remaining == 3)
        for key in 0..<8 where key != 5 { #expect(!limiter.take("\(key)", policy, at: 0).isAllowed, "\(key)") }
        #expect(limiter.take("another", policy, at: 0).remaining == 2)
    }

    @Test func threadsCountTogether() async throws {
        let policy = RatePolicy("user", requests: 1000, window: 100_000)
        let limiter = RateLimiter(lines: 1, start: 0)
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await threads.run { (0..<400).count { _ in limiter.take("a", policy, at: 0).isAllowed } }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(counts == 1000)
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.8", false), ("::ffff:192.0.2.7", "192.0.2.7", true),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", false), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::1", true),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", false), ("2001:db8::1", "2001:db8:0:0:ffff::", true),
    ])
    func networks(_ one: String, _ other: String, _ isSame: Bool) throws {
        #expect(try (#require(IPAddress(one)).network == #require(IPAddress(other)).network) == isSame)
        let limits = RateLimits(requests: 4, signIns: 4, window: 50_000)
        _ = limits.take(limits.address, nil, one)
        #expect(limits.take(limits.address, nil, other).remaining == (isSame ? 2 : 3))
    }
}
