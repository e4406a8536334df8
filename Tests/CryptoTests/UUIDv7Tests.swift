import Crypto
import Testing

@Suite struct UUIDv7Tests {
    /// The layout of RFC 9562 section 5.7, at the time of its appendix A.6.
    @Test func layout() throws {
        var generator = UUIDv7()
        for _ in 0..<200 {
            let uuid = Array(generator.make(milliseconds: 0x017F_22E2_79B0).utf8)
            #expect(uuid.count == 36)
            #expect(String(decoding: uuid[..<15], as: UTF8.self) == "017f22e2-79b0-7")
            #expect([8, 13, 18, 23].allSatisfy { uuid[$0] == 0x2D })
            #expect("89ab".utf8.contains(uuid[19]))
            #expect(uuid.filter { $0 != 0x2D }.count == 32)
            #expect(uuid.allSatisfy { "0123456789abcdef-".utf8.contains($0) })
        }
    }

    @Test func ascends() {
        var generator = UUIDv7()
        var last = ""
        // Many in one millisecond, then the clock goes back, then forward again.
        let moments = Array(repeating: UInt64(1000), count: 5000) + [999, 1, 0] + [1001, 1001, 5000]
        for moment in moments {
            let uuid = generator.make(milliseconds: moment)
            #expect(uuid > last)
            last = uuid
        }
        #expect(last.hasPrefix("00000000-1388-7"))
    }

    @Test func generatorsDiffer() {
        var first = UUIDv7()
        var second = UUIDv7()
        #expect(first.make(milliseconds: 5) != second.make(milliseconds: 5))
    }

    @Test func longestMoment() {
        var generator = UUIDv7()
        #expect(generator.make(milliseconds: 1 << 48 - 1).hasPrefix("ffffffff-ffff-7"))
    }
}
