import Glibc
import Synchronization
import TestTools
import Testing

@testable import Reactor

@Suite final class SocketTests {
    let core: Core

    init() throws { core = try Core(index: 0) }
    deinit { core.stop() }

    static let large = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    /// Everything that the peer sends until its end.
    private static func all(_ socket: Socket) async throws -> [UInt8] {
        var input = InputBuffer()
        var bytes: [UInt8] = []
        while true {
            switch try socket.receive(into: &input) {
            case .bytes:
                input.withBytes { span in for index in span.indices { bytes.append(span[index]) } }
                input.take(input.count)
            case .end: return bytes
            case .wouldBlock:
                guard await socket.readable() == .ready else { return bytes }
            }
        }
    }

    @Test func writesAllToASlowReader() async throws {
        let (ours, theirs) = connectedPair()
        var small: Int32 = 4096
        setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &small, 4)
        let core = core
        async let sent = core.run { core in
            let socket = try Socket(ours, peer: "test", poller: core.poller)
            return try await socket.send(Self.large) && core.isCurrent
        }
        let received = try await threads.run {
            var bytes: [UInt8] = []
            while bytes.count < Self.large.count {
                let part = theirs.read(atMost: 1000 + bytes.count % 50_000)
                if part.isEmpty { break }
                bytes.append(contentsOf: part)
            }
            return bytes
        }
        #expect(try await sent)
        let isWhole = received == Self.large
        #expect(isWhole, "\(received.count) of \(Self.large.count) bytes")
    }

    @Test func abortResets() async throws {
        let (ours, theirs) = connectedPair()
        try await core.run { core in
            let socket = try Socket(ours, peer: "test", poller: core.poller)
            _ = try socket.sendNow(Array("some".utf8))
            socket.abort()
            #expect(try await socket.send([1]) == false)
        }
        var byte: UInt8 = 0
        // The bytes that were on their way arrive, but no orderly end.
        while recv(theirs.descriptor, &byte, 1, 0) == 1 {}
        #expect(errno == ECONNRESET)
    }

    @Test func brokenConnectionIsReportedAndHalfClosedOneIsNot() async throws {
        let (ours, theirs) = connectedPair()
        let core = core
        let told = Mutex(0)
        try await core.run { core in
            let socket = try Socket(ours, peer: "test", poller: core.poller)
            let waiter = Suspension()
            socket.whenBroken {
                told.withLock { $0 += 1 }
                waiter.resume()
            }
            shutdown(theirs.descriptor, Int32(SHUT_WR))
            var input = InputBuffer()
            while try socket.receive(into: &input) != .end { _ = await socket.readable() }
            #expect(told.withLock { $0 } == 0)
            theirs.reset()
            await waiter.wait(on: core.poller)
            socket.whenBroken(nil)
        }
        #expect(told.withLock { $0 } == 1)
    }

    /// The kernel buffers only few bytes for a reader that does not read.
    @Test func unsentBytesAreFew() async throws {
        func taken(_ limits: Bool) async throws -> Int {
            let (ours, theirs) = connectedPair()
            defer { withExtendedLifetime(theirs) {} }
            var small: Int32 = 4096
            setsockopt(theirs.descriptor, SOL_SOCKET, SO_RCVBUF, &small, 4)
            var large: Int32 = 8 << 20
            setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &large, 4)
            return try await core.run { core in
                let socket = try Socket(ours, peer: "test", poller: core.poller)
                if limits { socket.limitUnsent() }
                return try socket.sendNow(Self.large)
            }
        }
        let (free, limited) = (try await taken(false), try await taken(true))
        #expect(limited < 1 << 20 && limited < free, "\(limited) and \(free)")
    }

    @Test func readsMoreThanABufferHolds() async throws {
        let (ours, theirs) = connectedPair()
        let core = core
        async let received = core.run { core in
            try await Self.all(Socket(ours, peer: "test", poller: core.poller))
        }
        try await threads.run {
            var rest = Self.large[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(theirs.descriptor, $0.baseAddress, min($0.count, 100_000), Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { break }
                rest = rest.dropFirst(count)
            }
            shutdown(theirs.descriptor, Int32(SHUT_WR))
        }
        let bytes = try await received
        let isWhole = bytes == Self.large
        #expect(isWhole, "\(bytes.count) of \(Self.large.count) bytes")
    }

    @Test func endComesBehindTheData() async throws {
        let (ours, theirs) = connectedPair()
        theirs.write("the last words")
        shutdown(theirs.descriptor, Int32(SHUT_WR))
        let text = try await core.run { core in
            let socket = try Socket(ours, peer: "test", poller: core.poller)
            let bytes = try await Self.all(socket)
            // The peer still reads.
            let couldAnswer = try await socket.send(Array("answer".utf8))
            return String(decoding: bytes, as: UTF8.self) + (couldAnswer ? "" : "?")
        }
        #expect(text == "the last words")
        #expect(theirs.read() == Array("answer".utf8))
        #expect(theirs.read() == [])
    }

    @Test func waitsForDataThatComesLater() async throws {
        let (ours, theirs) = connectedPair()
        let text = try await core.run { core in
            let socket = try Socket(ours, peer: "test", poller: core.poller)
            var input = InputBuffer()
            guard case .wouldBlock = try socket.receive(into: &input) else { return "data before it was sent" }
            theirs.write("later")
            guard await socket.readable() == .ready, try socket.receive(into: &input) == .bytes(5) else { return "" }
            return input.withBytes { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
        }
        #expect(text == "later")
    }

    @Test func interruptEndsAReader() async throws {
        let (ours, theirs) = connectedPair()
        let wakes = try await core.run { core in
            let socket = try Socket(ours, peer: "test", poller: core.poller)
            var input = InputBuffer()
            _ = try socket.receive(into: &input)
            let reader = Task {
                _ = core
                return await socket.readable()
            }
            // Jobs run in the order in which they were made, so the reader is waiting when this one runs.
            let interrupter = Task {
                _ = core
                socket.interrupt()
            }
            await interrupter.value
            return [await reader.value, await socket.readable()]
        }
        #expect(wakes == [.interrupted, .interrupted])
        #expect(theirs.read() == [])
    }

    @Test func interruptEndsAWriter() async throws {
        let (ours, theirs) = connectedPair()
        let isWhole = try await core.run { core in
            let socket = try Socket(ours, peer: "test", poller: core.poller)
            let writer = Task {
                _ = core
                return try await socket.send(Self.large + Self.large)
            }
            let interrupter = Task {
                _ = core
                socket.interrupt()
            }
            await interrupter.value
            return try await writer.value
        }
        #expect(!isWhole)
        withExtendedLifetime(theirs) {}
    }

    @Test func stoppedReadingStillWrites() async throws {
        let (ours, theirs) = connectedPair()
        let (wake, isWhole) = try await core.run { core in
            let socket = try Socket(ours, peer: "test", poller: core.poller)
            socket.stopReading()
            return (await socket.readable(), try await socket.send(Array("bye".utf8)))
        }
        #expect(wake == .interrupted)
        #expect(isWhole)
        #expect(theirs.read() == Array("bye".utf8))
        #expect(theirs.read() == [])
    }

    @Test func resetByThePeerIsAnError() async throws {
        let (ours, theirs) = connectedPair()
        let failed = try await core.run { core in
            let socket = try Socket(ours, peer: "test", poller: core.poller)
            theirs.reset()
            do {
                _ = try await Self.all(socket)
                return false
            } catch is SystemError {
                return true
            }
        }
        #expect(failed)
    }

    @Test func closesItsDescriptor() async throws {
        let (ours, theirs) = connectedPair()
        try await core.run { core in _ = try Socket(ours, peer: "test", poller: core.poller) }
        #expect(theirs.read() == [])
    }

    /// epoll does not accept regular files.
    @Test func closesItsDescriptorWhenItCannotBeMade() async throws {
        let file = open("/proc/self/exe", O_RDONLY)
        var before = stat()
        fstat(file, &before)
        await core.run { core in
            _ = #expect(throws: SystemError(call: "epoll_ctl", code: EPERM)) {
                _ = try Socket(file, peer: "test", poller: core.poller)
            }
        }
        // Another test may have got the same number.
        var after = stat()
        #expect(fstat(file, &after) == -1 || after.st_ino != before.st_ino)
    }

    /// A buffer full of bytes that nobody took does not look like the end of the connection.
    @Test func fullBufferIsNotTheEnd() async throws {
        let (ours, theirs) = connectedPair()
        let text = String(repeating: "0123456789", count: 4000)
        theirs.write(text)
        shutdown(theirs.descriptor, Int32(SHUT_WR))
        let received = try await core.run { core in
            let socket = try Socket(ours, peer: "test", poller: core.poller)
            var input = InputBuffer()
            while true {
                let received = try socket.receive(into: &input)
                if received == .end { break }
                if received == .wouldBlock { _ = await socket.readable() }
            }
            return input.withBytes { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
        }
        let isWhole = received == text
        #expect(isWhole, "\(received.utf8.count) of \(text.utf8.count) bytes")
    }
}
