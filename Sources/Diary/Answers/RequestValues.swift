import HTTP1
import JSON
import Web

extension Request {
    /// An id in the path. A malformed id matches no record, so it is a 404 like any unknown id.
    package func identifier(_ name: String) throws -> String {
        guard let id = path[name].flatMap({ FieldParsing.canonicalUUID($0) }) else { throw Problem(.notFound) }
        return id
    }

    /// The client's name for itself, cut to the length that sessions store.
    package var userAgent: String? { head["User-Agent"].map { String($0.prefix(200)) } }
}

extension QueryReader {
    /// `from` and `to`: both or neither, in order, and less than `days` days apart.
    package mutating func dateRange(longest days: Int) -> (from: String, to: String)? {
        let from = date("from")
        let to = date("to")
        switch (from, to) {
        case (nil, nil): return nil
        case (let from?, let to?):
            if to < from {
                add("to", "before_from", Text(ru: "Конец раньше начала.", en: "The end is before the beginning."))
            } else if CalendarDate.days(from: from, to: to) >= days {
                add(
                    "to", "range_too_long",
                    Text(ru: "Выберите период не длиннее \(days) дней.", en: "Choose a period of at most \(days) days.")
                )
            }
            return (from, to)
        default:
            // A malformed date is reported already; a missing one is not.
            let missing = from == nil ? "from" : "to"
            if text(missing) == nil {
                add(missing, "required", Text(ru: "Передайте и from, и to.", en: "Give both from and to."))
            }
            return nil
        }
    }
}

extension CalendarDate {
    /// The number of days from one valid date to another.
    package static func days(from first: String, to last: String) -> Int { number(last) - number(first) }

    /// Days since a fixed day. The count begins each year in March, so that the leap day comes last.
    private static func number(_ date: String) -> Int {
        let parts = date.split(separator: "-").map { Int($0)! }
        let year = parts[1] <= 2 ? parts[0] - 1 : parts[0]
        let month = (parts[1] + 9) % 12
        return year * 365 + year / 4 - year / 100 + year / 400 + (month * 306 + 5) / 10 + parts[2] - 1
    }
}
