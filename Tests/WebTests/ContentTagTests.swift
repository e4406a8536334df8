import HTTP1
import Testing

@testable import Web

@Suite struct ContentTagTests {
    /// Servers behind one balancer must agree, and so must a server after its restart.
    @Test func everyProcessHasTheSameTag() {
        let content = [UInt8]("{\"items\": [{\"id\": 1, \"name\": \"Алгебра 7А\"}], \"next_cursor\": null}".utf8)
        #expect(ContentTag.of(content).opaque == "ac972efa601773e36cea181e5a74c1f9")
    }

    /// Each byte counts, for lengths around the steps of 8 and 32 bytes, and changes both halves of the tag.
    @Test func anyByteChangesBothHalves() {
        for length in 1...100 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            let tag = ContentTag.of(bytes).opaque
            for index in bytes.indices {
                var changed = bytes
                changed[index] ^= 1
                let other = ContentTag.of(changed).opaque
                #expect(other.prefix(16) != tag.prefix(16) && other.suffix(16) != tag.suffix(16), "\(length), \(index)")
            }
        }
    }

    @Test func lengthsAndOrderCount() {
        let zeroes = (0...100).map { ContentTag.of(Array(repeating: 0, count: $0)) }
        #expect(Set(zeroes).count == zeroes.count)
        let blocks = (0..<8).map { [UInt8](repeating: $0, count: 16) }
        let tags = (0..<7).map { place in
            var swapped = blocks
            swapped.swapAt(place, place + 1)
            return ContentTag.of(Array(swapped.joined()))
        }
        #expect(Set(tags + [ContentTag.of(Array(blocks.joined()))]).count == 8)
    }
}

@Suite struct HexadecimalTests {
    @Test func allSixteenDigitsAreWritten() {
        #expect(String(hexadecimal: 0) == "0000000000000000")
        #expect(String(hexadecimal: 0x0123_4567_89AB_CDEF) == "0123456789abcdef")
        #expect(String(hexadecimal: .max) == "ffffffffffffffff")
    }
}
