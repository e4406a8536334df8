/// Received bytes that were not taken yet. Small at first, as most requests are, and larger for those that fill it.
package struct InputBuffer {
    private var storage: [UInt8] = []
    private var start = 0
    private var end = 0
    private static let smallest = 8 * 1024
    private static let step = 16 * 1024

    package init() {}

    package var isEmpty: Bool { start == end }
    package var count: Int { end - start }

    package func withBytes<Value, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try body(storage.span.extracting(start..<end))
    }

    /// How many bytes the next `append` can take without growing.
    var room: Int { storage.count - end }

    package mutating func take(_ count: Int) {
        precondition(count <= end - start)
        start += count
        if start == end {
            start = 0
            end = 0
        }
    }

    /// Frees the memory of an empty buffer: always with `entirely`, otherwise only if it has grown.
    package mutating func release(entirely: Bool) {
        if isEmpty && (entirely || storage.count > Self.smallest) { storage = [] }
    }

    /// Without free space a read would return 0, which would look like the end.
    mutating func makeRoom() {
        guard room == 0 else { return }
        if start > 0 {
            compact()
        } else if storage.isEmpty {
            storage = [UInt8](repeating: 0, count: Self.smallest)
        } else {
            storage.append(contentsOf: repeatElement(0, count: Self.step))
        }
    }

    /// Passes the free space, which is never empty, to `fill` and keeps the bytes that it puts there.
    package mutating func append<Failure: Error>(
        _ fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Received
    ) throws(Failure) -> Received {
        makeRoom()
        let received = try unsafe storage.withUnsafeMutableBufferPointer { (space) throws(Failure) in
            try unsafe fill(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: space[end...])))
        }
        if case .bytes(let count) = received { end += count }
        return received
    }

    /// Moves the waiting bytes to the front to make room after them.
    mutating func compact() {
        guard start > 0 else { return }
        storage.replaceSubrange(0..<(end - start), with: storage[start..<end])
        end -= start
        start = 0
    }
}
