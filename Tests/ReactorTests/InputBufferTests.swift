import Testing

@testable import Reactor

@Suite struct InputBufferTests {
    private func append(_ text: String, to buffer: inout InputBuffer) {
        let bytes = Array(text.utf8)
        let received = buffer.append { space in
            let count = min(space.count, bytes.count)
            space.copyBytes(from: bytes.prefix(count))
            return .bytes(count)
        }
        #expect(received == .bytes(bytes.count))
    }

    private func text(_ buffer: InputBuffer) -> String {
        buffer.withBytes { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
    }

    @Test func takesFromTheFront() {
        var buffer = InputBuffer()
        #expect(buffer.isEmpty)
        append("hello ", to: &buffer)
        append("world", to: &buffer)
        #expect(text(buffer) == "hello world")
        buffer.take(6)
        #expect(text(buffer) == "world")
        #expect(buffer.count == 5)
        append("!", to: &buffer)
        #expect(text(buffer) == "world!")
        buffer.take(6)
        #expect(buffer.isEmpty)
    }

    @Test func releasesOnlyWhenEmpty() {
        var buffer = InputBuffer()
        append("abc", to: &buffer)
        buffer.release(entirely: true)
        #expect(text(buffer) == "abc")
        buffer.take(3)
        buffer.release(entirely: true)
        #expect(text(buffer) == "")
        append("def", to: &buffer)
        #expect(text(buffer) == "def")
    }

    @Test func compactMakesRoomBehind() {
        var buffer = InputBuffer()
        append(String(repeating: "a", count: 1000) + "b", to: &buffer)
        let room = buffer.room
        buffer.take(1000)
        buffer.compact()
        #expect(text(buffer) == "b")
        #expect(buffer.room == room + 1000)
    }

    @Test func failedFillChangesNothing() {
        var buffer = InputBuffer()
        append("abc", to: &buffer)
        #expect(buffer.append { _ in .wouldBlock } == .wouldBlock)
        #expect(buffer.append { _ in .end } == .end)
        let failure = SystemError(call: "recv", code: 5)
        #expect(throws: failure) { try buffer.append { (_) throws(SystemError) in throw failure } }
        #expect(text(buffer) == "abc")
    }

    @Test func alwaysHasRoom() {
        var buffer = InputBuffer()
        append("a", to: &buffer)
        append(String(repeating: "a", count: buffer.room), to: &buffer)
        append(String(repeating: "a", count: buffer.room), to: &buffer)
        append("b", to: &buffer)
        buffer.take(buffer.count - 1)
        #expect(text(buffer) == "b")
    }
}
