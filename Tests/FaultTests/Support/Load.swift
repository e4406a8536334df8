import Glibc
import JSON
import Postgres
import Reactor
import Synchronization
import TestSupport
import Testing

/// Readers and writers that continue, whatever happens, until they are stopped. Each has a thread and a connection.
final class Load: Sendable {
    let tally: Tally
    private let over = Flag()
    private let readers: [WorkThread<Void>]
    private let writers: [WorkThread<WriterBox>]

    /// Returns a writer from its thread.
    private struct WriterBox: @unchecked Sendable {
        let writer: JournalWriter
    }

    /// - Parameters:
    ///   - writers: half of them send an `Idempotency-Key`.
    ///   - readsJournals: whether to read journals as well as diaries, which are a tenth of the work.
    ///   - patience: seconds within which each write must have an outcome.
    init(
        on server: LyceumServer, _ school: FaultSchool, in database: PrivatePostgres, readers: Int = 3,
        readsJournals: Bool = true, writers: Int = 4, tally: Tally = Tally(), patience: Double = 60
    ) throws {
        self.tally = tally
        let token = try server.signIn("teacher")
        let over = over
        let golden = try Diaries(school, server.client(), token: token)
        let shares = school.shares(writers)
        let boxes = try shares.enumerated().map { index, cells in
            let writer = try JournalWriter(
                cells, of: school, in: database, usesKeys: index % 2 == 0, token: token, tally: tally)
            try writer.begin(server.client())
            return WriterBox(writer: writer)
        }
        self.writers = boxes.map { box in
            WorkThread {
                let client = server.client()
                while !over.isSet { box.writer.change(client, patience: patience) }
                return box
            }
        }
        self.readers = (0..<readers).map { index in
            WorkThread {
                let client = server.client()
                client.token = token
                while !over.isSet {
                    golden.read(client, tally)
                    if readsJournals { Self.readJournal(client, school, tally, shares) }
                }
            }
        }
    }

    /// Lets the last requests finish, and checks that the database has what the writers were told.
    func finish(_ database: PrivatePostgres, _ location: SourceLocation = #_sourceLocation) throws {
        over.set()
        for reader in readers { reader.join() }
        let boxes = writers.map { $0.join() }
        for box in boxes {
            let differences = try box.writer.differences(database)
            #expect(differences.isEmpty, "\(differences)", sourceLocation: location)
        }
        #expect(tally.violations.isEmpty, "\(tally.violations) \(tally.description)", sourceLocation: location)
        #expect(boxes.allSatisfy { !$0.writer.numbers.isEmpty }, "\(tally.description)", sourceLocation: location)
    }

    /// Waits until that many more requests have been answered with 200, or changes acknowledged.
    func waitForMore(_ count: Int, seconds: Double) throws {
        let start = tally.good
        try eventually("\(count) more good answers (\(tally.description))", seconds: seconds) {
            self.tally.good >= start + count
        }
    }

    /// A journal page is one snapshot: the cells that a writer writes together have the same number.
    private static func readJournal(
        _ client: HTTPClient, _ school: FaultSchool, _ tally: Tally, _ shares: [[FaultSchool.Cell]]
    ) {
        guard let answer = try? tally.exchange(client, "GET", school.journal), answer.status == 200 else {
            usleep(20_000)
            return
        }
        let page = answer.json
        var columns: [String: String] = [:]
        for column in page["line_items"]?.array ?? [] where column["is_default"]?.bool == true {
            columns[column["id"]?.string ?? ""] = column["lesson_id"]?.string
        }
        var numbers: [FaultSchool.Cell: (number: Int, version: Int)] = [:]
        for mark in page["marks"]?.array ?? [] {
            guard let lesson = columns[mark["line_item_id"]?.string ?? ""], let student = mark["student_id"]?.string
            else { continue }
            numbers[.init(lesson: lesson, student: student)] = (
                mark["value"]?["number"]?.int ?? 0, mark["version"]?.int ?? 0
            )
        }
        for share in shares {
            let found = share.map { numbers[$0]?.number ?? 0 }
            if Set(found).count > 1 { tally.violation("half a write is there: \(found) in \(share)") }
        }
    }
}

/// Set once, visible to all threads.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}

/// Diaries of a week in which nobody writes: each answer must be that of its student, byte for byte.
struct Diaries: Sendable {
    private let week = "?from=2025-10-13&to=2025-10-19"
    private let golden: [(path: String, body: [UInt8])]

    init(_ school: FaultSchool, _ client: HTTPClient, token: String) throws {
        client.token = token
        let week = week
        golden = try school.students.map { student in
            let path = school.diary(student) + week
            let answer = try client.send("GET", path)
            guard answer.status == 200, answer.text.contains(student) else {
                throw Failure("\(path): \(answer.status) \(answer.text)")
            }
            return (path, answer.body)
        }
        guard Set(golden.map { $0.body }).count == golden.count else { throw Failure("diaries do not differ") }
    }

    func read(_ client: HTTPClient, _ tally: Tally) {
        let (path, body) = golden.randomElement()!
        guard let answer = try? tally.exchange(client, "GET", path), answer.status == 200 else {
            usleep(20_000)
            return
        }
        if answer.body != body { tally.violation("\(path) was answered with \(answer.text)") }
    }
}
