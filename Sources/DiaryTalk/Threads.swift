import Diary
import JSON
import Postgres
import Web

/// Conversations (C1): the caller's threads, and new ones. `NewThreads` reads the body of a new one.
package enum Threads {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/threads", "listThreads", access: .signedIn, list),
        .post("/v1/threads", "createThreads", access: .signedIn, NewThreads.create),
        .get("/v1/threads/{thread_id}", "getThread", access: .signedIn, show),
    ]

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let filters: [Parameter] = [
            .integer(caller.school.id), caller.person, .text(query.identifier("student_id")),
            .boolean(query.flag("unread")),
        ]
        let isUnreadFirst = query.option("order", of: ["newest", "unread_first"]) == "unread_first"
        let page = Page(&query, keys: [.integer, .largeInteger, .identifier])
        try query.finish()
        return try await ListAnswer(request, caller, page).read(
            Query(
                statement: isUnreadFirst ? unreadFirst : newest,
                parameters: filters + (0..<3).map { .text(page.after?[$0]) } + [.integer(page.limit + 1)]),
            key: ["_unread", "_latest", "id"],
            total: Query(statement: total, parameters: filters + [.boolean(page.wantsTotal)]))
    }

    /// The reading of a reported thread by the head is recorded.
    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.identifier("thread_id")
        let thread = one(.integer(caller.school.id), caller.person, .text(id))
        return try await Answer {
            Gate(thread)
            Fields(thread)
            if caller.mayReadReports { Silent(recording(.text(id), .text("thread"))) }
        }.plain(for: caller, isRecorded: caller.mayReadReports).response
    }

    // MARK: SQL. `$1` is the school, `$2` the person.

    /// The participants of a thread, as JSON.
    private static let participants = """
        (
            SELECT json_agg(
                json_build_object(
                    'id', u.id, 'last_name', u.last_name, 'first_name', u.first_name, 'middle_name', u.middle_name,
                    'capacity', o.capacity
                )
                ORDER BY u.last_name, u.first_name, u.id
            )
            FROM thread_participants o
            JOIN users u ON u.school_id = o.school_id AND u.id = o.person_id
            WHERE o.school_id = t.school_id AND o.thread_id = t.id AND o.left_at IS NULL
        ) AS participants
        """

    /// The columns of a thread (`t`) as a participant (`p`) sees it, who reads the messages of some days (`d`).
    private static let columns = """
        t.id, t.subject, \(SharedSQL.person("s", as: "student?")), p.capacity, \(participants), t.created_at,
            CASE WHEN upper_inf(d.days) THEN t.latest_at ELSE m.written_at END AS latest_at, d.unread, p.muted_at IS NOT NULL AS is_muted,
            m.id AS "last_message?.id", m.author_id AS "last_message?.author_id", left(m.text, 200) AS "last_message?.text",
            m.written_at AS "last_message?.written_at"
        """
    private static let joined = """
        LEFT JOIN users s ON s.school_id = t.school_id AND s.id = t.student_id
        LEFT JOIN LATERAL (
            SELECT m.*
            FROM messages m
            WHERE m.school_id = t.school_id AND m.thread_id = t.id AND lyceum.is_shown(d.days, m.written_at)
            ORDER BY m.number DESC
            LIMIT 1
        ) m ON true
        """

    /// The days (`d`) whose messages a participant (`p`) reads in the thread, about whom (`student`), and how many of them
    /// are unread. OFFSET 0: computed once for each row.
    private static func days(about student: String) -> String {
        """
        CROSS JOIN LATERAL (
            SELECT lyceum.reading_days($1, p.thread_id, $2::uuid, p.capacity, \(student)) AS days OFFSET 0
        ) r
        CROSS JOIN LATERAL (
            SELECT r.days, lyceum.unread_of($1, p.thread_id, $2::uuid, p.read_sequence, p.unread, r.days) AS unread OFFSET 0
        ) d
        """
    }
    private static let isShown = "d.days IS NOT NULL AND (NOT $4::boolean OR d.unread > 0)"

    private static let participating = """
        FROM thread_participants p
        JOIN threads t ON t.school_id = p.school_id AND t.id = p.thread_id
        """
    private static let own = """
        WHERE p.school_id = $1 AND p.person_id = $2::uuid AND p.left_at IS NULL
            AND ($3::uuid IS NULL OR t.student_id = $3::uuid) AND (NOT $4::boolean OR p.unread > 0)
        """

    /// OFFSET 0: the days are computed for the threads of a page and not for all.
    private static func page(order: String, after: String) -> Statement {
        Statement(
            """
            SELECT \(columns), (p.unread > 0)::int AS _unread, lyceum.microseconds(p.latest_at) AS _latest
            FROM (
                SELECT p.*, d.days, d.unread AS shown_unread
                FROM (
                    SELECT p.*, t.student_id \(participating) \(own) AND ($5::int IS NULL OR \(after))
                    ORDER BY \(order)
                    OFFSET 0
                ) p
                \(days(about: "p.student_id"))
                WHERE \(isShown)
                LIMIT $8::int
            ) p
            CROSS JOIN LATERAL (SELECT p.days, p.shown_unread AS unread) d
            JOIN threads t ON t.school_id = $1 AND t.id = p.thread_id
            \(joined)
            ORDER BY \(order)
            """)
    }

    private static let after = "lyceum.from_microseconds($6::bigint)"

    private static let newest = page(
        order: "p.latest_at DESC, p.thread_id DESC", after: "(p.latest_at, p.thread_id) < (\(after), $7::uuid)")
    private static let unreadFirst = page(
        order: "(p.unread > 0)::int DESC, p.latest_at DESC, p.thread_id DESC",
        after: "((p.unread > 0)::int, p.latest_at, p.thread_id) < ($5::int, \(after), $7::uuid)")

    private static let total = Statement(
        """
        SELECT CASE WHEN $5::boolean THEN (
            SELECT count(*) \(participating) \(days(about: "t.student_id")) \(own) AND \(isShown)
        ) END AS total
        """)

    private static let one = Statement(
        """
        SELECT \(columns), lyceum.may_answer($1, t.id, $2::uuid) AS may_write
        FROM threads t
        CROSS JOIN LATERAL (SELECT lyceum.shown_days($1, t.id, $2::uuid) AS days OFFSET 0) r
        LEFT JOIN thread_participants p ON p.school_id = t.school_id AND p.thread_id = t.id AND p.person_id = $2::uuid
            AND p.left_at IS NULL
        CROSS JOIN LATERAL (
            SELECT r.days,
                coalesce(lyceum.unread_of($1, t.id, $2::uuid, p.read_sequence, p.unread, r.days), 0) AS unread OFFSET 0
        ) d
        \(joined)
        WHERE t.school_id = $1 AND t.id = $3::uuid AND d.days IS NOT NULL
        """)

    /// `$1` is the thread, `$2` what is read of it.
    static let recording = Statement("SELECT lyceum.record_thread_reading($1::uuid, $2)")
}

extension Caller {
    /// The head reads threads about which a report is open.
    var mayReadReports: Bool { roles.contains(.head) }
}
