extension Demo {
    /// SplitMix64: the same numbers for the same seed on every machine. Every purpose has a stream of its own, so that
    /// more of one thing does not change another.
    struct Random {
        private var state: UInt64

        init(seed: UInt64, _ streams: Int...) {
            state = seed
            for stream in streams { state = Self.mix(state ^ Self.mix(UInt64(bitPattern: Int64(stream)) &+ Self.step)) }
        }

        mutating func next() -> UInt64 {
            state &+= Self.step
            return Self.mix(state)
        }

        /// 0 ..< count
        mutating func below(_ count: Int) -> Int {
            Int(next().multipliedFullWidth(by: UInt64(count)).high)
        }

        mutating func within(_ range: ClosedRange<Int>) -> Int {
            range.lowerBound + below(range.count)
        }

        /// 0 ..< 1
        mutating func unit() -> Double {
            Double(next() >> 11) * 0x1p-53
        }

        mutating func chance(_ probability: Double) -> Bool {
            unit() < probability
        }

        /// Roughly normal with mean 0 and deviation 1. Sums are the same on every machine, logarithms may not be.
        mutating func normal() -> Double {
            var sum = 0.0
            for _ in 0..<6 { sum += unit() }
            return (sum - 3) * 1.414
        }

        mutating func pick<Element>(_ list: [Element]) -> Element {
            list[below(list.count)]
        }

        mutating func shuffle<Element>(_ list: inout [Element]) {
            for index in list.indices.dropFirst().reversed() { list.swapAt(index, below(index + 1)) }
        }

        private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

        private static func mix(_ value: UInt64) -> UInt64 {
            var value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    /// A UUID of version 7 (RFC 9562), derived from the seed and a moment of the demo instead of the clock.
    struct ID: Hashable {
        let high: UInt64
        let low: UInt64

        init(at moment: Moment, _ random: inout Random) {
            let milliseconds = UInt64(moment.seconds * 1000 + random.below(1000))
            high = milliseconds << 16 | 0x7000 | random.next() >> 52
            low = 1 << 63 | random.next() >> 2
        }

        func append(to buffer: inout [UInt8]) {
            for shift in stride(from: 60, through: 0, by: -4) {
                buffer.append(Self.digits[Int(high >> UInt64(shift) & 15)])
                if shift == 32 || shift == 16 { buffer.append(UInt8(ascii: "-")) }
            }
            buffer.append(UInt8(ascii: "-"))
            for shift in stride(from: 60, through: 0, by: -4) {
                buffer.append(Self.digits[Int(low >> UInt64(shift) & 15)])
                if shift == 48 { buffer.append(UInt8(ascii: "-")) }
            }
        }

        private static let digits = Array("0123456789abcdef".utf8)
    }
}

extension Demo.ID: Encodable, Comparable {
    static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }

    func encode(to encoder: any Encoder) throws {
        var bytes: [UInt8] = []
        append(to: &bytes)
        var container = encoder.singleValueContainer()
        try container.encode(String(decoding: bytes, as: UTF8.self))
    }
}
