import Web

/// Answers of one core that may go out again, once the database has said that they are still true. The least recently used
/// ones make room.
package final class KeptAnswers {
    /// Bytes that may be kept; 0: none.
    let capacity: Int
    private(set) var bytes = 0
    /// Changes with each connection of the read lane: the database behind a new one may be another, which never heard of the
    /// snapshots that answers were made in.
    private(set) var generation = 0
    private(set) var metrics = KeptAnswerMetrics()
    private var answers: [KeptAnswerKey: KeptAnswer] = [:]
    // The list of use, from the most recent one.
    private unowned var first: KeptAnswer?
    private unowned var last: KeptAnswer?

    package init(capacity: Int) { self.capacity = capacity }

    var count: Int { answers.count }

    func find(_ key: KeptAnswerKey) -> KeptAnswer? { answers[key] }

    /// Counts an answer that went out again.
    func use(_ answer: KeptAnswer) {
        metrics.count(.kept, answer.key.route)
        guard answer.isKept else { return }
        // It has grown when it was compressed meanwhile.
        bytes += answer.recount()
        unlink(answer)
        link(answer)
        makeRoom()
    }

    /// Counts an answer that was made, and keeps it.
    ///
    /// - Parameter generation: as it was before the answer was asked for.
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

    /// Counts an answer that was no longer true, and forgets it.
    func drop(_ answer: KeptAnswer) {
        metrics.count(.outdated, answer.key.route)
        if answer.isKept { remove(answer) }
    }

    /// Forgets everything: the read lane has another connection.
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

/// One answer, and what it stands on.
final class KeptAnswer {
    let key: KeptAnswerKey
    let response: Response
    /// `pg_snapshot`, `timestamptz`, `text[]` and `uuid[]` as PostgreSQL writes them.
    let snapshot: String
    let until: String
    let circles: String
    let ids: String

    /// Bytes, as they were counted last.
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

    /// - Returns: by how much it has grown since it was counted.
    fileprivate func recount() -> Int {
        let before = size
        size =
            response.body.count + (response.compressed?.count ?? 0) + circles.utf8.count + ids.utf8.count
            + key.size + Self.overhead
        return size - before
    }

    /// About what the objects, the dictionary's entry and the fields of the response take.
    private static let overhead = 800
}

/// Which answer it is: equal keys have equal answers for everybody whom the gate lets in.
struct KeptAnswerKey: Hashable {
    let route: String
    let school: Int
    let timeZone: String
    let gate: KeptGate
    let values: [String?]

    var size: Int { timeZone.utf8.count + values.reduce(40) { $0 + ($1?.utf8.count ?? 0) + 16 } }
}

/// Who may see a kept answer, as `lyceum.is_still_true` asks it.
package enum KeptGate: Hashable {
    /// Families and heads, of a student: as `StudentGate` without days.
    case student(String)
    /// Readers of a section's whole journal: as `SectionGate`. What they may do there differs, so it is kept for each.
    case section(String, reader: String)
    /// The person.
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
