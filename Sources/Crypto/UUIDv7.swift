/// Makes version 7 UUIDs (RFC 9562 section 5.7) that ascend within one generator.
///
/// They consist of 48 bits of Unix milliseconds, the version, and fields of 12 and 62 bits. At the start of each
/// millisecond the fields are random; within it they count up as one number of 74 bits by a random step (section 6.2,
/// method 2). If the clock goes back, the generator keeps using the last millisecond.
package struct UUIDv7: Sendable {
    private var lastMilliseconds: UInt64 = 0
    private var high: UInt16 = 0
    private var low: UInt64 = 0
    /// Random bytes are fetched in portions: one call to OpenSSL's generator costs more than everything else here.
    private var pool: [UInt8] = []
    private var used = 0

    package init() {}

    /// Returns a lower-case canonical UUID.
    ///
    /// - Parameter milliseconds: since 1970.
    package mutating func make(milliseconds: UInt64) -> String {
        precondition(milliseconds < 1 << 48, "48 bits reach to the year 10889")
        if milliseconds > lastMilliseconds {
            lastMilliseconds = milliseconds
            seed()
        } else {
            step()
        }
        return text()
    }

    private mutating func seed() {
        let bits = random()
        // The top bit is clear, so that there is always room to count up.
        high = UInt16(truncatingIfNeeded: bits) & 0x07FF
        low = random() & (1 << 62 - 1)
    }

    private mutating func step() {
        let sum = low + (random() & 0xFFFF_FFFF) + 1
        low = sum & (1 << 62 - 1)
        guard sum >> 62 != 0 else { return }
        high += 1
        if high == 0x1000 {
            lastMilliseconds += 1
            seed()
        }
    }

    private mutating func random() -> UInt64 {
        if used + 8 > pool.count {
            if pool.isEmpty { pool = [UInt8](repeating: 0, count: 512) }
            Random.fill(&pool)
            used = 0
        }
        var bits: UInt64 = 0
        for index in used..<used + 8 { bits = bits << 8 | UInt64(pool[index]) }
        used += 8
        return bits
    }

    private func text() -> String {
        let first = lastMilliseconds << 16 | 0x7000 | UInt64(high)
        let second = low | 1 << 63
        var output: [UInt8] = []
        output.reserveCapacity(36)
        for shift in stride(from: 60, through: 0, by: -4) {
            output.append(UUIDv7.digits[Int(first >> UInt64(shift) & 15)])
            if shift == 32 || shift == 16 { output.append(0x2D) }
        }
        output.append(0x2D)
        for shift in stride(from: 60, through: 0, by: -4) {
            output.append(UUIDv7.digits[Int(second >> UInt64(shift) & 15)])
            if shift == 48 { output.append(0x2D) }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
