import Diary
import Postgres
import Web

/// Written feedback about a student, newest first. It is written in the journal (`FeedbackBatch`).
package enum StudentFeedback {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/students/{student_id}/feedback", "listStudentFeedback", access: readers, list),
        .get("/v1/feedback/{feedback_id}", "getFeedback", access: readers, show),
    ]

    private static let readers = Access.readersOfMarks.programs(.journalRead)

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let filters: [Parameter] = [
            .text(query.date("from")), .text(query.date("to")), .text(query.identifier("subject_id")),
        ]
        let page = Page(&query, keys: [.date, .identifier])
        try query.finish()
        return try await RecordReaders.list(request, caller, page, filters, ofStudent, total: total)
    }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let row = Query(
            statement: one, parameters: RecordReaders.parameters(caller, try request.identifier("feedback_id")))
        return try .record(try await caller.results(of: [row])[row])
    }

    // MARK: SQL. `$1` is the school, `$2` the student or the feedback, `$3` whether the reader reads all, `$4` the reader.

    private static let day = "coalesce(l.date, (x.created_at AT TIME ZONE \(Setting.timeZone.required))::date)"

    private static func wanted(_ condition: String) -> String {
        """
        FROM feedback x
        JOIN sections s ON s.school_id = x.school_id AND s.id = x.section_id
        LEFT JOIN lessons l ON l.school_id = x.school_id AND l.id = x.lesson_id
        \(RecordReaders.relation(to: "x.student_id"))
        WHERE x.school_id = $1 AND \(condition) AND x.deleted_at IS NULL
            AND \(RecordReaders.sees(day: day, hasSection: true))
        """
    }

    private static let listed = wanted(
        """
        x.student_id = $2::uuid AND ($5::date IS NULL OR \(day) >= $5::date) AND ($6::date IS NULL OR \(day) <= $6::date)
            AND ($7::uuid IS NULL OR s.subject_id = $7::uuid)
        """)

    private static func select(_ rows: String) -> String {
        """
        SELECT x.id, x.student_id, x.section_id, j.id AS "subject.id", j.name AS "subject.name", x.lesson_id, x.term_id,
            x.day AS date, x.text, \(SharedSQL.person("u", as: "author?")), x.created_at, x.published_at, x.version
        FROM (SELECT x.*, s.subject_id, \(day) AS day \(rows)) x
        JOIN subjects j ON j.school_id = $1 AND j.id = x.subject_id
        LEFT JOIN users u ON u.school_id = $1 AND u.id = x.author_id
        """
    }

    private static let ofStudent = Statement(
        select(
            """
            \(listed) AND ($8::date IS NULL OR (\(day), x.id) < ($8::date, $9::uuid))
            ORDER BY \(day) DESC, x.id DESC LIMIT $10::int
            """) + " ORDER BY x.day DESC, x.id DESC")
    private static let total = Statement("SELECT CASE WHEN $8::boolean THEN (SELECT count(*) \(listed)) END AS total")
    private static let one = Statement(select(wanted("x.id = $2::uuid")))
}
