import Testing

@testable import DiaryTalk

/// What follows from the answer of a receiver.
@Suite struct WebhookVerdictTests {
    private func verdict(
        _ status: Int?, retryAfter: Int? = nil, failures: Int = 0, isTest: Bool = false, isHopeless: Bool = false
    ) -> WebhookVerdict {
        WebhookVerdict(
            status: status, retryAfter: retryAfter, failures: failures, isTest: isTest, isHopeless: isHopeless,
            jitter: 1)
    }

    @Test func onlySuccessesAreSuccess() {
        for status in 200...299 { #expect(verdict(status, isHopeless: true) == .delivered) }
        for status in [100, 199, 300, 301, 304, 307, 400, 404, 429, 500, 503, 599] {
            #expect(verdict(status) == .again(5))
        }
        #expect(verdict(nil) == .again(5))
    }

    @Test func theScheduleOfTheStandard() {
        let waits = (0..<9).map { verdict(500, failures: $0) }
        #expect(waits == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400].map { .again($0) })
        #expect(verdict(500, failures: 9) == .givenUp)
    }

    @Test func theReceiverMayAskForMoreTime() {
        #expect(verdict(429, retryAfter: 60) == .again(60))
        #expect(verdict(503, retryAfter: 60, failures: 1) == .again(300))
        #expect(verdict(503, retryAfter: 10_000_000) == .again(86400))
    }

    @Test func disabling() {
        #expect(verdict(410) == .disablesWebhook(.gone))
        #expect(verdict(410, isTest: true) == .disablesWebhook(.gone))
        #expect(verdict(500, isHopeless: true) == .disablesWebhook(.failing))
        #expect(verdict(500, failures: 9, isHopeless: true) == .disablesWebhook(.failing))
        #expect(verdict(500, isTest: true, isHopeless: true) == .givenUp)
    }

    @Test func retriesAreSpread() {
        let waits = (0..<100).map { _ in
            WebhookVerdict(status: 500, retryAfter: nil, failures: 2, isTest: false, isHopeless: false)
        }
        for case .again(let seconds) in waits { #expect((1620...1980).contains(seconds)) }
        #expect(!waits.allSatisfy { $0 == waits[0] })
    }
}
