import CZlib

/// Inflates one zlib stream (RFC 1950) or gzip file (RFC 1952) that comes in pieces. It keeps none of the output, only about 48 KiB of state,
/// so the caller sets the bound.
@safe package final class InflateStream {
    // zlib's state points back at the stream, so that it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether the stream ended with its checksum.
    package private(set) var isAtEnd = false

    package init(gzip: Bool = false) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let code = unsafe gzip ? lyceum_gunzip_init(stream) : lyceum_inflate_init(stream)
        precondition(code == Z_OK, "zlib: \(code)")
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// - Parameter take: gets the output piece by piece; returns false to stop.
    /// - Returns: false for a damaged stream, for bytes after its end, and after `take` returned false.
    package func add(_ piece: Span<UInt8>, take: (Span<UInt8>) -> Bool) -> Bool {
        if isAtEnd { return piece.isEmpty }
        return unsafe piece.withUnsafeBufferPointer { input in
            // zlib does not write to its input; the type is older than const.
            unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(mutating: input.baseAddress)
            unsafe stream.pointee.avail_in = UInt32(input.count)
            return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.step) { space in
                while true {
                    unsafe stream.pointee.next_out = space.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(space.count)
                    let code = unsafe inflate(stream, Z_NO_FLUSH)
                    let written = unsafe space.count - Int(stream.pointee.avail_out)
                    guard unsafe written == 0 || take(space.span.extracting(..<written)) else { return false }
                    switch code {
                    case Z_STREAM_END:
                        isAtEnd = true
                        return unsafe stream.pointee.avail_in == 0
                    // Room left over says that the piece is used up.
                    case Z_OK: if unsafe stream.pointee.avail_out > 0 { return true }
                    case Z_BUF_ERROR: return true
                    default: return false
                    }
                }
            }
        }
    }

    /// - Returns: the output; nil for a damaged stream and for bytes after its end.
    package func add(_ piece: Span<UInt8>) -> [UInt8]? {
        var output: [UInt8] = []
        let isSound = add(piece) { part in
            unsafe part.withUnsafeBufferPointer { unsafe output.append(contentsOf: $0) }
            return true
        }
        return isSound ? output : nil
    }

    private static let step = 32 * 1024
}
