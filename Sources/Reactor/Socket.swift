import CLinux
import Glibc

/// A connected, non-blocking TCP socket on a core. Reads and writes are tried first; they wait for epoll only if the
/// kernel has no data or no room (edge-triggered: one registration for the socket's life).
@safe package final class Socket: ByteStream {
    package let peer: String
    private let descriptor: Int32
    private let poller: Poller
    private var token: Poller.Token?
    private var mayRead = true
    private var mayWrite = true
    private var peerClosed = false
    package private(set) var stopsReading = false
    package private(set) var stopsWriting = false
    private let reader = Suspension()
    private let writer = Suspension()
    private var watcher: (() -> Void)?
    private var breakWatcher: (() -> Void)?
    private var limitsUnsent = false

    /// How many bytes the kernel may buffer after `limitUnsent`.
    private static let unsent: Int32 = 128 * 1024
    /// Milliseconds without an acknowledgement after which the peer is gone. Otherwise the kernel tries for a quarter of
    /// an hour.
    private static let silence: UInt32 = 60_000

    /// Takes over the descriptor, even if it throws.
    package init(_ descriptor: Int32, peer: String, poller: Poller) throws(SystemError) {
        self.descriptor = descriptor
        self.peer = peer
        self.poller = poller
        token = try poller.add(descriptor, [.readable, .writable, .peerClosed, .edge]) { [unowned self] in
            became($0)
        }
    }

    deinit {
        if let token { poller.remove(token) }
        Glibc.close(descriptor)
    }

    package func open() async throws(SystemError) -> Bool { true }

    package func receive(into buffer: inout InputBuffer) throws(SystemError) -> Received {
        // Without this check a buffer would be made for nothing.
        guard mayRead else { return .wouldBlock }
        return try unsafe buffer.append { (space) throws(SystemError) in try unsafe receive(into: space) }
    }

    /// Reads into memory that is not empty, without waiting.
    package func receive(into space: UnsafeMutableRawBufferPointer) throws(SystemError) -> Received {
        poller.assertOnThread()
        guard mayRead else { return .wouldBlock }
        var count = 0
        repeat {
            count = unsafe recv(descriptor, space.baseAddress, space.count, 0)
        } while count < 0 && lyceum_errno() == EINTR
        if count > 0 {
            // A short read has emptied the socket (epoll(7), question 9), unless the peer has closed.
            if count < space.count && !peerClosed { mayRead = false }
            return .bytes(count)
        }
        if count == 0 { return .end }
        let code = lyceum_errno()
        guard code == EAGAIN else { throw SystemError(call: "recv", code: code) }
        mayRead = false
        return .wouldBlock
    }

    package func readable() async -> Wake {
        poller.assertOnThread()
        if !stopsReading && !mayRead { await reader.wait(on: poller) }
        return stopsReading ? .interrupted : .ready
    }

    package func sendNow(_ bytes: [UInt8]) throws(SystemError) -> Int { try sendNow(bytes, from: 0) }

    package func send(_ bytes: [UInt8], from start: Int = 0) async throws(SystemError) -> Bool {
        var sent = start
        while true {
            if stopsWriting { return false }
            sent += try sendNow(bytes, from: sent)
            if sent == bytes.count { return true }
            guard await writable() == .ready else { return false }
        }
    }

    private func sendNow(_ bytes: [UInt8], from start: Int) throws(SystemError) -> Int {
        try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(SystemError) in
            var sent = start
            while sent < buffer.count && !stopsWriting {
                let rest = unsafe UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: buffer[sent...]))
                guard let count = try unsafe send(rest) else { break }
                sent += count
            }
            return sent - start
        }
    }

    /// Writes as much as the kernel has room for, without waiting. Nil if there is no room.
    package func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int? {
        poller.assertOnThread()
        var count = 0
        repeat {
            count = unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        } while count < 0 && lyceum_errno() == EINTR
        if count >= 0 { return count }
        let code = lyceum_errno()
        guard code == EAGAIN else { throw SystemError(call: "send", code: code) }
        mayWrite = false
        return nil
    }

    /// Waits until `send` may write something, or until `interrupt()`.
    package func writable() async -> Wake {
        poller.assertOnThread()
        if !stopsWriting && !mayWrite { await writer.wait(on: poller) }
        return stopsWriting ? .interrupted : .ready
    }

    package func wake() { reader.resume() }

    package func whenReadable(_ body: @escaping () -> Void) {
        poller.assertOnThread()
        watcher = body
        if mayRead || stopsReading { callWatcher() }
    }

    private func callWatcher() {
        guard let body = watcher else { return }
        watcher = nil
        body()
    }

    package func stopReading() {
        stopsReading = true
        callWatcher()
        reader.resume()
        // A read through TLS may be waiting for room to write.
        writer.resume()
    }

    package func interrupt() {
        stopsWriting = true
        stopsReading = true
        callWatcher()
        reader.resume()
        writer.resume()
    }

    package func abort() {
        // Closing with a linger time of zero resets the connection (socket(7)).
        var immediately = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &immediately, socklen_t(MemoryLayout<linger>.size))
        interrupt()
    }

    package func whenBroken(_ body: (() -> Void)?) {
        poller.assertOnThread()
        breakWatcher = body
    }

    package func limitUnsent() {
        guard !limitsUnsent else { return }
        limitsUnsent = true
        var bytes = Self.unsent
        _ = unsafe setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, &bytes, socklen_t(MemoryLayout<Int32>.size))
        var milliseconds = Self.silence
        _ = unsafe setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, socklen_t(MemoryLayout<UInt32>.size))
    }

    package func shutdownWriting() {
        _ = Glibc.shutdown(descriptor, Int32(SHUT_WR))
    }

    private func became(_ readiness: Readiness) {
        let ended = !readiness.isDisjoint(with: [.peerClosed, .failed])
        if ended { peerClosed = true }
        if readiness.contains(.readable) || ended { mayRead = true }
        if readiness.contains(.writable) || readiness.contains(.failed) { mayWrite = true }
        if mayRead {
            reader.resume()
            callWatcher()
        }
        if mayWrite { writer.resume() }
        if readiness.contains(.failed) { breakWatcher?() }
    }
}
