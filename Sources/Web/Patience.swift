import Reactor

/// How long a connection still waits for its other end within one transfer: so long at once, and what was transferred earns it
/// back, at the lowest rate that is borne. Never more than at once, so that who was quick at first cannot stop for hours.
struct Patience {
    /// Nanoseconds.
    private(set) var left: UInt64
    private let most: UInt64
    private let rate: Int

    /// - Parameter rate: bytes a second.
    init(_ most: UInt64, rate: Int) {
        left = most
        self.most = most
        self.rate = rate
    }

    mutating func spend(_ nanoseconds: UInt64) { left -= min(left, nanoseconds) }

    mutating func earn(_ bytes: Int) { left = min(most, left + .seconds(Double(bytes) / Double(rate))) }
}
