import Diary
import JSON
import Postgres
import Web

/// All records of lessons in one request and one transaction: `PATCH sections/{id}/journal`.
///
/// The segment locks the section's row. Then one statement per non-empty list compares all its items with the current
/// rows, applies the valid items, and returns the outcome and the current state of each item. The last statement undoes
/// everything if an item was refused and the caller did not ask for a partial batch. So one round trip reports the
/// outcome of every item.
package enum JournalBatch {
    package static let routes: [Route<Access, Caller>] = [
        .patch("/v1/sections/{section_id}/journal", "patchSectionJournal", access: .roles([.teacher]), apply)
    ]

    static let longestList = 500

    @Sendable static func apply(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let isPartial = query.flag("partial")
        try query.finish()
        let section = try request.identifier("section_id")
        let batch = try Batch(try await request.json(), caller.services)
        return try await Idempotency.run(request, caller) { work in
            try await apply(batch, to: section, isPartial: isPartial, request, caller, work)
        }
    }

    private static func apply(
        _ batch: Batch, to section: String, isPartial: Bool, _ request: Request, _ caller: Caller, _ work: Work
    ) async throws -> Response {
        let lists = try await attempt(batch, section, isPartial: isPartial, caller, work)
        // A column and its lesson can refer to the same cell, which only the database can detect.
        let faults = FieldProblems()
        for row in lists.marks.refused("duplicate_item") {
            faults.add(FieldProblem(JSONPointer("marks").appending(row), "duplicate_item"))
        }
        // Only the database knows the school's codes.
        for (code, field) in AttendanceBatch.faults {
            for row in lists.attendance.refused(code) {
                faults.add(FieldProblem(JSONPointer("attendance").appending(row).appending(field), code))
            }
        }
        if let problem = Problem(faults) { throw problem }
        let refused = Set(lists.all.flatMap { $0.refusals })
        if !refused.isEmpty && !isPartial { throw try problem(refused, lists.all.flatMap { try $0.problems }) }
        var writer = JSONWriter(reservingCapacity: 8 * 1024)
        writer.beginObject()
        writer.key("applied")
        writer.boolean(refused.isEmpty)
        for list in lists.all { try list.write(to: &writer, request.language) }
        writer.endObject()
        return .json(writer)
    }

    /// The triggers check the rules for every write. The statements check them too only if necessary: to apply the
    /// valid items of a partial batch, to continue inside a transaction, and to find the item that a trigger refused.
    private static func attempt(
        _ batch: Batch, _ section: String, isPartial: Bool, _ caller: Caller, _ work: Work
    ) async throws -> BatchOutcomes {
        var asksRules = isPartial || work.isTransaction
        while true {
            let steps = batch.steps(.integer(caller.school.id), .text(caller.user), asksRules: asksRules)
            let lock = SectionGate.lock(caller, section)
            let results = try await work.results(
                of: [lock] + steps.map { $0.query } + [settle(.boolean(isPartial))])
            if let refusal = results.refusal, refusal.sqlState != "LYB01" {
                // The foreign keys of marks and attendance are checked before the triggers: 23503 for an unknown student.
                guard refusal.sqlState.hasPrefix("LY") || refusal.sqlState == "23503", !asksRules else {
                    throw PostgresError.refused(refusal)
                }
                asksRules = true
                continue
            }
            guard try !results[lock].isEmpty else { throw Problem(.notFound) }
            return try BatchOutcomes(steps, results)
        }
    }

    /// The problem that all refused items share, or the general one.
    private static func problem(_ refusals: Set<String>, _ items: [Problem.Item]) throws -> Problem {
        Problem(refusals.count == 1 ? try .of(refusals.first!) : .journalRefused, items: items)
    }

    private static let settle = Statement("SELECT lyceum.settle_batch($1::boolean)")
}

/// A parsed body: six lists, each stored in columns for its statement.
struct Batch {
    let lessons: LessonBatch
    let homework: HomeworkBatch
    let lineItems: LineItemBatch
    let marks: MarkBatch
    let attendance: AttendanceBatch
    let feedback: FeedbackBatch

    init(_ body: JSONValue, _ services: Services) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        lessons = LessonBatch(reader.items("lessons"), services)
        homework = HomeworkBatch(reader.items("homework"))
        lineItems = LineItemBatch(reader.items("line_items"))
        marks = MarkBatch(reader.items("marks"), services)
        attendance = AttendanceBatch(reader.items("attendance"), services)
        feedback = FeedbackBatch(reader.items("feedback"))
        reader.finish()
        let count =
            lessons.count + homework.count + lineItems.count + marks.count + attendance.count + feedback.count
        if problems.isEmpty && count == 0 { problems.add(FieldProblem(JSONPointer(), "empty_batch")) }
        if let problem = Problem(problems) { throw problem }
    }

    /// The statements of the non-empty lists, in the order of execution.
    func steps(_ school: Parameter, _ user: Parameter, asksRules: Bool) -> [BatchStep] {
        var steps: [BatchStep] = []
        func add(_ list: BatchList?, _ query: Query) { steps.append(BatchStep(list: list, query: query)) }
        if lessons.count > 0 { add(.lessons, lessons.query(school, user)) }
        if homework.count > 0 { add(.homework, homework.query(school, user)) }
        if lineItems.count > 0 { add(.lineItems, lineItems.query(school, user, asksRules: asksRules)) }
        if let columns = marks.defaultColumns(school, user) { add(nil, columns) }
        if marks.count > 0 { add(.marks, marks.query(school, user, asksRules: asksRules)) }
        if attendance.count > 0 { add(.attendance, attendance.query(school, user, asksRules: asksRules)) }
        if feedback.count > 0 { add(.feedback, feedback.query(school, user)) }
        return steps
    }
}

/// A query of a batch, and the list whose items it answers; nil for a query that prepares another.
struct BatchStep {
    let list: BatchList?
    let query: Query
}

/// The lists of a batch, by name.
enum BatchList: String, CaseIterable {
    case lessons
    case homework
    case lineItems = "line_items"
    case marks
    case attendance
    case feedback
}

/// The results of the lists' statements.
private struct BatchOutcomes {
    let all: [BatchOutcome]
    var marks: BatchOutcome { all[BatchList.allCases.firstIndex(of: .marks)!] }
    var attendance: BatchOutcome { all[BatchList.allCases.firstIndex(of: .attendance)!] }

    init(_ steps: [BatchStep], _ results: Results) throws {
        all = try BatchList.allCases.map { list in
            try BatchOutcome(list.rawValue, steps.first { $0.list == list }.map { try results[$0.query] })
        }
    }
}

extension ObjectReader {
    /// The items of one list; empty when the list is missing.
    fileprivate mutating func items(_ name: String) -> [ObjectReader] {
        objects(name, .optional, maximumCount: JournalBatch.longestList).value ?? []
    }

    /// Reports an item that names the same row as an earlier one.
    func refuseDuplicate(_ key: String, _ seen: inout Set<String>) {
        if !seen.insert(key).inserted { problems.add(FieldProblem(pointer, "duplicate_item")) }
    }
}

/// The result of a list's statement, one row per item in the order of the request.
///
/// Besides the columns for the answer it has `_refusal` (a problem code or NULL), `_unchanged` and `_current` (the
/// row's state as JSON, for a refused item).
struct BatchOutcome {
    private let name: String
    /// Nil for an empty list.
    private let rows: Rows?

    init(_ name: String, _ rows: Rows?) {
        self.name = name
        self.rows = rows
    }

    var problems: [Problem.Item] {
        get throws {
            guard let rows else { return [] }
            return try (0..<rows.count).flatMap { row in
                let pointer = "/\(name)/\(row)"
                if let reasons = reasons(rows, row) {
                    return Problem.Item.reasons(againstControlWork: reasons, at: pointer)
                }
                guard let code = rows.text(row, "_refusal") else { return [] }
                return [
                    Problem.Item(
                        pointer: pointer, code: code, detail: try ProblemKind.of(code).detail,
                        current: current(rows, row))
                ]
            }
        }
    }

    /// The codes of the refused items.
    var refusals: [String] {
        guard let rows else { return [] }
        return (0..<rows.count).compactMap { rows.text($0, "_refusal") }
    }

    /// M9: why a control work may not be planned, as JSON. Only columns have this.
    private func reasons(_ rows: Rows, _ row: Int) -> String? {
        name == BatchList.lineItems.rawValue ? rows.text(row, "_reasons") : nil
    }

    /// The items refused with this code.
    func refused(_ code: String) -> [Int] {
        guard let rows else { return [] }
        return (0..<rows.count).filter { rows.text($0, "_refusal") == code }
    }

    func write(to writer: inout JSONWriter, _ language: Language) throws {
        writer.key(name)
        writer.beginArray()
        if let rows {
            for row in 0..<rows.count { try write(rows, row, to: &writer, language) }
        }
        writer.endArray()
    }

    private func write(_ rows: Rows, _ row: Int, to writer: inout JSONWriter, _ language: Language) throws {
        writer.beginObject()
        writer.fields(rows, row: row)
        writer.key("status")
        let refusal = rows.text(row, "_refusal")
        writer.string(refusal != nil ? "refused" : rows.boolean(row, "_unchanged") ? "unchanged" : "applied")
        if let refusal {
            writer.key("problem")
            writer.beginObject()
            writer.key("code")
            writer.string(refusal)
            writer.key("detail")
            writer.string(
                try reasons(rows, row).map { Problem.Item.reasons(againstControlWork: $0, at: "") }
                    .map { $0.map { $0.detail[language] }.joined(separator: " ") }
                    ?? ProblemKind.of(refusal).detail[language])
            writer.endObject()
            writer.key("current")
            writer.raw(current(rows, row).span)
        }
        writer.endObject()
    }

    private func current(_ rows: Rows, _ row: Int) -> [UInt8] { Array((rows.text(row, "_current") ?? "null").utf8) }
}

extension Parameter {
    /// A column of the rows that `unnest` makes of several arrays. A column without values is sent as NULL: `unnest`
    /// fills it with NULLs, and nothing has to be parsed.
    static func column(_ values: [String?]) -> Parameter { values.allSatisfy { $0 == nil } ? .null : .texts(values) }
}

/// SQL shared by the lists.
enum BatchSQL {
    static let section = SectionGate.section

    /// Records for the last statement that an item was refused.
    static let note = """
        CASE WHEN c.refusal IS NOT NULL THEN \(Setting.refused.set(to: "'yes'")) END AS _note
        """
}

/// Settings that `lyceum.settle_batch` reads: whether an item was refused, and whether two items name one cell.
extension Setting {
    fileprivate static let refused = Setting("refused", .text)
    static let malformed = Setting("malformed", .text)
}
