import CPostgres
import Glibc

/// How to read a column's values in PostgreSQL's binary format, for types whose text costs PostgreSQL more to write
/// than it costs this server. A column of any other type keeps its whole statement in text, because a result has only
/// one format.
///
/// Each value becomes the text that PostgreSQL would have sent with the session's settings (UTC, ISO).
enum BinaryForm {
    /// Text and json have the same bytes in both formats.
    case same
    case boolean
    case integer
    /// Days since 2000-01-01.
    case date
    /// Microseconds since 2000-01-01 in UTC.
    case moment
    case uuid

    /// - Parameter oid: the object identifier of a built-in type (pg_type.dat).
    init?(type oid: Oid) {
        switch oid {
        case 16: self = .boolean
        case 20, 21, 23: self = .integer
        case 25, 114, 1043: self = .same
        case 1082: self = .date
        case 1184: self = .moment
        case 2950: self = .uuid
        default: return nil
        }
    }

    /// Whether binary is cheaper for a statement with these columns. Measured: writing a UUID or a timestamp as text
    /// costs PostgreSQL as much as binary costs it for four or five texts.
    static func pays(_ forms: [BinaryForm?]) -> Bool {
        let gain = forms.count { $0 == .uuid || $0 == .moment }
        return gain > 0 && !forms.contains(nil) && forms.count { $0 == .same } <= 4 * gain
    }

    /// The length of the longest text, except for `same`.
    static let longest = 40

    /// Writes a value's text.
    ///
    /// - Returns: the text's length.
    func write(
        _ value: UnsafePointer<UInt8>, _ length: Int, to output: UnsafeMutablePointer<UInt8>
    ) -> Int {
        var text = unsafe TextCursor(output)
        switch self {
        case .same: unsafe memcpy(output, value, length)
        case .boolean: text.put(unsafe value[0] == 0 ? UInt8(ascii: "f") : UInt8(ascii: "t"))
        case .integer: unsafe text.put(Self.integer(value, length))
        case .date: unsafe text.put(date: Self.integer(value, length))
        case .moment: unsafe text.put(moment: Self.integer(value, length))
        case .uuid: unsafe text.put(uuid: value)
        }
        return self == .same ? length : text.count
    }

    /// Reads a big-endian integer of two, four or eight bytes.
    private static func integer(_ value: UnsafePointer<UInt8>, _ length: Int) -> Int {
        let value = unsafe UnsafeRawPointer(value)
        return switch length {
        case 2: unsafe Int(Int16(bigEndian: value.loadUnaligned(as: Int16.self)))
        case 4: unsafe Int(Int32(bigEndian: value.loadUnaligned(as: Int32.self)))
        default: unsafe Int(Int64(bigEndian: value.loadUnaligned(as: Int64.self)))
        }
    }
}

/// Writes the texts of values one after the other.
@safe private struct TextCursor {
    private let start: UnsafeMutablePointer<UInt8>
    private(set) var count = 0

    init(_ start: UnsafeMutablePointer<UInt8>) { unsafe self.start = unsafe start }

    mutating func put(_ byte: UInt8) {
        unsafe start[count] = byte
        count += 1
    }

    mutating func put(_ number: Int) {
        if number < 0 { put(UInt8(ascii: "-")) }
        put(number.magnitude, digits: 1)
    }

    mutating func put(date days: Int) {
        if let infinity = Self.infinity(days, Int32.self) { return put(infinity) }
        let year = put(day: days)
        if year <= 0 { put(" BC") }
    }

    mutating func put(moment microseconds: Int) {
        if let infinity = Self.infinity(microseconds, Int64.self) { return put(infinity) }
        let (days, time) = microseconds.flooredQuotientAndRemainder(dividingBy: 86_400_000_000)
        let year = put(day: days)
        let (seconds, fraction) = UInt(time).quotientAndRemainder(dividingBy: 1_000_000)
        put(UInt8(ascii: " "))
        put(seconds / 3600, digits: 2)
        put(UInt8(ascii: ":"))
        put(seconds / 60 % 60, digits: 2)
        put(UInt8(ascii: ":"))
        put(seconds % 60, digits: 2)
        if fraction > 0 {
            put(UInt8(ascii: "."))
            put(fraction, digits: 6)
            while unsafe start[count - 1] == UInt8(ascii: "0") { count -= 1 }
        }
        put("+00")
        if year <= 0 { put(" BC") }
    }

    /// Writes `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, eight digits at a time.
    mutating func put(uuid value: UnsafePointer<UInt8>) {
        let value = unsafe UnsafeRawPointer(value)
        let output = unsafe UnsafeMutableRawPointer(start + count)
        let words = unsafe (
            Self.digits(value.loadUnaligned(fromByteOffset: 0, as: UInt32.self)),
            Self.digits(value.loadUnaligned(fromByteOffset: 4, as: UInt32.self)),
            Self.digits(value.loadUnaligned(fromByteOffset: 8, as: UInt32.self)),
            Self.digits(value.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        )
        unsafe output.storeBytes(of: words.0, toByteOffset: 0, as: UInt64.self)
        unsafe output.storeBytes(of: words.1, toByteOffset: 9, as: UInt64.self)
        unsafe output.storeBytes(of: UInt32(words.1 >> 32), toByteOffset: 14, as: UInt32.self)
        unsafe output.storeBytes(of: words.2, toByteOffset: 19, as: UInt64.self)
        unsafe output.storeBytes(of: UInt32(words.2 >> 32), toByteOffset: 24, as: UInt32.self)
        unsafe output.storeBytes(of: words.3, toByteOffset: 28, as: UInt64.self)
        unsafe start[count + 8] = UInt8(ascii: "-")
        unsafe start[count + 13] = UInt8(ascii: "-")
        unsafe start[count + 18] = UInt8(ascii: "-")
        unsafe start[count + 23] = UInt8(ascii: "-")
        count += 36
    }

    /// The hexadecimal digits of four bytes, in memory order on a little-endian machine.
    private static func digits(_ word: UInt32) -> UInt64 {
        var nibbles = UInt64(UInt32(bigEndian: word))
        nibbles = (nibbles | nibbles << 16) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return (nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27).bigEndian
    }

    private static func infinity<Value: FixedWidthInteger>(_ value: Int, _: Value.Type) -> StaticString? {
        value == Int(Value.max) ? "infinity" : value == Int(Value.min) ? "-infinity" : nil
    }

    /// Writes the day that is `days` after 2000-01-01, in the Gregorian calendar.
    ///
    /// - Returns: its year; 0 is the year before the year 1.
    private mutating func put(day days: Int) -> Int {
        // The calculation lets years begin in March, so that the leap day is the last day of the year.
        let (era, day) = (days + 730_425).flooredQuotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let year = era * 400 + yearOfEra + (month >= 10 ? 1 : 0)
        put(UInt(year > 0 ? year : 1 - year), digits: 4)
        put(UInt8(ascii: "-"))
        put(UInt(month < 10 ? month + 3 : month - 9), digits: 2)
        put(UInt8(ascii: "-"))
        put(UInt(dayOfYear - (153 * month + 2) / 5 + 1), digits: 2)
        return year
    }

    /// Writes at least `digits` digits.
    private mutating func put(_ number: UInt, digits: Int) {
        var length = 1
        var limit: UInt = 10
        while length < 20, length < digits || number >= limit {
            length += 1
            let (next, overflows) = limit.multipliedReportingOverflow(by: 10)
            limit = overflows ? .max : next
        }
        var rest = number
        for index in stride(from: length - 1, through: 0, by: -1) {
            unsafe start[count + index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        count += length
    }

    private mutating func put(_ text: StaticString) {
        unsafe memcpy(start + count, text.utf8Start, text.utf8CodeUnitCount)
        count += text.utf8CodeUnitCount
    }
}

extension Int {
    fileprivate func flooredQuotientAndRemainder(dividingBy divisor: Int) -> (Int, Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
