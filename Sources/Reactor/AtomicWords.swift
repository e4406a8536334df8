import Synchronization

/// A fixed number of 64-bit words, initially 0, that all cores read and change without a lock.
@safe package final class AtomicWords: Sendable {
    package let count: Int
    private nonisolated(unsafe) let words: UnsafeMutablePointer<Atomic<UInt64>>

    /// - Parameter count: each group of 8 words fills one cache line.
    package init(count: Int) {
        self.count = count
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(1, count) * 8, alignment: 64)
        unsafe words = bytes.bindMemory(to: Atomic<UInt64>.self, capacity: count)
        for index in 0..<count { unsafe (words + index).initialize(to: Atomic(0)) }
    }

    deinit {
        unsafe words.deinitialize(count: count)
        unsafe UnsafeMutableRawPointer(words).deallocate()
    }

    package subscript(index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe words[index].load(ordering: .relaxed)
    }

    package func store(_ value: UInt64, at index: Int) {
        precondition(index >= 0 && index < count)
        unsafe words[index].store(value, ordering: .relaxed)
    }

    /// Changes the word if it still has the value `seen`.
    package func exchange(at index: Int, from seen: UInt64, to value: UInt64) -> Bool {
        precondition(index >= 0 && index < count)
        return unsafe words[index].compareExchange(expected: seen, desired: value, ordering: .relaxed).exchanged
    }
}
