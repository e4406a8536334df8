/// An action that happens on a core unless it is postponed or cancelled first.
///
/// Setting a deadline is usually just a store: one that moves later keeps its place in the queue and is checked again
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

    /// - Parameter moment: in the time of `Clock.now`.
    package func set(at moment: UInt64) {
        due = moment
        if due < queued { deadlines.push(self) }
    }

    package func cancel() { due = .max }
}

/// The timers of one core: a binary heap ordered by moment.
package final class Deadlines {
    /// When this turn of the loop began, in the time of `Clock.now`. Good enough where the length of a turn does not
    /// matter, and saves a call to the clock. After long work use `set(at:)`.
    package private(set) var now = Clock.now
    private var heap: [(moment: UInt64, deadline: Deadline)] = []
    private var sweepsAt = 1024

    /// Moments in the queue, including dead ones.
    var queuedCount: Int { heap.count }

    package func make(_ action: @escaping () -> Void) -> Deadline { Deadline(self, action) }

    /// Milliseconds until the next check, rounded up and at most a minute; -1 if nothing is queued.
    func timeout(at now: UInt64 = Clock.now) -> Int32 {
        guard let first = heap.first else { return -1 }
        if first.moment <= now { return 0 }
        return Int32(min((first.moment - now + 999_999) / 1_000_000, 60_000))
    }

    /// Begins a turn of the loop.
    func begin(at moment: UInt64 = Clock.now) { now = moment }

    /// Runs what was due when the turn began. A deadline that an action sets to now again runs in the next turn.
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

    /// Removes cancelled deadlines. Most are cancelled long before their moment, so they would pile up under load.
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
