import JSON
import Postgres
import Reactor
import Synchronization
import TestSupport
import Testing

/// Many teachers write their journals at the same time, in batches of 25 marks; each also writes into a colleague's
/// section, and repeats stale versions on purpose (M5).
@Suite(.serialized) struct TeachersAtOnceTests {
    /// 200 teachers with 50,000 cells, or a fifth of them with half of their lessons.
    private static let teachers = Long.isOn ? 200 : 40
    private static let lessons = Long.isOn ? 10 : 5

    @Test func m5NoMarkIsLostAndEveryConflictIsAnswered() throws {
        let database = try PrivatePostgres(settings: ["max_connections=60"])
        let room = try StaffRoom(database, teachers: Self.teachers, lessons: Self.lessons)
        // On a slow machine 200 requests wait longer than the two seconds after which the server refuses them by default.
        let server = try LyceumServer(database.serverURL, environment: ["LYCEUM_DATABASE_QUEUE_TIMEOUT=60000"])
        try server.waitUntilReady(seconds: 20)
        let tokens = try signIn(server)
        let journal = SharedJournal()
        let figures = Mutex(Figures())

        let start = Clock.now
        let writers = (0..<Self.teachers).map { teacher in
            WorkThread {
                var writer = TeacherAtOnce(
                    number: teacher, room: room, journal: journal, client: server.client(patience: 90))
                writer.client.token = tokens[teacher]
                writer.run()
                figures.withLock { $0.add(writer) }
            }
        }
        for writer in writers { writer.join() }
        let seconds = Double(Clock.now - start) / 1e9

        let found = figures.withLock { $0 }
        print("\(Self.teachers) teachers, \(found.text); \(Int(seconds)) s")
        #expect(found.violations.isEmpty, "\(found.violations.prefix(10))")
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        // Each lesson has one stale batch on purpose, and a colleague whose cells are taken or who takes them first.
        #expect(found.conflicts >= 2 * Self.teachers * Self.lessons)
        try compare(journal, database)
    }

    /// By a few threads: each sign-in costs a password hash.
    private func signIn(_ server: LyceumServer) throws -> [String] {
        let workers = (0..<4).map { worker in
            WorkThread {
                Result {
                    try stride(from: worker, to: Self.teachers, by: 4).map {
                        ($0, try server.signIn(StaffRoom.login($0)))
                    }
                }
            }
        }
        let tokens = try workers.flatMap { try $0.join().get() }
        return tokens.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Every acknowledged version is in the history exactly once, the last one is the mark, and every refusal has shown
    /// a value that was there.
    private func compare(_ journal: SharedJournal, _ database: PrivatePostgres) throws {
        let connection = try database.owner()
        let marks = """
            FROM marks m
            JOIN line_items i ON i.school_id = m.school_id AND i.id = m.line_item_id
            JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
            JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id AND s.name LIKE 'writer%'
            """
        func versions(_ sql: String) throws -> [SharedJournal.Version] {
            try connection.query(sql).rows.map {
                .init(cell: .init(lesson: $0[0]!, student: $0[1]!), version: Int($0[2]!)!, number: Int($0[3]!)!)
            }
        }
        let table = try versions("SELECT l.id, m.student_id, m.version, m.number \(marks)")
        let history = try versions(
            """
            SELECT l.id, m.student_id, h.version, h.new_number \(marks)
            JOIN mark_history h ON h.school_id = m.school_id AND h.mark_id = m.id
            """)
        let acknowledged = journal.acknowledged
        #expect(table.count == Self.teachers * Self.lessons * StaffRoom.students)
        #expect(acknowledged.count == Set(acknowledged).count, "a version was acknowledged twice")
        #expect(history.count == Set(history).count, "the history has a version twice")
        #expect(Set(history) == Set(acknowledged), "\(Set(history).symmetricDifference(acknowledged).prefix(5))")
        let last = Dictionary(grouping: acknowledged, by: \.cell).mapValues { $0.max { $0.version < $1.version }! }
        #expect(Set(table) == Set(last.values))
        for (cell, all) in Dictionary(grouping: history, by: \.cell) {
            let numbers = all.map(\.version).sorted()
            if numbers != Array(1...numbers.count) { Issue.record("\(cell) has versions \(numbers)") }
        }
        #expect(journal.shown.isSubset(of: history))
        print("\(table.count) cells, \(history.count) versions, \(journal.shown.count) values shown in refusals")
    }

    private struct Figures {
        var requests = 0
        var conflicts = 0
        var cells = 0
        var milliseconds: [Double] = []
        var violations: [String] = []

        mutating func add(_ writer: TeacherAtOnce) {
            requests += writer.milliseconds.count
            conflicts += writer.conflicts
            cells += writer.cells
            milliseconds += writer.milliseconds
            violations += writer.violations
        }

        var text: String {
            let sorted = milliseconds.sorted()
            func quantile(_ share: Double) -> Int {
                Int(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))])
            }
            return "\(requests) requests, \(conflicts) conflicts, \(cells) cells written, p50 \(quantile(0.5)) ms, "
                + "p99 \(quantile(0.99)) ms"
        }
    }
}

/// One teacher's app. For one thread.
private struct TeacherAtOnce {
    let number: Int
    let room: StaffRoom
    let journal: SharedJournal
    let client: HTTPClient
    private(set) var conflicts = 0
    private(set) var cells = 0
    private(set) var milliseconds: [Double] = []
    private(set) var violations: [String] = []

    init(number: Int, room: StaffRoom, journal: SharedJournal, client: HTTPClient) {
        self.number = number
        self.room = room
        self.journal = journal
        self.client = client
    }

    mutating func run() {
        for turn in room.lessons[number].indices {
            write(room.students, turn, section: number, number: 2 + turn % 2)
            // The colleague may have been faster, or slower.
            let few = (0..<5).map { room.students[(turn * 5 + $0) % room.students.count] }
            write(few, turn, section: room.colleague(of: number), number: 4 + turn % 2)
            refuse(room.students, turn, section: number, number: 3 - turn % 2)
        }
    }

    /// Writes the cells as if they were empty, and after each refusal again with the versions that it has shown.
    private mutating func write(_ students: [String], _ turn: Int, section: Int, number: Int) {
        var versions = students.map { _ in 0 }
        for _ in 0..<20 {
            guard let answer = send(students, turn, section, number, versions) else { return }
            if answer.status == 200 {
                accept(answer, students, turn, section, number)
                return
            }
            guard let current = current(answer, students, turn, section) else { return }
            for (place, version) in current { versions[place] = version }
        }
        violations.append("no end of conflicts")
    }

    /// A batch whose versions are all stale must change nothing.
    private mutating func refuse(_ students: [String], _ turn: Int, section: Int, number: Int) {
        guard let answer = send(students, turn, section, number, students.map { _ in 0 }) else { return }
        guard answer.status == 409, let current = current(answer, students, turn, section),
            current.count == students.count
        else { return violations.append("a stale batch: \(answer.status) \(answer.text.prefix(300))") }
    }

    private mutating func accept(
        _ answer: HTTPClient.Answer, _ students: [String], _ turn: Int, _ section: Int, _ number: Int
    ) {
        let marks = answer.json["marks"]?.array ?? []
        let told = zip(students, marks).compactMap { student, mark -> SharedJournal.Version? in
            guard mark["status"]?.string == "applied", let version = mark["version"]?.int,
                mark["student_id"]?.string == student
            else { return nil }
            return .init(
                cell: .init(lesson: room.lessons[section][turn], student: student), version: version, number: number)
        }
        if told.count != students.count { violations.append("not all applied: \(answer.text.prefix(300))") }
        cells += told.count
        journal.acknowledge(told)
    }

    /// The versions of the refused cells by their place in the batch.
    private mutating func current(
        _ answer: HTTPClient.Answer, _ students: [String], _ turn: Int, _ section: Int
    ) -> [Int: Int]? {
        conflicts += 1
        var versions: [Int: Int] = [:]
        var shown: [SharedJournal.Version] = []
        for error in answer.json["errors"]?.array ?? [] {
            guard error["code"]?.string == "stale_version",
                let place = error["pointer"]?.string?.split(separator: "/").last.flatMap({ Int($0) }),
                students.indices.contains(place), let version = error["current"]?["version"]?.int,
                let number = error["current"]?["value"]?["number"]?.int
            else { continue }
            versions[place] = version
            shown.append(
                .init(
                    cell: .init(lesson: room.lessons[section][turn], student: students[place]), version: version,
                    number: number))
        }
        journal.show(shown)
        guard answer.status == 409, answer.code == "stale_version", !versions.isEmpty,
            versions.count == answer.json["errors"]?.array.count
        else {
            violations.append("\(answer.status) \(answer.text.prefix(300))")
            return nil
        }
        return versions
    }

    private mutating func send(
        _ students: [String], _ turn: Int, _ section: Int, _ number: Int, _ versions: [Int]
    ) -> HTTPClient.Answer? {
        let lesson = room.lessons[section][turn]
        let marks = zip(students, versions).map { student, version in
            """
            {"lesson_id": "\(lesson)", "student_id": "\(student)", "version": \(version), \
            "value": {"kind": "number", "number": \(number)}}
            """
        }
        do {
            var answer: HTTPClient.Answer?
            let seconds = try measured {
                answer = try client.send(
                    "PATCH", "/v1/sections/\(room.sections[section])/journal",
                    json: "{\"marks\": [\(marks.joined(separator: ", "))]}")
            }
            milliseconds.append(seconds * 1000)
            return answer
        } catch {
            violations.append("no answer: \(error)")
            return nil
        }
    }
}
