/// IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
package enum HTTPDate {
    private static let days = Array("ThuFriSatSunMonTueWed".utf8)
    private static let months = Array("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)

    /// Returns 29 bytes. Only for years 0 to 9999.
    package static func format(secondsSinceEpoch seconds: Int) -> [UInt8] {
        precondition((-62_167_219_200...253_402_300_799).contains(seconds), "the year has four digits")
        let day = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
        let second = seconds - day * 86_400
        let (year, month, dayOfMonth) = civil(day)
        let weekday = ((day % 7) + 7) % 7

        var output: [UInt8] = []
        output.reserveCapacity(29)
        output.append(contentsOf: days[weekday * 3..<weekday * 3 + 3])
        output.append(contentsOf: ", ".utf8)
        append(dayOfMonth, to: &output)
        output.append(Bytes.space)
        output.append(contentsOf: months[month * 3 - 3..<month * 3])
        output.append(Bytes.space)
        append(year / 100, to: &output)
        append(year % 100, to: &output)
        output.append(Bytes.space)
        append(second / 3600, to: &output)
        output.append(Bytes.colon)
        append(second / 60 % 60, to: &output)
        output.append(Bytes.colon)
        append(second % 60, to: &output)
        output.append(contentsOf: " GMT".utf8)
        return output
    }

    private static func append(_ number: Int, to output: inout [UInt8]) {
        output.append(0x30 + UInt8(number / 10))
        output.append(0x30 + UInt8(number % 10))
    }

    /// Days since 1970-01-01 as a date of the proleptic Gregorian calendar. The calculation lets years begin in March,
    /// so that the leap day is the last day of the year.
    package static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfMonth)
    }
}
