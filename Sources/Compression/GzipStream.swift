import CZlib

/// Compresses one content that arrives in pieces to gzip (RFC 1952). Uses 256 KiB of state, whatever the content's
/// length.
@safe package final class GzipStream {
    // zlib's state points back at the stream, so the stream must not move.
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Parameter level: 1 (fast) to 9 (small).
    package init(level: Int32) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let code = unsafe lyceum_gzip_init(stream, level)
        precondition(code == Z_OK, "zlib: \(code)")
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Returns the compressed bytes that are ready after this piece. Often there are none: zlib buffers.
    package func add(_ piece: Span<UInt8>) -> [UInt8] {
        unsafe piece.withUnsafeBufferPointer { input in
            unsafe write(UnsafeMutablePointer(mutating: input.baseAddress), input.count, Z_NO_FLUSH)
        }
    }

    /// Returns the rest. Nothing can be added after it.
    package func finish() -> [UInt8] { unsafe write(nil, 0, Z_FINISH) }

    private func write(_ input: UnsafeMutablePointer<UInt8>?, _ count: Int, _ flush: Int32) -> [UInt8] {
        // zlib does not write to its input; the field only lacks `const`.
        unsafe stream.pointee.next_in = unsafe input
        unsafe stream.pointee.avail_in = UInt32(count)
        var output: [UInt8] = []
        var code = Z_OK
        repeat {
            unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.step) { space in
                unsafe stream.pointee.next_out = space.baseAddress
                unsafe stream.pointee.avail_out = UInt32(space.count)
                code = unsafe deflate(stream, flush)
                let written = unsafe space.count - Int(stream.pointee.avail_out)
                unsafe output.append(contentsOf: space[..<written])
            }
            // Free space left in the buffer means that zlib has no more output.
        } while unsafe stream.pointee.avail_out == 0
        precondition(flush == Z_NO_FLUSH ? code == Z_OK || code == Z_BUF_ERROR : code == Z_STREAM_END, "zlib: \(code)")
        return output
    }

    private static let step = 16 * 1024
}
