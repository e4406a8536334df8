import CZlib

/// Compresses one whole content after another to gzip (RFC 1952). Reuses 256 KiB of state, on one thread at a time.
///
/// The same content always gives the same bytes: the header has no time and no name.
@safe package final class GzipEncoder {
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

    package func encode(_ content: [UInt8]) -> [UInt8] {
        unsafe deflateReset(stream)
        let bound = unsafe Int(deflateBound(stream, UInt(content.count)))
        return unsafe content.withUnsafeBufferPointer { input in
            unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, count in
                // zlib does not write to its input; the field only lacks `const`.
                unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(input.count)
                unsafe stream.pointee.next_out = output.baseAddress
                unsafe stream.pointee.avail_out = UInt32(output.count)
                let code = unsafe deflate(stream, Z_FINISH)
                precondition(code == Z_STREAM_END, "deflateBound was too small")
                count = unsafe output.count - Int(stream.pointee.avail_out)
            }
        }
    }

    /// Whether the compressed bytes were made of this content, by its checksum and length (RFC 1952 section 2.3.1).
    package static func isOf(_ content: [UInt8], _ gzip: [UInt8]) -> Bool {
        guard gzip.count >= 18, gzip.starts(with: [0x1F, 0x8B]) else { return false }
        let checksum = unsafe content.withUnsafeBufferPointer { unsafe crc32(0, $0.baseAddress, UInt32($0.count)) }
        let trailer = [UInt32(truncatingIfNeeded: checksum), UInt32(truncatingIfNeeded: content.count)]
        return gzip.suffix(8).elementsEqual(
            trailer.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } })
    }
}
