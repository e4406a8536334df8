import JSON
import Postgres
import Web

/// Everything done at a lesson in one call and one transaction: `PATCH sections/{id}/journal`.
///
/// The segment: lock the section's row; then for each list one statement that checks all items, applies the good ones and
/// answers outcome and current state of each; at last one that undoes everything when an item was refused and the caller
/// wanted all or nothing. So one round trip tells what became of every item, applied or not.
enum JournalBatch {
    static let routes: [Route<Access, Caller>] = [
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
        let school = Parameter.integer(caller.school.id)
        let user = Parameter.text(caller.user)
        let outcome = try await work.attempt(
            [
                SectionGate.lock(caller, section), batch.lessons.query(school, user),
                batch.lineItems.query(school, user),
                batch.marks.defaultColumns(school, user), batch.marks.query(school, user),
                batch.attendance.query(school, user), batch.feedback.query(school, user), settle(.boolean(isPartial)),
            ])
        if let refusal = outcome.refusal, refusal.sqlState != "LYB01" { throw PostgresError.refused(refusal) }
        let rows = outcome.rows
        guard !rows[0].isEmpty else { throw Problem(.notFound) }
        // A column and its lesson may name one cell; only the database knows.
        let duplicates = FieldProblems()
        for row in 0..<rows[4].count where rows[4].text(row, "_refusal") == "duplicate_item" {
            duplicates.add(FieldProblem(JSONPointer("marks").appending(row), "duplicate_item"))
        }
        if let problem = Problem(duplicates) { throw problem }
        let lists = [
            BatchOutcome("lessons", rows[1]), BatchOutcome("line_items", rows[2]), BatchOutcome("marks", rows[4]),
            BatchOutcome("attendance", rows[5]), BatchOutcome("feedback", rows[6]),
        ]
        let refused = lists.flatMap { $0.problems }
        if !refused.isEmpty && !isPartial { throw problem(refused) }
        var writer = JSONWriter(reservingCapacity: 8 * 1024)
        writer.beginObject()
        writer.key("applied")
        writer.boolean(refused.isEmpty)
        for list in lists { list.write(to: &writer, request.language) }
        writer.endObject()
        return .json(writer)
    }

    /// The kind that all refused items share, or the general one.
    private static func problem(_ items: [Problem.Item]) -> Problem {
        let codes = Set(items.map { $0.code })
        let kind = codes.count == 1 ? ProblemKind.all[codes.first!] : nil
        return Problem(kind ?? .journalRefused, items: items)
    }

    private static let settle = Statement("SELECT lyceum.settle_batch($1::boolean)")
}

/// A parsed body: five lists, each in columns as its statement takes them.
struct Batch {
    let lessons: LessonBatch
    let lineItems: LineItemBatch
    let marks: MarkBatch
    let attendance: AttendanceBatch
    let feedback: FeedbackBatch

    init(_ body: JSONValue, _ services: Services) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        lessons = LessonBatch(reader.items("lessons"), services)
        lineItems = LineItemBatch(reader.items("line_items"))
        marks = MarkBatch(reader.items("marks"), services)
        attendance = AttendanceBatch(reader.items("attendance"), services)
        feedback = FeedbackBatch(reader.items("feedback"))
        reader.finish()
        let count = lessons.count + lineItems.count + marks.count + attendance.count + feedback.count
        if problems.isEmpty && count == 0 { problems.add(FieldProblem(JSONPointer(), "empty_batch")) }
        if let problem = Problem(problems) { throw problem }
    }
}

extension ObjectReader {
    /// The items of one list; none without it.
    fileprivate mutating func items(_ name: String) -> [ObjectReader] {
        objects(name, .optional, maximumCount: JournalBatch.longestList).value ?? []
    }

    /// Records an item that names the same row as an earlier one.
    func refuseDuplicate(_ key: String, _ seen: inout Set<String>) {
        if !seen.insert(key).inserted { problems.add(FieldProblem(pointer, "duplicate_item")) }
    }
}

/// What a list's statement answered, item by item in the order of the request.
///
/// Beside the result's own columns it has `_refusal` (a problem code or NULL), `_unchanged` and `_current` (the row's state
/// as JSON, for a refused item).
struct BatchOutcome {
    private let name: String
    private let rows: Rows

    init(_ name: String, _ rows: Rows) {
        self.name = name
        self.rows = rows
    }

    var problems: [Problem.Item] {
        (0..<rows.count).compactMap { row in
            rows.text(row, "_refusal").map { code in
                Problem.Item(
                    pointer: "/\(name)/\(row)", code: code, detail: Self.detail(code), current: current(row))
            }
        }
    }

    func write(to writer: inout JSONWriter, _ language: Language) {
        writer.key(name)
        writer.beginArray()
        for row in 0..<rows.count {
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
                writer.string(Self.detail(refusal)[language])
                writer.endObject()
                writer.key("current")
                writer.raw(current(row))
            }
            writer.endObject()
        }
        writer.endArray()
    }

    private func current(_ row: Int) -> [UInt8] { Array((rows.text(row, "_current") ?? "null").utf8) }

    private static func detail(_ code: String) -> Text { (ProblemKind.all[code] ?? .journalRefused).detail }
}

/// SQL that the lists share.
enum BatchSQL {
    static let section = SectionGate.section

    /// Tells the last statement that an item was refused.
    static let note = """
        CASE WHEN c.refusal IS NOT NULL THEN set_config('lyceum.refused', 'yes', true) END AS _note
        """
}
