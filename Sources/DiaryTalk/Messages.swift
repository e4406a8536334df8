import Diary
import JSON
import Postgres
import Web

/// Messages (C1): those of a thread, the search in one's own, single ones. The rules are triggers,
/// `Migrations/functions/talk/messages.sql`.
package enum Messages {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/threads/{thread_id}/messages", "listThreadMessages", access: .signedIn, list),
        .post("/v1/threads/{thread_id}/messages", "createMessage", access: .signedIn, create),
        .get("/v1/messages", "searchMessages", access: .signedIn, search),
        .get("/v1/messages/{message_id}", "getMessage", access: .signedIn, show),
        .patch("/v1/messages/{message_id}", "updateMessage", access: .signedIn, update),
        .get("/v1/messages/{message_id}/versions", "listMessageVersions", access: .roles([.head]), versions),
    ]

    /// Newest first. The reading of a reported thread by the head is recorded.
    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.integer])
        try query.finish()
        let id = try request.identifier("thread_id")
        let thread: [Parameter] = [.integer(caller.school.id), caller.person, .text(id)]
        return try await ListAnswer(request, caller, page).read(
            behind: Query(statement: gate, parameters: thread),
            Query(
                statement: ofThread, parameters: thread + [.text(page.after?[0]), .integer(page.limit + 1)]),
            key: ["number"], total: Query(statement: total, parameters: thread + [.boolean(page.wantsTotal)]),
            recording: caller.mayReadReports ? Threads.recording(.text(id), .text("messages")) : nil)
    }

    @Sendable static func search(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        query.require("q")
        let words = query.text("q", maximum: 200)
        if let words,
            words.unicodeScalars.filter({ $0.properties.isAlphabetic || $0.properties.numericType != nil }).count < 2
        {
            query.add(
                "q", "too_short", Text(ru: "Введите хотя бы две буквы.", en: "Give at least two letters or digits."))
        }
        let page = Page(&query, keys: [.largeInteger, .identifier])
        try query.finish()
        let own: [Parameter] = [.integer(caller.school.id), caller.person, .text(words)]
        return try await ListAnswer(request, caller, page).read(
            Query(
                statement: found,
                parameters: own + [.text(page.after?[0]), .text(page.after?[1]), .integer(page.limit + 1)]),
            key: ["_written", "id"], total: Query(statement: foundTotal, parameters: own + [.boolean(page.wantsTotal)]))
    }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.identifier("message_id")
        let message = one(.integer(caller.school.id), caller.person, .text(id))
        guard caller.mayReadReports else {
            return try .record(try await caller.results(of: [message])[message], changesAlone: true)
        }
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(
            of: [message, recording(.text(id), .text("message"))])
        return try .record(try results[message], changesAlone: true)
    }

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let thread = try request.identifier("thread_id")
        let text = try text(of: try await request.json())
        let id = caller.services.newID()
        let school = Parameter.integer(caller.school.id)
        let (insert, row) = (
            insert(school, .text(id), .text(thread), .text(text)), one(school, caller.person, .text(id))
        )
        return try await Idempotency.run(request, caller, keeper: { one(school, caller.person, .text($0)) }) { work in
            let results = try await work.results(of: [insert, row] + work.settling)
            return try Response.record(try results[row], changesAlone: true)
                .created(at: "/v1/messages/\(id)", request, caller)
        }
    }

    /// For 15 minutes, by the author.
    @Sendable static func update(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let id = try request.identifier("message_id")
        let text = try text(of: try await request.json())
        let school = Parameter.integer(caller.school.id)
        let lock = lock(school, caller.person, .text(id), versions.parameter)
        let row = one(school, caller.person, .text(id))
        return try await Idempotency.run(request, caller, keeper: { one(school, caller.person, .text($0)) }) { work in
            let results = try await work.results(of: [lock, change(school, .text(text)), row] + work.settling)
            try versions.check(results[lock])
            return try .record(try results[row], changesAlone: true)
        }
    }

    /// What a changed message said before, oldest first: only in a thread about which a report is open.
    @Sendable static func versions(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.identifier("message_id")
        let parameters: [Parameter] = [.integer(caller.school.id), caller.person, .text(id)]
        return try await Answer {
            Gate(Query(statement: reported, parameters: parameters))
            List("items", Query(statement: earlier, parameters: parameters))
            Silent(recording(.text(id), .text("versions")))
        }.plain(for: caller, isRecorded: true).response
    }

    private static func text(of json: JSONValue) throws -> String {
        let problems = FieldProblems()
        var reader = ObjectReader(json, problems: problems)
        let text = reader.writtenText("text", maximum: 10_000).value
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        return text ?? ""
    }

    // MARK: SQL. `$1` is the school, `$2` the person, `$3` the thread, the message, or the words.

    /// A message (`m`) as a participant (`p`) sees it. C2: staff see who has read the present text of their own messages,
    /// and when; families do not see receipts of others.
    private static let columns = """
        m.id, m.thread_id, m.number, m.sequence, \(SharedSQL.person("a", as: "author")), m.text, m.written_at, m.edited_at,
            CASE WHEN m.author_id = $2::uuid AND p.capacity = 'staff' THEN (
                SELECT coalesce(
                    json_agg(json_build_object('person_id', r.person_id, 'read_at', r.read_at) ORDER BY r.read_at, r.person_id),
                    '[]'
                )
                FROM (
                    SELECT r.person_id, lyceum.moment(min(r.read_at)) AS read_at
                    FROM thread_receipts r
                    WHERE r.school_id = m.school_id AND r.thread_id = m.thread_id AND r.sequence >= m.sequence
                        AND r.person_id <> m.author_id
                    GROUP BY r.person_id
                ) r
            ) END AS receipts,
            m.version
        """
    private static let joined = """
        JOIN users a ON a.school_id = m.school_id AND a.id = m.author_id
        LEFT JOIN thread_participants p ON p.school_id = m.school_id AND p.thread_id = m.thread_id AND p.person_id = $2::uuid
        """
    /// The messages of the thread that are shown to the person (A4).
    private static let shown = """
        FROM messages m
        CROSS JOIN (SELECT lyceum.shown_days($1, $3::uuid, $2::uuid) AS days OFFSET 0) d
        \(joined)
        WHERE m.school_id = $1 AND m.thread_id = $3::uuid AND lyceum.is_shown(d.days, m.written_at)
        """

    private static let gate = Statement(
        """
        SELECT t.id FROM threads t
        WHERE t.school_id = $1 AND t.id = $3::uuid AND lyceum.shown_days($1, t.id, $2::uuid) IS NOT NULL
        """)

    private static let ofThread = Statement(
        """
        SELECT \(columns)
        \(shown) AND ($4::int IS NULL OR m.number < $4::int)
        ORDER BY m.number DESC
        LIMIT $5::int
        """)
    private static let total = Statement(
        """
        SELECT CASE WHEN $4::boolean THEN (SELECT count(*) \(shown)) END AS total
        """)

    private static let matches = """
        FROM lyceum.found_messages($3) f (id)
        JOIN messages m ON m.school_id = $1 AND m.id = f.id
        JOIN threads t ON t.school_id = $1 AND t.id = m.thread_id
        JOIN thread_participants p ON p.school_id = $1 AND p.thread_id = m.thread_id AND p.person_id = $2::uuid
        WHERE p.left_at IS NULL
        """

    /// OFFSET 0: `lyceum.thread_days` is asked for the messages of a page and not for all.
    private static let found = Statement(
        """
        SELECT m.id, m.thread_id, m.subject, m.number, \(SharedSQL.person("a", as: "author")), m.text, m.written_at,
            m._written
        FROM (
            SELECT m.*
            FROM (
                SELECT m.id, m.thread_id, m.number, m.author_id, m.text, m.written_at, t.subject, t.student_id, p.capacity,
                    lyceum.microseconds(m.written_at) AS _written
                \(matches)
                    AND (
                        $4::bigint IS NULL
                        OR (m.written_at, m.id) < (lyceum.from_microseconds($4::bigint), $5::uuid)
                    )
                ORDER BY m.written_at DESC, m.id DESC
                OFFSET 0
            ) m
            CROSS JOIN LATERAL (SELECT lyceum.thread_days($1, $2::uuid, m.capacity, m.student_id) AS days OFFSET 0) d
            WHERE lyceum.is_shown(d.days, m.written_at)
            LIMIT $6::int
        ) m
        JOIN users a ON a.school_id = $1 AND a.id = m.author_id
        ORDER BY m.written_at DESC, m.id DESC
        """)
    private static let foundTotal = Statement(
        """
        SELECT CASE WHEN $4::boolean THEN (
            SELECT count(*)
            \(matches) AND lyceum.is_shown(lyceum.thread_days($1, $2::uuid, p.capacity, t.student_id), m.written_at)
        ) END AS total
        """)

    private static let one = Statement(
        """
        SELECT \(columns)
        FROM messages m
        \(joined)
        WHERE m.school_id = $1 AND m.id = $3::uuid
            AND lyceum.is_shown(lyceum.shown_days($1, m.thread_id, $2::uuid), m.written_at)
        """)

    private static let insert = Statement(
        "INSERT INTO messages (school_id, id, thread_id, number, sequence, text) VALUES ($1, $2::uuid, $3::uuid, 0, 0, $4)"
    )

    private static let lock = Statement(
        """
        SELECT m.version,
            CASE WHEN $4::int[] IS NULL OR m.version = ANY ($4::int[]) THEN \(Setting.changed.set(to: "m.id")) END AS _changed
        FROM messages m
        WHERE m.school_id = $1 AND m.id = $3::uuid
            AND lyceum.is_shown(lyceum.participant_days($1, m.thread_id, $2::uuid), m.written_at)
        FOR NO KEY UPDATE
        """)
    private static let change = Statement(
        "UPDATE messages SET text = $2 WHERE school_id = $1 AND id = \(Setting.changed.value)")

    private static let reported = Statement(
        """
        SELECT m.id FROM messages m
        WHERE m.school_id = $1 AND m.id = $3::uuid AND lyceum.reads_report($1, m.thread_id, $2::uuid)
        """)
    private static let earlier = Statement(
        """
        SELECT v.version, v.text, v.replaced_at
        FROM message_versions v
        WHERE v.school_id = $1 AND v.message_id = $3::uuid AND $2::uuid IS NOT NULL
        ORDER BY v.version
        """)

    /// `$1` is the message, `$2` what is read of it.
    private static let recording = Statement(
        """
        SELECT lyceum.record_thread_reading(m.thread_id, $2)
        FROM messages m WHERE m.school_id = lyceum.current_school() AND m.id = $1::uuid
        """)
}
