import COpenSSL
import Reactor

/// The server's end of a TLS connection over a core's socket (RFC 8446, RFC 5246).
///
/// OpenSSL reads and writes the socket itself. When it cannot go on, we wait for the socket: reading may have to wait
/// for room to write, and writing for bytes to read.
@safe package final class SecureSocket: ByteStream {
    private enum Outcome {
        case done
        case wantsRead
        case wantsWrite
        case end
    }

    package var peer: String { transport.socket.peer }
    private let transport: Transport
    private let context: ServerContext
    private let ssl: OpaquePointer
    private var isOpen = false
    /// After a fatal error only `SSL_free` may be called.
    private var isBroken = false
    private var readingWantsWrite = false

    package init(_ socket: Socket, _ context: ServerContext) throws(TLSError) {
        ERR_clear_error()
        transport = Transport(socket)
        self.context = context
        guard let ssl = unsafe SSL_new(context.pointer) else { throw TLSError("SSL_new") }
        guard let bio = unsafe transport.makeBIO() else {
            unsafe SSL_free(ssl)
            throw TLSError("BIO_new")
        }
        unsafe SSL_set_bio(ssl, bio, bio)
        unsafe SSL_set_accept_state(ssl)
        unsafe self.ssl = ssl
    }

    deinit {
        sendClosure()
        unsafe SSL_free(ssl)
    }

    /// Does the handshake. A client that speaks plain HTTP gets the context's `plainAnswer`.
    package func open() async throws -> Bool {
        while true {
            let outcome: Outcome
            do throws(TLSError) {
                outcome = try attempt("SSL_do_handshake") { unsafe SSL_do_handshake(ssl) }
            } catch {
                if error.isPlainHTTP { _ = try await transport.socket.send(context.plainAnswer) }
                throw error
            }
            switch outcome {
            case .done:
                isOpen = true
                transport.allowance = Transport.allowance
                return true
            case .wantsRead: guard await transport.socket.readable() == .ready else { return false }
            case .wantsWrite: guard await transport.socket.writable() == .ready else { return false }
            case .end: return false
            }
        }
    }

    package func receive(into buffer: inout InputBuffer) throws(TLSError) -> Received {
        readingWantsWrite = false
        return try unsafe buffer.append { (space) throws(TLSError) in
            var count = 0
            switch try attempt("SSL_read", { unsafe SSL_read_ex(ssl, space.baseAddress, space.count, &count) }) {
            case .done:
                transport.allowance = Transport.allowance
                return .bytes(count)
            case .wantsRead: return .wouldBlock
            case .wantsWrite:
                readingWantsWrite = true
                return .wouldBlock
            case .end: return .end
            }
        }
    }

    package func readable() async -> Wake {
        guard readingWantsWrite && !transport.socket.stopsReading else { return await transport.socket.readable() }
        _ = await transport.socket.writable()
        return transport.socket.stopsReading ? .interrupted : .ready
    }

    package func wake() { transport.socket.wake() }

    package func whenReadable(_ body: @escaping () -> Void) {
        // There is no callback for room to write. Calling `body` now makes the caller try again, which is soon enough.
        if readingWantsWrite { return body() }
        transport.socket.whenReadable(body)
    }

    package func sendNow(_ bytes: [UInt8]) throws(TLSError) -> Int {
        var sent = 0
        _ = try write(bytes, &sent)
        return sent
    }

    package func send(_ bytes: [UInt8], from start: Int) async throws -> Bool {
        var sent = start
        while sent < bytes.count {
            if transport.socket.stopsWriting { return false }
            switch try write(bytes, &sent) {
            case .done: break
            case .wantsWrite: guard await transport.socket.writable() == .ready else { return false }
            case .wantsRead: guard await transport.socket.readable() == .ready else { return false }
            case .end: return false
            }
        }
        return true
    }

    /// Writes from `sent` on as far as possible without waiting. Returns `done` when all is written or writing was
    /// stopped.
    private func write(_ bytes: [UInt8], _ sent: inout Int) throws(TLSError) -> Outcome {
        while sent < bytes.count && !transport.socket.stopsWriting {
            var count = 0
            let outcome = try attempt("SSL_write") {
                unsafe bytes.withUnsafeBytes { buffer in
                    unsafe SSL_write_ex(ssl, buffer.baseAddress! + sent, buffer.count - sent, &count)
                }
            }
            guard outcome == .done else { return outcome }
            sent += count
        }
        return .done
    }

    package func stopReading() { transport.socket.stopReading() }

    package func interrupt() { transport.socket.interrupt() }

    package func abort() {
        // The missing `close_notify` tells the other end that data is missing (RFC 8446 section 6.1).
        isBroken = true
        transport.socket.abort()
    }

    package func whenBroken(_ body: (() -> Void)?) { transport.socket.whenBroken(body) }

    package func limitUnsent() { transport.socket.limitUnsent() }

    package func shutdownWriting() {
        sendClosure()
        transport.socket.shutdownWriting()
    }

    /// Sends `close_notify` once, if the kernel has room for it.
    private func sendClosure() {
        guard isOpen && !isBroken, unsafe SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN == 0 else { return }
        ERR_clear_error()
        unsafe SSL_shutdown(ssl)
    }

    private func attempt(_ function: String, _ body: () -> Int32) throws(TLSError) -> Outcome {
        guard !isBroken else { throw TLSError(function, reason: "the connection is already broken") }
        // Without this, an error of another connection on this thread would be taken for this one's.
        ERR_clear_error()
        let result = body()
        if result > 0 { return .done }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case SSL_ERROR_ZERO_RETURN: return .end
        default:
            isBroken = true
            if let failure = transport.failure { throw TLSError(function, reason: "\(failure)") }
            throw TLSError(function)
        }
    }
}
