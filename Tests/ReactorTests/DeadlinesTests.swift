import Testing

@testable import Reactor

@Suite struct DeadlinesTests {
    let deadlines = Deadlines()

    final class Record {
        var fired: [String] = []
    }

    private func turn(at moment: UInt64 = Clock.now) {
        deadlines.begin(at: moment)
        deadlines.fire()
    }

    /// Runs turns as a core's loop does, until the condition holds.
    func turn(until isOver: () -> Bool) {
        let end = Clock.now + .seconds(20)
        while !isOver() && Clock.now < end { turn() }
    }

    @Test func firesOnce() {
        let record = Record()
        let first = deadlines.make { record.fired.append("first") }
        let last = deadlines.make { record.fired.append("last") }
        first.set(after: 0)
        last.set(after: .milliseconds(5))
        turn { record.fired.contains("last") }
        #expect(record.fired == ["first", "last"])
    }

    @Test func delaysCountFromTheTurnsBeginning() {
        let record = Record()
        let begin = deadlines.now
        let first = deadlines.make { record.fired.append("first") }
        first.set(after: .seconds(1))
        turn(at: begin + .seconds(1) - 1)
        #expect(record.fired.isEmpty)
        let second = deadlines.make { record.fired.append("second") }
        second.set(after: 2)
        turn(at: begin + .seconds(1))
        #expect(record.fired == ["first"])
        turn(at: begin + .seconds(1) + 1)
        #expect(record.fired == ["first", "second"])
    }

    /// A turn calls each deadline once, so that it ends.
    @Test func deadlineSetToNowWaitsForTheNextTurn() {
        let record = Record()
        var again: Deadline!
        again = deadlines.make {
            record.fired.append("again")
            again.set(after: 0)
        }
        again.set(after: 0)
        for count in 1...3 {
            turn(at: deadlines.now + 1)
            #expect(record.fired.count == count)
        }
        again.cancel()
    }

    @Test func movedLaterFiresAtItsNewMoment() {
        let record = Record()
        let moved = deadlines.make { record.fired.append("moved") }
        let other = deadlines.make { record.fired.append("other") }
        moved.set(after: .milliseconds(1))
        moved.set(after: .milliseconds(200))
        other.set(after: .milliseconds(20))
        turn { record.fired.contains("moved") }
        #expect(record.fired == ["other", "moved"])
    }

    @Test func movedEarlierFiresOnceAtItsNewMoment() {
        let record = Record()
        let moved = deadlines.make { record.fired.append("moved") }
        let other = deadlines.make { record.fired.append("other") }
        let last = deadlines.make { record.fired.append("last") }
        moved.set(after: .milliseconds(300))
        moved.set(after: .milliseconds(1))
        other.set(after: .milliseconds(200))
        last.set(after: .milliseconds(310))
        turn { record.fired.contains("last") }
        #expect(record.fired == ["moved", "other", "last"])
    }

    @Test func cancelledFiresNotAndCanBeSetAgain() {
        let record = Record()
        let cancelled = deadlines.make { record.fired.append("cancelled") }
        let other = deadlines.make { record.fired.append("other") }
        cancelled.set(after: .milliseconds(1))
        cancelled.cancel()
        other.set(after: .milliseconds(5))
        turn { record.fired.contains("other") }
        #expect(record.fired == ["other"])
        cancelled.set(after: 0)
        turn { record.fired.contains("cancelled") }
        #expect(record.fired == ["other", "cancelled"])
    }

    @Test func setAgainWhileStillQueued() {
        let record = Record()
        let deadline = deadlines.make { record.fired.append("fired") }
        deadline.set(after: .milliseconds(5))
        deadline.cancel()
        deadline.set(after: .milliseconds(10))
        turn { !record.fired.isEmpty }
        #expect(record.fired == ["fired"])
        #expect(deadlines.timeout() == -1)
    }

    @Test func anActionMaySetItAgain() {
        final class Clockwork {
            var beats = 0
            var deadline: Deadline?
        }
        let clockwork = Clockwork()
        clockwork.deadline = deadlines.make {
            clockwork.beats += 1
            if clockwork.beats < 3 { clockwork.deadline?.set(after: 1000) }
        }
        clockwork.deadline?.set(after: 1000)
        turn { clockwork.beats == 3 }
        #expect(clockwork.beats == 3)
        #expect(deadlines.timeout() == -1)
        clockwork.deadline = nil
    }

    @Test func tellsHowLongToWait() {
        #expect(deadlines.timeout() == -1)
        let far = deadlines.make {}
        far.set(after: .seconds(1000))
        #expect(deadlines.timeout() == 60_000)
        let near = deadlines.make {}
        near.set(after: .seconds(30))
        #expect((1...30_000).contains(deadlines.timeout()))
        let past = deadlines.make {}
        past.set(after: 0)
        #expect(deadlines.timeout() == 0)
    }

    @Test func manyFireInOrder() {
        final class Order {
            var fired: [UInt64] = []
        }
        let order = Order()
        var dues: [UInt64] = []
        var all: [Deadline] = []
        for number in 0..<10_000 {
            let deadline = deadlines.make { order.fired.append(dues[number]) }
            deadline.set(after: UInt64.random(in: 0...20_000_000))
            dues.append(deadline.due)
            all.append(deadline)
        }
        for number in stride(from: 0, to: 10_000, by: 3) { all[number].cancel() }
        let alive = all.count { $0.due != .max }
        turn { deadlines.timeout() == -1 }
        #expect(order.fired.count == alive)
        #expect(order.fired == order.fired.sorted())
    }

    /// A request's deadline is cancelled long before its moment. Dead entries must not pile up until then.
    @Test func cancelledOnesDoNotPileUp() {
        let kept = deadlines.make {}
        kept.set(after: .seconds(30))
        for _ in 0..<100_000 {
            let deadline = deadlines.make {}
            deadline.set(after: .seconds(60))
            deadline.cancel()
        }
        #expect(deadlines.queuedCount <= 2048)
        #expect((1...30_000).contains(deadlines.timeout()))
    }

    @Test func sweepingKeepsThoseThatWait() {
        let record = Record()
        var waiting: [Deadline] = []
        for number in 0..<20 {
            let deadline = deadlines.make { record.fired.append("\(number)") }
            deadline.set(after: .milliseconds(200 + number))
            waiting.append(deadline)
        }
        for _ in 0..<10_000 {
            let deadline = deadlines.make {}
            deadline.set(after: .seconds(60))
            deadline.cancel()
        }
        turn { record.fired.count == 20 }
        #expect(record.fired == (0..<20).map { "\($0)" })
    }
}
