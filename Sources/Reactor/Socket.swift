import CLinux
import Glibc

/// A connected, non-blocking TCP socket on a core. Reads and writes are tried first and wait for epoll only when the kernel
/// has nothing or no room (edge-triggered: one registration for the socket's life).
@safe package final class Socket {
    package enum Received: Equatable {
        case bytes(Int)
        /// The peer has sent everything it will send.
        case end
        case wouldBlock
    }

    /// Why a wait ended.
    package enum Wake: Sendable {
        case ready
        case interrupted
    }

    package let peer: String
    private let descriptor: Int32
    private let poller: Poller
    private var token: Poller.Token?
    private var mayRead = true
    private var mayWrite = true
    private var peerClosed = false
    private var stopsReading = false
    private var stopsWriting = false
    private let reader = Suspension()
    private let writer = Suspension()

    /// Takes the descriptor over.
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

    /// Appends what the kernel holds to the buffer, at most its free space.
    package func receive(into buffer: inout InputBuffer) throws(SystemError) -> Received {
        poller.assertOnThread()
        guard mayRead else { return .wouldBlock }
        let descriptor = descriptor
        buffer.makeRoom()
        let room = buffer.room
        let count: Int = unsafe buffer.append { space in
            while true {
                let count = unsafe recv(descriptor, space.baseAddress, space.count, 0)
                if count >= 0 || lyceum_errno() != EINTR { return count }
            }
        }
        if count > 0 {
            // A short read emptied the socket (epoll(7), question 9), unless the end is behind it.
            if count < room && !peerClosed { mayRead = false }
            return .bytes(count)
        }
        if count == 0 { return .end }
        let code = lyceum_errno()
        if code == EAGAIN {
            mayRead = false
            return .wouldBlock
        }
        throw SystemError(call: "recv", code: code)
    }

    /// Waits until `receive` may give something, or `interrupt()`.
    package func readable() async -> Wake {
        poller.assertOnThread()
        if stopsReading { return .interrupted }
        if mayRead { return .ready }
        await reader.wait(on: poller)
        return stopsReading ? .interrupted : .ready
    }

    /// Writes all of the bytes, waiting for a slow reader. Answers false when interrupted.
    package func send(_ bytes: [UInt8]) async throws(SystemError) -> Bool {
        poller.assertOnThread()
        var sent = 0
        while sent < bytes.count {
            if stopsWriting { return false }
            let count = unsafe bytes.withUnsafeBytes { buffer in
                while true {
                    let count = unsafe Glibc.send(
                        descriptor, buffer.baseAddress! + sent, buffer.count - sent, Int32(MSG_NOSIGNAL))
                    if count >= 0 || lyceum_errno() != EINTR { return count }
                }
            }
            if count >= 0 {
                sent += count
                continue
            }
            let code = lyceum_errno()
            guard code == EAGAIN else { throw SystemError(call: "send", code: code) }
            mayWrite = false
            await writer.wait(on: poller)
        }
        return true
    }

    /// Ends reading, now and later: a deadline passed, or the server stops. An answer can still be sent.
    package func stopReading() {
        stopsReading = true
        reader.resume()
    }

    /// Ends reading and writing.
    package func interrupt() {
        stopsWriting = true
        stopsReading = true
        reader.resume()
        writer.resume()
    }

    /// Says that nothing more will be sent, and lets the peer finish reading.
    package func shutdownWriting() {
        _ = Glibc.shutdown(descriptor, Int32(SHUT_WR))
    }

    private func became(_ readiness: Readiness) {
        if !readiness.isDisjoint(with: [.peerClosed, .failed]) { peerClosed = true }
        let ended = !readiness.isDisjoint(with: [.peerClosed, .failed])
        if readiness.contains(.readable) || ended { mayRead = true }
        if readiness.contains(.writable) || readiness.contains(.failed) { mayWrite = true }
        if mayRead { reader.resume() }
        if mayWrite { writer.resume() }
    }
}

/// Bytes that came in and were not taken yet. Gives its memory back while empty, so that an idle connection costs little.
package struct InputBuffer {
    private var storage: [UInt8] = []
    private var start = 0
    private var end = 0
    private static let size = 16 * 1024

    package init() {}

    package var isEmpty: Bool { start == end }
    package var count: Int { end - start }

    package func withBytes<Value, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try body(storage.span.extracting(start..<end))
    }

    /// Bytes that the next `append` can take.
    var room: Int { storage.count - end }

    package mutating func take(_ count: Int) {
        precondition(count <= end - start)
        start += count
        if start == end {
            start = 0
            end = 0
        }
    }

    /// Frees the memory of an empty buffer.
    package mutating func release() {
        if isEmpty { storage = [] }
    }

    /// A buffer without room would make the kernel's answer to a read look like the end.
    mutating func makeRoom() {
        guard room == 0 else { return }
        if start > 0 { compact() } else { storage.append(contentsOf: repeatElement(0, count: Self.size)) }
    }

    mutating func append(_ fill: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        makeRoom()
        let count = unsafe storage.withUnsafeMutableBytes { unsafe fill(.init(rebasing: $0[end...])) }
        if count > 0 { end += count }
        return count
    }

    /// Makes room behind the bytes that wait.
    mutating func compact() {
        guard start > 0 else { return }
        storage.replaceSubrange(0..<(end - start), with: storage[start..<end])
        end -= start
        start = 0
    }
}
