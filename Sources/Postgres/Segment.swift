import Reactor

/// A request's queries and one Sync: one implicit transaction. An error aborts only this segment.
///
/// It may wait in a lane, is sent by a connection, and finishes once: by its Sync, by a failure or by its deadline.
/// After the deadline nobody waits for it, and later results are dropped.
final class Segment {
    /// What the database answers next.
    enum Step {
        case preparing(PreparedStatement)
        case prepared
        case answering(PreparedStatement)
        case committing
    }

    let queries: [Query]
    let parameters: ParameterBuffer
    /// Results at the front that belong to the scope and not to the request.
    private let hidden: Int
    /// Nanoseconds that the caller waits after it is sent.
    let patience: UInt64
    /// Nanoseconds after which the server must be dead: the timeouts of all statements, plus time for the commit, which
    /// has none.
    let longest: UInt64
    private let timing: RequestTiming?

    // State of the latest sending.
    var preparing: [PreparedStatement] = []
    var running: [PreparedStatement] = []
    private var position = 0
    /// When the database could begin with it; 0 before that.
    var began: UInt64 = 0

    // Results.
    private var rows: [Rows] = []
    private var error: PostgresError?
    private(set) var isDone = false
    /// Its transaction was rolled back for a reason that a second attempt may avoid: a stale plan or a deadlock.
    private var deservesRepeat = false
    private var repeatsLeft: Int
    /// It has already lost its connection once.
    var wasLost = false
    private var isSent = false

    private let waiter = Suspension()
    private let deadlines: Deadlines
    private var deadline: Deadline?
    private var asked: UInt64
    /// The lane where it waits to be sent.
    private weak var lane: Lane?

    /// - Parameters:
    ///   - statementTimeout: nanoseconds that one statement may take.
    ///   - repeats: how often it may be sent again after an error that does not depend on its content.
    init(
        _ queries: [Query], hidden: Int, patience: UInt64, statementTimeout: UInt64, repeats: Int,
        deadlines: Deadlines, timing: RequestTiming?
    ) throws(PostgresError) {
        self.queries = queries
        self.hidden = hidden
        self.patience = patience
        self.deadlines = deadlines
        self.timing = timing
        parameters = try ParameterBuffer(queries)
        longest = max(patience, statementTimeout * UInt64(queries.count)) + .seconds(5)
        repeatsLeft = repeats
        asked = Clock.now
    }

    func outcome(on poller: Poller) async throws(PostgresError) -> Outcome {
        if !isDone { await waiter.wait(on: poller) }
        switch error {
        case .refused(let error): return Outcome(rows: rows, refusal: error)
        case let error?: throw error
        case nil: return Outcome(rows: rows, refusal: nil)
        }
    }

    /// Starts the caller's patience. A repeat does not extend it.
    func wasSent() {
        lane = nil
        if isSent { return }
        isSent = true
        expire(after: patience)
    }

    /// Waits in a lane, for at most this time.
    func wait(in lane: Lane, _ time: UInt64) {
        self.lane = lane
        isSent = false
        expire(after: time)
    }

    private func expire(after delay: UInt64) {
        if deadline == nil { deadline = deadlines.make { [unowned self] in expire() } }
        deadline?.set(after: delay)
    }

    /// Resumes the caller, once.
    func finish(_ failure: PostgresError?) {
        guard !isDone else { return }
        isDone = true
        deadline?.cancel()
        if let failure { error = failure }
        note(Clock.now)
        waiter.resume()
    }

    private func expire() {
        if let lane {
            lane.expire(self)
        } else {
            finish(.outcomeUnknown(reason: "no answer in time"))
        }
    }

    /// Adds the elapsed time to the request's timing.
    private func note(_ now: UInt64) {
        let start = began == 0 ? now : began
        timing?.queue += start &- asked
        timing?.database += now &- start
        asked = now
    }
}

// MARK: Answers

extension Segment {
    /// Clears the results before it is sent.
    func begin() {
        preparing.removeAll()
        running.removeAll(keepingCapacity: true)
        running.reserveCapacity(queries.count)
        rows.removeAll(keepingCapacity: true)
        rows.reserveCapacity(queries.count - hidden)
        if began != 0 { note(Clock.now) }
        position = 0
        began = 0
        error = nil
        deservesRepeat = false
    }

    var step: Step {
        let index = position - 2 * preparing.count
        if index < 0 { return position & 1 == 0 ? .preparing(preparing[position / 2]) : .prepared }
        return index < running.count ? .answering(running[index]) : .committing
    }

    func advance() { position += 1 }

    /// Whether the query being answered belongs to the request and the caller still waits.
    var isWanted: Bool { !isDone && position - 2 * preparing.count >= hidden }

    func take(_ answer: Rows) { rows.append(answer) }

    /// Only the first error counts; later ones are its consequences.
    func take(_ error: ServerError, mayRepeat: Bool) {
        guard self.error == nil else { return }
        self.error = error.isShutdown ? .outcomeUnknown(reason: error.message) : .refused(error)
        deservesRepeat = mayRepeat
    }

    /// Whether to send it again instead of finishing it.
    func takesRepeat() -> Bool {
        guard deservesRepeat, !isDone, repeatsLeft > 0 else { return false }
        repeatsLeft -= 1
        return true
    }
}
