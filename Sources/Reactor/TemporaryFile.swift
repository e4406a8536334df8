import CLinux
import Glibc

/// A file without a name that disappears with its last reference, for data that is too large to keep in memory. The
/// calls block, so make them on a thread of an `Offload`, one after the other.
///
/// Sendable, because one thread uses it at a time and the descriptor never changes.
@safe package final class TemporaryFile: @unchecked Sendable {
    private let descriptor: Int32
    private var count = 0

    /// - Parameter directory: nil for `TMPDIR`, or `/tmp` if that is not set.
    package init(in directory: String? = nil) throws(SystemError) {
        let place = unsafe directory ?? getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        descriptor = try systemCall("open") { unsafe lyceum_temporary_file(place) }
    }

    deinit { close(descriptor) }

    package func append(_ bytes: [UInt8]) throws(SystemError) {
        var sent = 0
        while sent < bytes.count {
            sent += try systemCall("write") {
                unsafe bytes.withUnsafeBytes { buffer in
                    unsafe pwrite(descriptor, buffer.baseAddress! + sent, buffer.count - sent, off_t(count + sent))
                }
            }
        }
        count += bytes.count
    }

    /// Everything that was appended.
    package func contents() throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemError) {
                while filled < count {
                    let place = unsafe buffer.baseAddress! + filled
                    let start = filled
                    let taken = try systemCall("read") { unsafe pread(descriptor, place, count - start, off_t(start)) }
                    if taken == 0 { break }
                    filled += taken
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
