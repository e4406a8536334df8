/// What `ByteStream.receive` found.
package enum Received: Sendable, Equatable {
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

/// A connection's bytes, both ways, on one core: a socket, or what protects one. One task reads and writes it.
package protocol ByteStream: AnyObject {
    /// The numeric address at the other end.
    var peer: String { get }
    /// What has to happen before the first byte, such as a handshake. False when interrupted.
    func open() async throws -> Bool
    /// Appends what has come to the buffer, at most its free space, without waiting.
    func receive(into buffer: inout InputBuffer) throws -> Received
    /// Waits until `receive` may give something, or until reading is stopped.
    func readable() async -> Wake
    /// Ends the wait in `readable` though nothing came.
    func wake()
    /// Calls `body` once, now or later, where `readable` would return. Instead of it: without a task that waits.
    func whenReadable(_ body: @escaping () -> Void)
    /// Writes what goes at once, without waiting. What is left has to go through `send`, before anything else does: TLS may
    /// have begun a record of it.
    ///
    /// - Returns: how many of the bytes.
    func sendNow(_ bytes: [UInt8]) throws -> Int
    /// Writes all of the bytes from `start` on, waiting for a slow reader. False when interrupted.
    ///
    /// - Parameter start: what `sendNow` has sent of them.
    func send(_ bytes: [UInt8], from start: Int) async throws -> Bool
    /// Ends reading, now and later: a deadline passed, or the server stops. An answer can still be sent.
    func stopReading()
    /// Ends reading and writing.
    func interrupt()
    /// Ends the connection so that the other end takes it for broken: a reset, and no closing word of TLS. What was sent and
    /// has not arrived is lost.
    func abort()
    /// Calls `body` when the other end has broken the connection, whoever waits for what; nil ends that. An orderly end of
    /// what it sends is none: who has asked may say so and still read.
    func whenBroken(_ body: (() -> Void)?)
    /// From now on the kernel holds little that is not on its way yet: for long answers, whose sender wants to know how much
    /// the other end takes, and whose memory would else be the kernel's.
    func limitUnsent()
    /// Says that nothing more will be sent, and lets the peer finish.
    func shutdownWriting()
}
