/// The result of `ByteStream.receive`.
package enum Received: Sendable, Equatable {
    case bytes(Int)
    /// The peer will send no more.
    case end
    case wouldBlock
}

/// Why a wait ended.
package enum Wake: Sendable {
    case ready
    case interrupted
}

/// A connection's bytes in both directions, on one core: a socket, or TLS over it. One task reads and writes it.
package protocol ByteStream: AnyObject {
    /// The numeric address of the other end.
    var peer: String { get }
    /// Does what must happen before the first byte, such as a handshake. False if interrupted.
    func open() async throws -> Bool
    /// Appends received bytes to the buffer, at most its free space, without waiting.
    func receive(into buffer: inout InputBuffer) throws -> Received
    /// Waits until `receive` may return something or reading is stopped.
    func readable() async -> Wake
    /// Ends the wait in `readable` although nothing came.
    func wake()
    /// Calls `body` once, now or later, at the moment when `readable` would return. For connections without a waiting
    /// task.
    func whenReadable(_ body: @escaping () -> Void)
    /// Writes as much as possible without waiting. The rest has to go through `send` before anything else is sent,
    /// because TLS may have begun a record with it.
    ///
    /// - Returns: how many bytes were written.
    func sendNow(_ bytes: [UInt8]) throws -> Int
    /// Writes all bytes from `start` on, waiting for a slow reader. False if interrupted.
    ///
    /// - Parameter start: how many of them `sendNow` has written.
    func send(_ bytes: [UInt8], from start: Int) async throws -> Bool
    /// Ends reading, now and later, because a deadline passed or the server stops. An answer can still be sent.
    func stopReading()
    /// Ends reading and writing.
    func interrupt()
    /// Ends the connection so that the other end sees it as broken: with a reset, and without `close_notify` of TLS.
    /// Bytes that were sent but have not arrived are lost.
    func abort()
    /// Calls `body` when the other end breaks the connection, whatever is being waited for. Nil removes the callback.
    /// An orderly end of sending does not count: the client may still read.
    func whenBroken(_ body: (() -> Void)?)
    /// From now on the kernel buffers only few bytes that are not on their way yet. For long answers: their sender
    /// learns how fast the other end reads, and they take less kernel memory.
    func limitUnsent()
    /// Announces that nothing more will be sent. The peer may still finish.
    func shutdownWriting()
}
