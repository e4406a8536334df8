import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Praise and remarks about a student's conduct. The teachers of the student on that day, the class teacher, heads and
/// deputy heads write them (A4); the author, the class teacher, heads and deputy heads change them.
package enum ConductNotes {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/students/{student_id}/conduct-notes", "listConductNotes", access: readers, list),
        .post("/v1/students/{student_id}/conduct-notes", "createConductNote", access: writers, create),
        .get("/v1/conduct-notes/{conduct_note_id}", "getConductNote", access: readers, show),
        .patch("/v1/conduct-notes/{conduct_note_id}", "updateConductNote", access: writers, update),
        .delete("/v1/conduct-notes/{conduct_note_id}", "deleteConductNote", access: writers, delete),
    ]

    private static let readers = Access.readersOfMarks.programs(.journalRead)
    private static let writers = Access.readersOfJournals

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let filters: [Parameter] = [
            .text(query.date("from")), .text(query.date("to")), .text(query.option("kind", of: kinds)),
        ]
        let page = Page(&query, keys: [.date, .identifier])
        try query.finish()
        return try await RecordReaders.list(request, caller, page, filters, ofStudent, total: total)
    }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let row = one(caller, try request.identifier("conduct_note_id"))
        return try .record(try await caller.results(of: [row])[row])
    }

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let student = try request.identifier("student_id")
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let kind = reader.enumeration("kind", of: kinds).value
        let text = reader.writtenText("text", maximum: longestText).value
        let lesson = reader.uuid("lesson_id", .nullable).value
        let date = reader.date("date", .optional).value
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let id = caller.services.newID()
        let gate = Query(
            statement: studentToNote,
            parameters: RecordReaders.parameters(caller, student) + [
                .text(lesson), .text(date), .boolean(caller.isHead),
            ])
        let insert = insert(
            .integer(caller.school.id), .text(id), .text(student), .text(lesson), .text(date), .text(kind), .text(text),
            .boolean(caller.isHead))
        let row = one(caller, id)
        return try await Idempotency.run(request, caller, keeper: { one(caller, $0) }) { work in
            let results = try await work.results(of: [gate, insert, row] + work.settling)
            let rows = try results[gate]
            guard !rows.isEmpty else { throw Problem(.notFound) }
            guard rows.boolean(0, "knows_lesson") else { throw Refusal.unknown("lesson_id").problem }
            try results.check(refusals)
            return try Response.record(try results[row]).created(at: "/v1/conduct-notes/\(id)", request, caller)
        }
    }

    @Sendable static func update(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let id = try request.identifier("conduct_note_id")
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let kind = reader.enumeration("kind", of: kinds, .optional).value
        let text = reader.writtenText("text", .optional, maximum: longestText).value
        for name in ["date", "lesson_id"] where !reader.any(name, .nullable).isAbsent {
            problems.add(FieldProblem(JSONPointer(name), "fixed_field"))
        }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let gate = lock(caller, id, versions)
        let change = change(.integer(caller.school.id), .text(kind), .text(text))
        let row = one(caller, id)
        return try await Idempotency.run(request, caller, keeper: { one(caller, $0) }) { work in
            let results = try await work.results(of: [gate, change, row] + work.settling)
            try versions.check(results[gate])
            return try .record(try results[row])
        }
    }

    @Sendable static func delete(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let gate = lock(caller, try request.identifier("conduct_note_id"), versions)
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(
            of: [gate, remove(.integer(caller.school.id))])
        try versions.check(results[gate])
        return .empty
    }

    private static let kinds = ["praise", "remark"]
    private static let longestText = 4000

    private static let refusals = [
        "conduct_notes_date": Refusal(
            field: "date", code: "in_the_future", ru: "Этот день ещё не наступил.", en: "The date is in the future."),
        "conduct_notes_lesson_day": Refusal(
            field: "date", code: "not_the_day_of_the_lesson", ru: "Урок был в другой день.",
            en: "The lesson is on another day."),
    ]

    // MARK: SQL. `$1` is the school, `$2` the student or note, `$3` whether the reader reads all, `$4` the reader.

    private static func one(_ caller: Caller, _ id: String) -> Query {
        Query(statement: one, parameters: RecordReaders.parameters(caller, id))
    }

    private static func lock(_ caller: Caller, _ id: String, _ versions: VersionCondition) -> Query {
        lock(.integer(caller.school.id), .text(id), .boolean(caller.isHead), caller.person, versions.parameter)
    }

    private static func wanted(_ condition: String) -> String {
        """
        FROM conduct_notes x
        \(RecordReaders.relation(to: "x.student_id"))
        WHERE x.school_id = $1 AND \(condition) AND x.deleted_at IS NULL
            AND \(RecordReaders.sees(day: "x.date", hasSection: false))
        """
    }

    private static let listed = wanted(
        """
        x.student_id = $2::uuid AND ($5::date IS NULL OR x.date >= $5::date) AND ($6::date IS NULL OR x.date <= $6::date)
            AND ($7::text IS NULL OR x.kind = $7::text)
        """)

    private static func select(_ rows: String) -> String {
        """
        SELECT x.id, x.student_id, x.lesson_id, x.date, x.kind, x.text, \(SharedSQL.person("u", as: "author?")), x.created_at,
            x.published_at, x.version
        FROM (SELECT x.* \(rows)) x
        LEFT JOIN users u ON u.school_id = $1 AND u.id = x.author_id
        """
    }

    private static let ofStudent = Statement(
        select(
            """
            \(listed) AND ($8::date IS NULL OR (x.date, x.id) < ($8::date, $9::uuid))
            ORDER BY x.date DESC, x.id DESC LIMIT $10::int
            """) + " ORDER BY x.date DESC, x.id DESC")
    private static let total = Statement("SELECT CASE WHEN $8::boolean THEN (SELECT count(*) \(listed)) END AS total")
    private static let one = Statement(select(wanted("x.id = $2::uuid")))

    private static let dayOfNote = "coalesce($6::date, l.date, lyceum.today())"

    /// A student about whom the caller may write on that day; for everybody else there is no such student (A1).
    private static let studentToNote = Statement(
        """
        SELECT s.id, $5::uuid IS NULL OR l.id IS NOT NULL AS knows_lesson
        FROM students s
        LEFT JOIN lessons l ON l.school_id = $1 AND l.id = $5::uuid
        WHERE s.school_id = $1 AND s.id = $2::uuid
            AND ($3::boolean AND $7::boolean OR lyceum.may_note($1, $4::uuid, s.id, l.id, \(dayOfNote)))
        """)

    private static let insert = Statement(
        """
        INSERT INTO conduct_notes (school_id, id, student_id, lesson_id, date, kind, text)
        SELECT s.school_id, $2::uuid, s.id, l.id, coalesce($5::date, l.date, lyceum.today()), $6, $7
        FROM students s
        LEFT JOIN lessons l ON l.school_id = $1 AND l.id = $4::uuid
        WHERE s.school_id = $1 AND s.id = $3::uuid AND ($4::uuid IS NULL OR l.id IS NOT NULL)
            AND (
                $8::boolean
                OR lyceum.may_note(
                    $1, lyceum.current_user_id(), s.id, l.id, coalesce($5::date, l.date, lyceum.today())
                )
            )
        """)

    private static let lock = Statement(
        """
        SELECT n.version,
            CASE WHEN $5::int[] IS NULL OR n.version = ANY ($5::int[]) THEN \(Setting.changed.set(to: "n.id")) END AS _changed
        FROM conduct_notes n
        WHERE n.school_id = $1 AND n.id = $2::uuid AND n.deleted_at IS NULL
            AND ($3::boolean OR n.author_id = $4::uuid OR lyceum.is_class_teacher($1, $4::uuid, n.student_id, lyceum.today()))
        FOR NO KEY UPDATE
        """)
    private static let change = Statement(
        """
        UPDATE conduct_notes SET kind = coalesce($2, kind), text = coalesce($3, text)
        WHERE school_id = $1 AND id = \(Setting.changed.value)
        """)
    private static let remove = Statement(
        "UPDATE conduct_notes SET deleted_at = now() WHERE school_id = $1 AND id = \(Setting.changed.value)")
}
