import Crypto
import Reactor

extension UUIDv7 {
    /// A new identifier with the current time.
    package mutating func next() -> String {
        let (seconds, nanoseconds) = Clock.wall
        return make(milliseconds: UInt64(seconds * 1000 + nanoseconds / 1_000_000))
    }
}
