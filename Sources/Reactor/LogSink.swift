import Glibc
import Synchronization

/// Writes lines to a descriptor on a thread of its own, so that no core ever waits for a terminal or a pipe. Lines that
/// do not fit into the buffer are dropped and counted.
package final class LogSink: Sendable {
    private struct State {
        var buffer: [UInt8] = []
        var dropped = 0
        var droppedEver = 0
        var isWriting = false
    }

    private let state = Mutex(State())
    private let limit: Int
    private let writer: Offload
    private let descriptor: Int32

    package init(descriptor: Int32 = STDERR_FILENO, limit: Int = 4 << 20) throws {
        self.descriptor = descriptor
        self.limit = limit
        // The reader of the log may go away. That must not end the server.
        signal(SIGPIPE, SIG_IGN)
        writer = try Offload(name: "log", threads: 1, limit: 4)
    }

    /// Lines dropped since the start.
    package var droppedLines: Int { state.withLock { $0.droppedEver } }

    /// Takes whole lines, each with its line feed.
    package func write(_ lines: [UInt8]) {
        let mustStart = state.withLock { state in
            guard state.buffer.count + lines.count <= limit else {
                let count = lines.count { $0 == UInt8(ascii: "\n") }
                state.dropped += count
                state.droppedEver += count
                return false
            }
            state.buffer.append(contentsOf: lines)
            if state.isWriting { return false }
            state.isWriting = true
            return true
        }
        if mustStart { writer.submit { [self] in drain() } }
    }

    /// Writes the rest on the caller's thread. For the end of the process.
    package func flush() { drain() }

    private func drain() {
        while true {
            let (bytes, dropped) = state.withLock { state in
                let taken = (state.buffer, state.dropped)
                state.buffer = []
                state.dropped = 0
                if taken.0.isEmpty && taken.1 == 0 { state.isWriting = false }
                return taken
            }
            if dropped > 0 {
                put(Array("{\"level\":\"warning\",\"message\":\"log lines dropped\",\"count\":\(dropped)}\n".utf8))
            }
            if bytes.isEmpty && dropped == 0 { return }
            put(bytes)
        }
    }

    private func put(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR && errno != EAGAIN { return }
        }
    }
}
