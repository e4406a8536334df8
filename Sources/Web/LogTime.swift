import HTTP1
import Reactor

/// The time of a log line: RFC 3339 in UTC with milliseconds.
package enum LogTime {
    package static var now: String {
        let (seconds, nanoseconds) = Clock.wall
        let (year, month, day) = HTTPDate.civil(seconds / 86_400)
        let second = seconds % 86_400
        func pad(_ value: Int, _ width: Int = 2) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        return "\(year)-\(pad(month))-\(pad(day))T\(pad(second / 3600)):\(pad(second / 60 % 60)):\(pad(second % 60))"
            + ".\(pad(nanoseconds / 1_000_000, 3))Z"
    }
}
