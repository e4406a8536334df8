/// Something that happens on a core unless it is put off or cancelled first.
///
/// Setting one is a store in the common case: a deadline that moves later stays where it is queued and is looked at again
/// when its old moment comes.
package final class Deadline {
    fileprivate(set) var due: UInt64 = .max
    fileprivate var queued: UInt64 = .max
    fileprivate let action: () -> Void
    private unowned let deadlines: Deadlines

    fileprivate init(_ deadlines: Deadlines, _ action: @escaping () -> Void) {
        self.deadlines = deadlines
        self.action = action
    }

    /// - Parameter delay: nanoseconds from `Deadlines.now`.
    package func set(after delay: UInt64) { set(at: deadlines.now &+ delay) }

    /// - Parameter moment: of `Clock.now`.
    package func set(at moment: UInt64) {
        due = moment
        if due < queued { deadlines.push(self) }
    }

    package func cancel() { due = .max }
}

/// The timers of one core: a binary heap ordered by moment.
package final class Deadlines {
    /// When the loop's turn began, of `Clock.now`: for what need not be more exact than a turn is long, without a look at the
    /// clock. What runs long before it sets a deadline takes `set(at:)`.
    package private(set) var now = Clock.now
    private var heap: [(moment: UInt64, deadline: Deadline)] = []
    private var sweepsAt = 1024

    /// Moments in the queue, dead ones among them.
    var queuedCount: Int { heap.count }

    package func make(_ action: @escaping () -> Void) -> Deadline { Deadline(self, action) }

    /// Milliseconds until the next look, rounded up; -1 when nothing is queued.
    func timeout(at now: UInt64 = Clock.now) -> Int32 {
        guard let first = heap.first else { return -1 }
        if first.moment <= now { return 0 }
        return Int32(min((first.moment - now + 999_999) / 1_000_000, 60_000))
    }

    /// Begins a turn of the loop.
    func begin(at moment: UInt64 = Clock.now) { now = moment }

    /// Calls what is due at the turn's beginning. What that puts off until now again has its turn in the next.
    func fire() {
        var left = heap.count
        while left > 0, let top = heap.first, top.moment <= now {
            left -= 1
            pop()
            let deadline = top.deadline
            guard deadline.queued == top.moment else { continue }  // put again, earlier
            deadline.queued = .max
            if deadline.due <= now {
                deadline.due = .max
                deadline.action()
            } else if deadline.due != .max {
                push(deadline)
            }
        }
    }

    /// Most deadlines are cancelled long before their moment: without this the dead would stay, and grow with the load.
    private func sweep() {
        heap.removeAll { moment, deadline in
            guard deadline.queued == moment else { return true }
            guard deadline.due == .max else { return false }
            deadline.queued = .max
            return true
        }
        heap.sort { $0.moment < $1.moment }
        sweepsAt = max(1024, heap.count * 2)
    }

    fileprivate func push(_ deadline: Deadline) {
        if heap.count >= sweepsAt { sweep() }
        deadline.queued = deadline.due
        heap.append((deadline.due, deadline))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if heap[parent].moment <= heap[child].moment { break }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    private func pop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].moment < heap[smallest].moment { smallest = child }
            }
            if smallest == parent { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
