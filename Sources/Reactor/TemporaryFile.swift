import CLinux
import Glibc

/// A file without a name that disappears with its last reference, for data that is too large to keep in memory. The
/// calls block, so make them on a thread of an `Offload`, one after the other.
///
/// Sendable, because one thread uses it at a time and the descriptor never changes.
@safe package final class TemporaryFile: @unchecked Sendable {
    let descriptor: Int32
    /// The size in bytes.
    package private(set) var count = 0

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

    /// Opens the file again, for libraries that write to a file with a name; `measure()` afterwards.
    package var path: String { "/proc/self/fd/\(descriptor)" }

    /// Reads the size, after somebody else has written to the file.
    package func measure() throws(SystemError) {
        var status = stat()
        _ = try systemCall("fstat") { unsafe fstat(descriptor, &status) }
        count = status.st_size
    }

    /// The whole file.
    package func contents() throws(SystemError) -> [UInt8] { try read(from: 0, atMost: count) }

    /// Bytes from this place on; fewer than `limit` at the end of the file.
    package func read(from begin: Int, atMost limit: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let size = max(0, min(limit, count - begin))
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
            do throws(SystemError) {
                while filled < size {
                    let place = unsafe buffer.baseAddress! + filled
                    let start = filled
                    let taken = try systemCall("read") {
                        unsafe pread(descriptor, place, size - start, off_t(begin + start))
                    }
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
