import Reactor

extension RequestTiming {
    /// `Server-Timing` (W3C), in milliseconds: parsing, waiting for the database, the database, and the rest of the
    /// handler's time, which goes to rows, JSON and compression.
    ///
    /// - Parameter total: nanoseconds of the handler.
    func field(total: UInt64) -> String {
        // Queries of one request may overlap, so their sum can exceed the total.
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
