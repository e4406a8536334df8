import Glibc
import Synchronization

/// Something that changes and shows in answers, and what its writer and its readers know of it.
///
/// Each change has the next number. A text contains its number; a thing that comes and goes is there while the number is
/// even. One writer at a time: a change begins after the outcome of the one before is known.
final class StormFact: Sendable {
    let name: String
    private let begun = Atomic<Int>(0)
    private let known = Atomic<Int>(0)
    /// For a change that ends by itself: the microsecond at which it does.
    private let passing = Atomic<Int>(.max)

    init(_ name: String) { self.name = name }

    /// - Parameter passing: the microsecond at which the next number begins by itself.
    /// - Returns: the number of the change that begins now.
    func begin(passing moment: Int = .max) -> Int {
        // In this order, and the readers in the other one: whoever sees the new moment sees that the old one has passed.
        let next = begun.load(ordering: .sequentiallyConsistent) + 1
        passing.store(moment, ordering: .sequentiallyConsistent)
        begun.store(next, ordering: .sequentiallyConsistent)
        return next
    }

    /// The change was acknowledged, or an answer has shown it: no later answer may be older.
    func acknowledge(_ number: Int) { known.max(number, ordering: .sequentiallyConsistent) }

    /// The moment of the last change has passed, so the next number is there.
    func pass() {
        let next = begun.load(ordering: .sequentiallyConsistent) + 1
        begun.store(next, ordering: .sequentiallyConsistent)
        acknowledge(next)
    }

    /// What a request that is sent now must show at least.
    var oldest: Int {
        let number = known.load(ordering: .sequentiallyConsistent)
        let passes = passing.load(ordering: .sequentiallyConsistent) <= Self.now
        return passes && !Self.isThere(number) ? number + 1 : number
    }

    /// What an answer that has just come may show at most.
    var newest: Int {
        let passes = passing.load(ordering: .sequentiallyConsistent) <= Self.now
        let number = begun.load(ordering: .sequentiallyConsistent)
        return passes && !Self.isThere(number) ? number + 1 : number
    }

    static func isThere(_ number: Int) -> Bool { number % 2 == 0 }

    /// Microseconds of the clock that PostgreSQL reads too.
    static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
}

/// What an answer shows of a fact.
enum StormSight: Equatable {
    case number(Int)
    case isThere(Bool)
    /// The text is missing.
    case nothing

    /// Whether a fact that was at `range` meanwhile can look so.
    func isPossible(_ range: ClosedRange<Int>) -> Bool {
        switch self {
        case .number(let number): range.contains(number)
        case .isThere(let isThere): range.count > 1 || StormFact.isThere(range.lowerBound) == isThere
        case .nothing: false
        }
    }
}
