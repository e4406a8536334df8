import Reactor

extension RequestTiming {
    /// `Server-Timing` (W3C): milliseconds of reading and parsing, of waiting for the database, of the database, and of the
    /// rest of the handler's time, which is spent on rows, JSON and compression.
    ///
    /// - Parameter total: nanoseconds of the handler.
    func field(total: UInt64) -> String {
        // Queries of one request may overlap; what they took together can be more than the whole.
        let elsewhere = body + queue + database
        let render = total > elsewhere ? total - elsewhere : 0
        return "parse;dur=\(Self.milliseconds(parse)), queue;dur=\(Self.milliseconds(queue)), "
            + "database;dur=\(Self.milliseconds(database)), render;dur=\(Self.milliseconds(render))"
    }

    private static func milliseconds(_ nanoseconds: UInt64) -> String {
        let microseconds = nanoseconds / 1000
        let rest = String(microseconds % 1000)
        return "\(microseconds / 1000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }
}
