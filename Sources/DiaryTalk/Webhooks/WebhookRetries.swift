/// What follows from an attempt to deliver.
enum WebhookVerdict: Equatable {
    case delivered
    /// The next attempt, in seconds.
    case again(Double)
    case givenUp
    /// The webhook is disabled, and the delivery waits until somebody enables it.
    case disablesWebhook(Reason)

    /// `webhook_endpoints.disabled_reason`.
    enum Reason: String {
        case gone
        case failing
    }

    /// The schedule that Standard Webhooks 1.0 gives as an example, in seconds: ten attempts in three days.
    static let delays: [Double] = [
        5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600,
    ]
    /// A webhook that has failed for so many days is disabled.
    static let patience = 5

    /// - Parameters:
    ///   - status: of the answer; nil if there was none.
    ///   - retryAfter: the seconds that the receiver asked for.
    ///   - failures: failed attempts before this one.
    ///   - isHopeless: no delivery has succeeded for five days.
    ///   - jitter: a factor near 1, so that deliveries that failed together are not retried together.
    init(
        status: Int?, retryAfter: Int?, failures: Int, isTest: Bool, isHopeless: Bool,
        jitter: Double = .random(in: 0.9...1.1)
    ) {
        switch status {
        case let status? where (200...299).contains(status): self = .delivered
        case 410?: self = .disablesWebhook(.gone)
        case _ where isTest: self = .givenUp
        case _ where isHopeless: self = .disablesWebhook(.failing)
        case _ where failures >= Self.delays.count: self = .givenUp
        default:
            let longest = Self.delays[Self.delays.count - 1]
            self = .again(max(Self.delays[failures] * jitter, min(Double(retryAfter ?? 0), longest)))
        }
    }
}
