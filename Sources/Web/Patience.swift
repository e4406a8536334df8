import Reactor

/// How long a connection still waits for its peer within one transfer. Waiting spends this time, and transferred bytes
/// earn it back at the minimum rate. It never exceeds its initial value, so that a peer that was fast at first cannot
/// stop for hours.
struct Patience {
    /// Nanoseconds.
    private(set) var left: UInt64
    private let most: UInt64
    private let rate: Int

    /// - Parameter rate: bytes per second.
    init(_ most: UInt64, rate: Int) {
        left = most
        self.most = most
        self.rate = rate
    }

    mutating func spend(_ nanoseconds: UInt64) { left -= min(left, nanoseconds) }

    mutating func earn(_ bytes: Int) { left = min(most, left + .seconds(Double(bytes) / Double(rate))) }
}
