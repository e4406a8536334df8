import CZlib
import Compression
import Testing

@Suite struct InflateStreamTests {
    /// `content` as zlib packs it.
    private func packed(_ content: [UInt8]) -> [UInt8] {
        var length = compressBound(UInt(content.count))
        var bytes = [UInt8](repeating: 0, count: Int(length))
        #expect(compress2(&bytes, &length, content, UInt(content.count), 9) == Z_OK)
        return Array(bytes.prefix(Int(length)))
    }

    @Test(arguments: [0, 1, 1000, 300_000], [1, 7777, 65536])
    func whatComesInPiecesComesOutWhole(_ size: Int, _ step: Int) {
        let content = (0..<size).map { UInt8(truncatingIfNeeded: ($0 &* 0x9E37_79B1) >> 22) }
        let bytes = packed(content)
        let stream = InflateStream()
        var output: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: step) {
            #expect(!stream.isAtEnd)
            let piece = bytes[start..<min(start + step, bytes.count)]
            let isWhole = stream.add(piece.span) { piece in
                for index in piece.indices { output.append(piece[index]) }
                return true
            }
            guard isWhole else {
                Issue.record("damaged at \(start)")
                return
            }
        }
        #expect(stream.isAtEnd)
        let isSame = output == content
        #expect(isSame)
        // Nothing stands behind the end.
        let (nothing, more): ([UInt8], [UInt8]) = ([], [0])
        let takesNothing = stream.add(nothing.span) { _ in true }
        let takesMore = stream.add(more.span) { _ in true }
        #expect(takesNothing && !takesMore)
    }

    @Test func whoeverTakesTheOutputEndsIt() {
        let bytes = packed([UInt8](repeating: 0, count: 50 << 20))
        let stream = InflateStream()
        var taken = 0
        let isWhole = stream.add(bytes.span) { piece in
            taken += piece.count
            return taken < 100_000
        }
        #expect(!isWhole && !stream.isAtEnd && taken < 200_000)
    }

    @Test func eachCutIsNotAtItsEndAndEachChangeIsDamaged() {
        let bytes = packed((0..<200).map { UInt8($0) })
        for count in bytes.indices {
            let (stream, cut) = (InflateStream(), bytes[..<count])
            _ = stream.add(cut.span) { _ in true }
            #expect(!stream.isAtEnd, "\(count)")
        }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0xFF
            let stream = InflateStream()
            let isWhole = stream.add(changed.span) { _ in true }
            #expect(!isWhole || !stream.isAtEnd, "byte \(index)")
        }
    }
}
