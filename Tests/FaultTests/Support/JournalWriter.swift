import Diary
import Glibc
import JSON
import Postgres
import Reactor

/// A teacher's app that repeatedly writes the same mark into some cells of the journal. Nobody else writes these cells.
///
/// It remembers every change that was acknowledged, and every change whose outcome it found out by repeating the
/// request. With an idempotency key the repeat must report the truth. Without one, the same values with the same
/// versions are "unchanged" if they are already there. For one thread at a time.
final class JournalWriter {
    /// Marks set, in order.
    private(set) var numbers: [Int] = []
    private let cells: [FaultSchool.Cell]
    private let path: String
    private let usesKeys: Bool
    private let token: String
    private let tally: Tally
    private let database: PrivatePostgres
    private var versions: [Int] = []
    private var firstVersions: [Int] = []
    private let first = 5
    private let name = "\(UInt32.random(in: 0 ... .max))"

    init(
        _ cells: [FaultSchool.Cell], of school: FaultSchool, in database: PrivatePostgres, usesKeys: Bool,
        token: String,
        tally: Tally
    ) throws {
        self.cells = cells
        self.usesKeys = usesKeys
        self.token = token
        self.tally = tally
        self.database = database
        path = school.journal
    }

    /// Gives all cells the same number as a start.
    func begin(_ client: HTTPClient) throws {
        client.token = token
        let connection = try database.owner()
        let answer = try client.send(
            "PATCH", path, json: body(first, try cells.map { try Self.state(of: $0, connection)?.version ?? 0 }))
        guard answer.status == 200 else { throw Failure("no write: \(answer.status) \(answer.text)") }
        versions = try cells.map { try Self.state(of: $0, connection)!.version }
        firstVersions = versions
    }

    /// Changes the cells once and finds out whether the change took effect.
    ///
    /// - Parameters:
    ///   - client: makes a connection to the server's current address.
    ///   - patience: seconds within which the outcome must be known.
    func change(_ client: HTTPClient, patience: Double = 60) {
        client.token = token
        let number = 2 + ((numbers.last ?? first) - 1) % 4
        let body = body(number, versions)
        let key = "\(name)-\(numbers.count)"
        let fields = usesKeys ? [("Idempotency-Key", key)] : []
        // Whether the outcome of a request is unknown.
        var isUnknown = false
        let end = Clock.now + .seconds(patience)
        while Clock.now < end {
            do throws(HTTPClient.NoAnswer) {
                let answer = try tally.exchange(client, "PATCH", path, fields: fields, json: body)
                if answer.status == 200 { return accept(answer, number, isUnknown: isUnknown) }
                if answer.code == "outcome_unknown" { isUnknown = true }
                if answer.status != 503 && answer.code != "idempotency_in_progress" { return }
            } catch {
                if error != .refused { isUnknown = true }
            }
            usleep(20_000)
        }
        tally.violation("no outcome of \(key) within \(patience) s")
    }

    private func accept(_ answer: HTTPClient.Answer, _ number: Int, isUnknown: Bool) {
        let marks = answer.json["marks"]?.array ?? []
        let told = marks.compactMap { $0["version"]?.int }
        let isNew =
            answer.fields["idempotency-replayed"] == nil && marks.allSatisfy { $0["status"]?.string == "applied" }
        if isUnknown {
            tally.record(isNew ? "unknown, had not landed" : "unknown, had landed")
        } else if !isNew {
            tally.violation("written although the server had denied it: \(answer.text)")
        }
        let expected = versions.map { $0 + 1 }
        if told != expected { tally.violation("versions \(told) instead of \(expected): \(answer.text)") }
        versions = told.count == versions.count ? told : expected
        numbers.append(number)
    }

    /// Compares the writer's memory with the database: each change is there once, in order, in all cells, with its
    /// history.
    func differences(_ database: PrivatePostgres) throws -> [String] {
        let connection = try database.owner()
        var differences: [String] = []
        for (index, cell) in cells.enumerated() {
            guard let state = try Self.state(of: cell, connection) else {
                if !numbers.isEmpty { differences.append("no mark of \(cell)") }
                continue
            }
            if state.version != versions[index] {
                differences.append("version \(state.version) of \(cell), told \(versions[index])")
            }
            if let last = numbers.last, state.number != last {
                differences.append("number \(state.number) of \(cell), told \(last)")
            }
            let history = try connection.query(
                """
                SELECT version, new_number FROM mark_history WHERE mark_id = $1 AND version > $2 ORDER BY version
                """, [state.mark, String(firstVersions[index])]
            ).rows
            if history.map({ Int($0[0]!) }) != Array(firstVersions[index]..<versions[index]).map({ $0 + 1 }) {
                differences.append("history of \(cell) has versions \(history.map { $0[0]! })")
            }
            if history.map({ Int($0[1] ?? "") }) != numbers {
                differences.append("history of \(cell) is \(history.map { $0[1] ?? "" }), told \(numbers)")
            }
        }
        return differences
    }

    private func body(_ number: Int, _ versions: [Int]) -> String {
        let marks = zip(cells, versions).map { cell, version in
            """
            {"lesson_id": "\(cell.lesson)", "student_id": "\(cell.student)", "version": \(version),
             "value": {"kind": "number", "number": \(number)}}
            """
        }
        return "{\"marks\": [\(marks.joined(separator: ","))]}"
    }

    private static func state(
        of cell: FaultSchool.Cell, _ connection: BlockingConnection
    ) throws -> (mark: String, version: Int, number: Int)? {
        let row = try connection.query(
            """
            SELECT m.id, m.version, m.number FROM line_items i
            JOIN marks m ON m.school_id = i.school_id AND m.line_item_id = i.id AND m.student_id = $2
            WHERE i.lesson_id = $1 AND i.is_default AND i.deleted_at IS NULL
            """, [cell.lesson, cell.student]
        ).rows.first
        return row.map { ($0[0]!, Int($0[1]!)!, Int($0[2] ?? "0")!) }
    }
}
