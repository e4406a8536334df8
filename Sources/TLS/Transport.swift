import COpenSSL
import Reactor

/// A socket as a BIO for OpenSSL. Reads and writes go to the socket directly, so that no byte is copied on the way and
/// no write raises SIGPIPE.
@safe final class Transport {
    let socket: Socket
    /// How many bytes may still arrive before they yield content. A handshake needs a few thousand. A client that sends
    /// more, such as endless key updates, would keep the core busy for nothing.
    var allowance = Transport.allowance
    static let allowance = 64 * 1024
    private(set) var isAtEnd = false
    private(set) var failure: SystemError?

    init(_ socket: Socket) { self.socket = socket }

    /// Makes a BIO that refers to this object. This object has to outlive it.
    func makeBIO() -> OpaquePointer? {
        guard let bio = unsafe BIO_new(Self.method) else { return nil }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }

    private func read(into space: UnsafeMutableRawBufferPointer) -> Answer {
        guard allowance > 0 else { return .failed }
        do throws(SystemError) {
            switch try unsafe socket.receive(into: space) {
            case .bytes(let count):
                allowance -= count
                return .bytes(count)
            case .end:
                isAtEnd = true
                return .failed
            case .wouldBlock: return .wouldBlock
            }
        } catch {
            failure = error
            return .failed
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> Answer {
        do throws(SystemError) {
            return try unsafe socket.send(bytes).map { .bytes($0) } ?? .wouldBlock
        } catch {
            failure = error
            return .failed
        }
    }

    private enum Answer {
        case bytes(Int)
        case wouldBlock
        case failed

        /// The return value of the BIO's read or write function.
        func code(_ bio: OpaquePointer?, retrying flag: Int32) -> Int32 {
            unsafe BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
            switch self {
            case .bytes(let count): return Int32(count)
            case .wouldBlock:
                unsafe BIO_set_flags(bio, flag | BIO_FLAGS_SHOULD_RETRY)
                return -1
            case .failed: return 0
            }
        }
    }

    /// Made once and never freed.
    private nonisolated(unsafe) static let method: OpaquePointer? = {
        let method = unsafe BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "core socket")
        unsafe BIO_meth_set_read(method) { bio, space, count in
            unsafe Transport.of(bio).read(into: UnsafeMutableRawBufferPointer(start: space, count: Int(count)))
                .code(bio, retrying: BIO_FLAGS_READ)
        }
        unsafe BIO_meth_set_write(method) { bio, bytes, count in
            unsafe Transport.of(bio).write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
                .code(bio, retrying: BIO_FLAGS_WRITE)
        }
        unsafe BIO_meth_set_ctrl(method) { bio, command, _, _ in
            switch command {
            case BIO_CTRL_FLUSH: 1
            case BIO_CTRL_EOF: unsafe Transport.of(bio).isAtEnd ? 1 : 0
            default: 0
            }
        }
        return unsafe method
    }()

    private static func of(_ bio: OpaquePointer?) -> Transport {
        unsafe Unmanaged<Transport>.fromOpaque(BIO_get_data(bio)).takeUnretainedValue()
    }
}
