import CZlib

/// Reads gzip (RFC 1952) as a client does.
enum Gunzip {
    struct Malformed: Error {}

    /// - Parameter limit: of the content, in bytes.
    static func decode(_ bytes: [UInt8], limit: Int = 64 << 20) throws -> [UInt8] {
        // zlib's state points back at the stream, so the stream must not move.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        guard lyceum_gunzip_init(stream) == Z_OK else { throw Malformed() }
        defer { inflateEnd(stream) }
        var code = Z_OK
        var input = bytes
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
        guard code == Z_STREAM_END, stream.pointee.avail_in == 0 else { throw Malformed() }
        return content
    }
}
