import CZlib
import Compression
import Testing

@Suite struct GzipStreamTests {
    @Test(arguments: [0, 1, 1000, 100_000, 3_000_000], [1, 7777, 65536])
    func piecesAreOneContent(_ size: Int, _ step: Int) throws {
        // Part of it repeats, part does not.
        let content = (0..<size).map {
            UInt8(truncatingIfNeeded: $0 % 1000 < 500 ? $0 % 61 : ($0 &* 0x9E37_79B1) >> 24)
        }
        guard size / step < 200_000 else { return }
        let stream = GzipStream(level: 1)
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: size, by: step) {
            bytes += stream.add(content[start..<min(start + step, size)].span)
        }
        bytes += stream.finish()
        let isSame = try inflated(bytes, atMost: size + 1) == content
        #expect(isSame)
    }

    /// Unzips a whole gzip file.
    private func inflated(_ bytes: [UInt8], atMost limit: Int) throws -> [UInt8]? {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        #expect(lyceum_gunzip_init(stream) == Z_OK)
        defer { inflateEnd(stream) }
        var input = bytes
        var code = Z_OK
        let content = input.withUnsafeMutableBufferPointer { input in
            [UInt8](unsafeUninitializedCapacity: limit) { output, count in
                stream.pointee.next_in = input.baseAddress
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(output.count)
                code = inflate(stream, Z_FINISH)
                count = output.count - Int(stream.pointee.avail_out)
            }
        }
        return code == Z_STREAM_END && stream.pointee.avail_in == 0 ? content : nil
    }
}
