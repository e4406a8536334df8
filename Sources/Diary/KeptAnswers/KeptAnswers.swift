import Web

/// The answers that one core keeps in memory. Before one is sent again, the database has to confirm that it is still
/// true, see docs/decisions/0042. The least recently used answers are evicted first.
package final class KeptAnswers {
    /// The maximum number of bytes; 0: no answer is kept.
    let capacity: Int
    private(set) var bytes = 0
    /// Changes whenever the read lane opens or loses a connection. A new connection may lead to another database
    /// server, where the snapshots of kept answers mean nothing.
    private(set) var generation = 0
    private(set) var metrics = KeptAnswerMetrics()
    private var answers: [KeptAnswerKey: KeptAnswer] = [:]
    // A linked list of the answers, most recently used first.
    private unowned var first: KeptAnswer?
    private unowned var last: KeptAnswer?

    package init(capacity: Int) { self.capacity = capacity }

    var count: Int { answers.count }

    func find(_ key: KeptAnswerKey) -> KeptAnswer? { answers[key] }

    /// Counts an answer that is sent again.
    func use(_ answer: KeptAnswer) {
        metrics.count(.kept, answer.key.route)
        guard answer.isKept else { return }
        // The answer has grown if it has been compressed in the meantime.
        bytes += answer.recount()
        unlink(answer)
        link(answer)
        makeRoom()
    }

    /// Counts an answer that was made, and keeps it.
    ///
    /// - Parameter generation: the value from before the answer's queries were sent.
    func keep(_ answer: KeptAnswer, generation: Int) {
        metrics.count(.made, answer.key.route)
        guard generation == self.generation else { return }
        if let old = answers[answer.key] { remove(old) }
        bytes += answer.recount()
        answers[answer.key] = answer
        answer.isKept = true
        link(answer)
        makeRoom()
    }

    /// Counts an answer that was not confirmed, and removes it.
    func drop(_ answer: KeptAnswer) {
        metrics.count(.outdated, answer.key.route)
        if answer.isKept { remove(answer) }
    }

    /// Removes all answers. Called when the read lane has opened or lost a connection.
    package func clear() {
        generation += 1
        while let first { remove(first) }
    }

    private func makeRoom() {
        while bytes > capacity, let last {
            metrics.count(.evicted, last.key.route)
            remove(last)
        }
    }

    private func remove(_ answer: KeptAnswer) {
        answers[answer.key] = nil
        answer.isKept = false
        bytes -= answer.size
        unlink(answer)
    }

    private func link(_ answer: KeptAnswer) {
        answer.next = first
        first?.previous = answer
        first = answer
        if last == nil { last = answer }
    }

    private func unlink(_ answer: KeptAnswer) {
        if let previous = answer.previous { previous.next = answer.next } else { first = answer.next }
        if let next = answer.next { next.previous = answer.previous } else { last = answer.previous }
        answer.previous = nil
        answer.next = nil
    }
}

/// An answer and what it depends on.
final class KeptAnswer {
    let key: KeptAnswerKey
    let response: Response
    // Values of `pg_snapshot`, `timestamptz`, `text[]` and `uuid[]`, as PostgreSQL writes them.
    let snapshot: String
    let until: String
    let circles: String
    let ids: String

    /// The number of bytes when they were last counted.
    private(set) var size = 0
    fileprivate(set) var isKept = false
    fileprivate unowned var next: KeptAnswer?
    fileprivate unowned var previous: KeptAnswer?

    init(_ key: KeptAnswerKey, _ response: Response, snapshot: String, until: String, circles: String, ids: String) {
        self.key = key
        self.response = response
        self.snapshot = snapshot
        self.until = until
        self.circles = circles
        self.ids = ids
    }

    /// - Returns: the number of bytes by which the answer has grown since the last count.
    fileprivate func recount() -> Int {
        let before = size
        size =
            response.body.count + (response.compressed?.count ?? 0) + circles.utf8.count + ids.utf8.count
            + key.size + Self.overhead
        return size - before
    }

    /// An estimate for the objects, the entry in the dictionary and the header fields.
    private static let overhead = 800
}

/// Identifies an answer: at one moment, everybody whom the gate admits gets the same answer for the same key.
struct KeptAnswerKey: Hashable {
    let route: String
    let school: Int
    let timeZone: String
    let gate: KeptGate
    let values: [String?]

    var size: Int { timeZone.utf8.count + values.reduce(40) { $0 + ($1?.utf8.count ?? 0) + 16 } }
}

/// Who may see a kept answer; `lyceum.is_still_true` checks this.
package enum KeptGate: Hashable {
    /// The family of the student, heads and deputy heads: those whom `StudentGate` shows all days.
    case student(String)
    /// Those whom `SectionGate` lets read the whole journal of a section. The answer says what its reader may edit, so
    /// each reader has one.
    case section(String, reader: String)
    /// The person alone.
    case person(String)

    var name: String {
        switch self {
        case .student: "student"
        case .section: "section"
        case .person: "person"
        }
    }

    var subject: String {
        switch self {
        case .student(let id), .section(let id, _), .person(let id): id
        }
    }
}
