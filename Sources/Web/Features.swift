import Compression
import Reactor

/// What the server does to answers, none of it an endpoint's business. All off unless given.
package struct Features: Sendable {
    package var compression: CompressionPolicy?
    package var rates: RateLimits?
    package var cors: CORS?
    /// `Server-Timing` in each answer.
    package var showsTiming = false

    package init() {}
}

/// Which answers are sent in gzip.
package struct CompressionPolicy: Sendable {
    /// Bytes; shorter contents go as they are.
    package var minimum = 1024
    /// Bytes; longer contents are compressed off the core.
    package var longestOnCore = 256 * 1024
    /// 1 (fast) to 9 (small).
    package var level: Int32 = 1
    let offload: Offload

    package init(offload: Offload) { self.offload = offload }
}
