import Compression
import Reactor

/// What the server does to answers, independently of the endpoints. Everything is off unless set.
package struct Features: Sendable {
    package var compression: CompressionPolicy?
    package var rates: RateLimits?
    package var cors: CORS?
    /// Whether to add `Server-Timing` to each answer.
    package var showsTiming = false

    package init() {}
}

/// Which answers are sent in gzip.
package struct CompressionPolicy: Sendable {
    /// Bytes; shorter contents are sent uncompressed.
    package var minimum = 1024
    /// Bytes; longer contents are compressed on another thread.
    package var longestOnCore = 256 * 1024
    /// 1 (fast) to 9 (small).
    package var level: Int32 = 1
    let offload: Offload

    package init(offload: Offload) { self.offload = offload }
}
