import Glibc
import Reactor
import TestTools
import Testing

@Suite struct LogSinkTests {
    /// Reads lines until `written` of them have arrived or are reported as dropped.
    private func read(_ wire: Wire, written: Int) -> (lines: [String], dropped: Int, rest: String) {
        var text: [UInt8] = []
        var lines: [String] = []
        var dropped = 0
        while lines.count + dropped < written {
            let part = wire.read()
            if part.isEmpty { break }
            text.append(contentsOf: part)
            while let end = text.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: text[..<end], as: UTF8.self)
                text.removeSubrange(...end)
                if let count = line.split(separator: "\"count\":").dropFirst().first {
                    dropped += Int(count.prefix { $0.isNumber })!
                } else {
                    lines.append(line)
                }
            }
        }
        return (lines, dropped, String(decoding: text, as: UTF8.self))
    }

    private func pair() -> (sink: Int32, reader: Wire) {
        let (ours, theirs) = connectedPair()
        _ = fcntl(ours, F_SETFL, 0)
        return (ours, theirs)
    }

    @Test func writesEveryLineInOrder() async throws {
        let (descriptor, reader) = pair()
        defer { close(descriptor) }
        let sink = try LogSink(descriptor: descriptor)
        for number in 0..<1000 { sink.write(Array("line \(number)\n".utf8)) }
        let (lines, dropped, rest) = try await threads.run { read(reader, written: 1000) }
        #expect(lines == (0..<1000).map { "line \($0)" })
        #expect(dropped == 0)
        #expect(rest.isEmpty)
    }

    @Test(arguments: [1, 3]) func countsTheLinesItDrops(linesAtOnce: Int) async throws {
        let (descriptor, reader) = pair()
        defer { close(descriptor) }
        let sink = try LogSink(descriptor: descriptor, limit: 16 * 1024)
        // Nobody reads yet: this is far more than the limit and the kernel's buffers.
        let line = String(repeating: "x", count: 999) + "\n"
        let written = 30_000 / linesAtOnce * linesAtOnce
        let lines = Array(String(repeating: line, count: linesAtOnce).utf8)
        for _ in 0..<(written / linesAtOnce) { sink.write(lines) }
        let (whole, dropped, rest) = try await threads.run { read(reader, written: written) }
        #expect(dropped > 0)
        #expect(whole.count + dropped == written)
        #expect(whole.allSatisfy { $0.utf8.count == 999 })
        #expect(rest.isEmpty)
    }

    @Test func flushWritesWhatIsLeft() async throws {
        let (descriptor, reader) = pair()
        let sink = try LogSink(descriptor: descriptor)
        sink.write(Array("one\n".utf8))
        sink.flush()
        let (lines, _, _) = try await threads.run { read(reader, written: 1) }
        #expect(lines == ["one"])
        close(descriptor)
    }

    @Test func readerThatLeftIsNoTrouble() async throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        close(ends[0])
        defer { close(ends[1]) }
        signal(SIGPIPE, SIG_DFL)
        let sink = try LogSink(descriptor: ends[1])
        sink.write(Array("nobody reads\n".utf8))
        sink.flush()
    }
}
