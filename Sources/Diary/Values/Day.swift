/// A day of the Gregorian calendar, counted from 1970-01-01.
package struct Day: Hashable, Comparable {
    package var number: Int

    package init(number: Int) { self.number = number }

    package init(_ year: Int, _ month: Int, _ day: Int) {
        // The year is counted from March, so that the leap day comes last and one formula gives the days before each
        // month.
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        number = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// `YYYY-MM-DD`; nil when the day does not exist or is before 1970.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard text.utf8.count == 10, parts.map(\.utf8.count) == [4, 2, 2], let year = Int(parts[0]),
            let month = Int(parts[1]), let day = Int(parts[2]), year >= 1970, (1...12).contains(month),
            (1...31).contains(day)
        else { return nil }
        self.init(year, month, day)
        guard civil == (year, month, day) else { return nil }
    }

    package var civil: (year: Int, month: Int, day: Int) {
        let shifted = number + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let year = yearOfEra + era * 400 + (month < 10 ? 0 : 1)
        return (year, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
    }

    /// 1 Monday to 7 Sunday.
    package var weekday: Int { (number + 3) % 7 + 1 }

    package var monday: Day { self - (weekday - 1) }

    package func next(weekday: Int) -> Day { self + (weekday - self.weekday + 7) % 7 }
    package func last(weekday: Int) -> Day { self - (self.weekday - weekday + 7) % 7 }

    package static func < (left: Day, right: Day) -> Bool { left.number < right.number }
    package static func + (day: Day, days: Int) -> Day { Day(number: day.number + days) }
    package static func - (day: Day, days: Int) -> Day { Day(number: day.number - days) }
    package static func - (left: Day, right: Day) -> Int { left.number - right.number }

    package func append(to buffer: inout [UInt8]) {
        let (year, month, day) = civil
        Self.append(year, digits: 4, to: &buffer)
        buffer.append(UInt8(ascii: "-"))
        Self.append(month, digits: 2, to: &buffer)
        buffer.append(UInt8(ascii: "-"))
        Self.append(day, digits: 2, to: &buffer)
    }

    /// `YYYY-MM-DD`
    package var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    package static func append(_ value: Int, digits: Int, to buffer: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            buffer.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }
}
