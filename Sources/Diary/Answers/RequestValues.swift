import HTTP1
import JSON
import Web

extension Request {
    /// An id of the path. A malformed one names nothing, so it is a 404 like any other unknown id.
    package func identifier(_ name: String) throws -> String {
        guard let id = path[name].flatMap({ FieldParsing.canonicalUUID($0) }) else { throw Problem(.notFound) }
        return id
    }

    /// What the program calls itself, as much of it as sessions keep.
    package var userAgent: String? { head["User-Agent"].map { String($0.prefix(200)) } }
}

extension QueryReader {
    /// `from` and `to`, both or neither, in order, and not too far apart.
    package mutating func dateRange(longest days: Int) -> (from: String, to: String)? {
        let from = date("from")
        let to = date("to")
        switch (from, to) {
        case (nil, nil): return nil
        case (let from?, let to?):
            if to < from {
                add("to", "before_from", Text(ru: "Конец раньше начала.", en: "The end is before the beginning."))
            } else if CalendarDate.days(from: from, to: to) >= days {
                add("to", "range_too_long", Text(ru: "Не больше \(days) дней.", en: "At most \(days) days."))
            }
            return (from, to)
        default:
            // A bad date has been recorded already; a missing one has not.
            let missing = from == nil ? "from" : "to"
            if text(missing) == nil {
                add(missing, "required", Text(ru: "Нужны и from, и to.", en: "from and to go together."))
            }
            return nil
        }
    }
}

extension CalendarDate {
    /// Days from one valid date to another.
    package static func days(from first: String, to last: String) -> Int { number(last) - number(first) }

    /// Days since a fixed day. Years begin in March inside, so that the leap day comes last.
    private static func number(_ date: String) -> Int {
        let parts = date.split(separator: "-").map { Int($0)! }
        let year = parts[1] <= 2 ? parts[0] - 1 : parts[0]
        let month = (parts[1] + 9) % 12
        return year * 365 + year / 4 - year / 100 + year / 400 + (month * 306 + 5) / 10 + parts[2] - 1
    }
}
