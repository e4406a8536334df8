import Diary

extension Demo {
    /// Seconds since 1970-01-01 in UTC.
    struct Moment: Hashable, Comparable {
        var seconds: Int

        /// The demo schools use the time of Yekaterinburg: five hours ahead, without summer time.
        static let zone = "Asia/Yekaterinburg"
        static let offset = 5 * 3600

        static func < (left: Moment, right: Moment) -> Bool { left.seconds < right.seconds }
        static func + (moment: Moment, seconds: Int) -> Moment { Moment(seconds: moment.seconds + seconds) }

        func append(to buffer: inout [UInt8]) {
            Day(number: seconds / 86_400).append(to: &buffer)
            buffer.append(UInt8(ascii: " "))
            Self.append(time: seconds % 86_400, to: &buffer)
            buffer.append(contentsOf: "+00".utf8)
        }

        static func append(time seconds: Int, to buffer: inout [UInt8]) {
            Day.append(seconds / 3600, digits: 2, to: &buffer)
            buffer.append(UInt8(ascii: ":"))
            Day.append(seconds / 60 % 60, digits: 2, to: &buffer)
            buffer.append(UInt8(ascii: ":"))
            Day.append(seconds % 60, digits: 2, to: &buffer)
        }
    }
}

extension Day {
    /// The time a number of minutes after midnight at a demo school.
    func at(minutes: Int) -> Demo.Moment {
        Demo.Moment(seconds: number * 86_400 + minutes * 60 - Demo.Moment.offset)
    }
}
