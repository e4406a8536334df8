import Glibc
import Reactor

struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Repeats until there is an answer.
///
/// - Parameter orNil: returns nil when the time is over, instead of throwing.
@discardableResult
func eventually<Value>(
    _ what: @autoclosure () -> String, seconds: Double, orNil: Bool = false, _ condition: () throws -> Value?
) throws -> Value! {
    let end = Clock.now + .seconds(seconds)
    while true {
        if let value = try condition() { return value }
        if Clock.now > end {
            if orNil { return nil }
            throw Failure("not within \(seconds) s: \(what())")
        }
        usleep(10_000)
    }
}

/// Like `eventually`, for a condition.
func eventually(
    _ what: @autoclosure () -> String, seconds: Double, isTrue condition: () throws -> Bool
) throws {
    try eventually(what(), seconds: seconds) { try condition() ? true : nil as Bool? }
}

/// The seconds that `body` took.
func measured(_ body: () throws -> Void) rethrows -> Double {
    let start = Clock.now
    try body()
    return Double(Clock.now - start) / 1e9
}
