import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Announcements (C2): from heads, deputy heads and administrators to anybody, from class teachers to their class, from
/// teachers to the groups of their sections. Whom one reaches is decided when it is read. One is withdrawn, not deleted.
package enum Announcements {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/announcements", "listAnnouncements", access: .signedIn, list),
        .post("/v1/announcements", "createAnnouncement", access: .staff, create),
        .get("/v1/announcements/{announcement_id}", "getAnnouncement", access: .signedIn, show),
        .patch("/v1/announcements/{announcement_id}", "updateAnnouncement", access: .staff, update),
    ]

    /// Which announcements a list shows.
    private enum View: String, CaseIterable {
        /// Those that reach the caller now.
        case shown
        /// Those that reach the caller, but have ended.
        case past
        /// At any time, whomever they reach: the caller's own, those to families of the caller's class, to managers all.
        case kept

        var condition: String {
            switch self {
            case .shown: "\(reaches) AND lyceum.is_running(a.starts_at, a.ends_at)"
            case .past: "\(reaches) AND NOT lyceum.is_running(a.starts_at, a.ends_at)"
            case .kept: isKept
            }
        }

        /// Pinned ones come first only among those that are shown; an index sorts the others.
        var pinned: String { self == .shown ? "a.is_pinned::int" : "0" }
        var order: String { (self == .shown ? "a.is_pinned DESC, " : "") + "a.starts_at DESC, a.id DESC" }
        var after: String {
            let moment = "lyceum.from_microseconds($5::bigint)"
            return self == .shown
                ? "(a.is_pinned::int, a.starts_at, a.id) < ($4::int, \(moment), $6::uuid)"
                : "(a.starts_at, a.id) < (\(moment), $6::uuid)"
        }
    }

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let view = query.option("view", of: View.allCases.map { $0.rawValue }).flatMap { View(rawValue: $0) } ?? .shown
        let page = Page(&query, keys: [.integer, .largeInteger, .identifier])
        try query.finish()
        let statements = lists[view]!
        let reader = reader(caller)
        return try await ListAnswer(request, caller, page).read(
            Query(
                statement: statements.page,
                parameters: reader + [
                    .text(page.after?[0]), .text(page.after?[1]), .text(page.after?[2]), .integer(page.limit + 1),
                ]),
            without: ["order_pinned", "order_start"], key: ["order_pinned", "order_start", "id"],
            total: Query(statement: statements.total, parameters: reader + [.boolean(page.wantsTotal)]))
    }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let row = one(caller, try request.identifier("announcement_id"))
        return try answer(try await caller.results(of: [row])[row])
    }

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let body = try AnnouncementBody(try await request.json(), isNew: true)
        let id = caller.services.newID()
        let insert = insert(
            .integer(caller.school.id), .text(id), .text(body.title), .text(body.text),
            .texts(body.audience?.addresses ?? []), .boolean(body.isPinned), .boolean(body.asksAcknowledgement),
            .text(body.startsAt), .text(body.endsAt.value))
        let row = one(caller, id)
        return try await Idempotency.run(request, caller, keeper: { one(caller, $0) }) { work in
            let results = try await work.results(of: [insert, row] + work.settling)
            try body.check(results)
            return try answer(try results[row]).created(at: "/v1/announcements/\(id)", request, caller)
        }
    }

    @Sendable static func update(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let id = try request.identifier("announcement_id")
        let body = try AnnouncementBody(try await request.json(), isNew: false)
        let school = Parameter.integer(caller.school.id)
        let lock = lock(school, caller.person, .text(id), versions.parameter)
        let change = change(
            school, .text(body.title), .text(body.text), body.audience.map { .texts($0.addresses) } ?? .null,
            .boolean(body.isPinned), .boolean(body.asksAcknowledgement), .text(body.startsAt),
            .boolean(!body.endsAt.isAbsent), .text(body.endsAt.value), .boolean(body.isWithdrawn))
        let row = one(caller, id)
        return try await Idempotency.run(request, caller, keeper: { one(caller, $0) }) { work in
            let results = try await work.results(of: [lock, change, row] + work.settling)
            try body.check(results)
            try versions.check(results[lock])
            return try answer(try results[row])
        }
    }

    /// The receipts and the state change without a new version.
    private static func answer(_ rows: Rows) throws -> Response { try .record(rows, changesAlone: true) }

    // MARK: SQL. `$1` is the school, `$2` the reader, `$3` whether the reader sees the audience.

    /// Families do not see whom else an announcement is for: a group may be that of one student (A1).
    private static func reader(_ caller: Caller) -> [Parameter] {
        [.integer(caller.school.id), caller.person, .boolean(!caller.isFamilyOnly)]
    }
    private static func one(_ caller: Caller, _ id: String) -> Query {
        Query(statement: one, parameters: reader(caller) + [.text(id)])
    }

    /// The announcement reaches the reader, has begun, and was not withdrawn.
    private static let reaches = "r.members IS NOT NULL AND a.withdrawn_at IS NULL AND a.starts_at <= now()"

    /// The reader sees the announcement at any time.
    private static let isKept = "(k.manages OR a.author_id = $2::uuid OR a.audience && k.led)"

    private static let reading = """
        WITH mine AS MATERIALIZED (SELECT d.address, d.student_id FROM lyceum.addresses($1, $2::uuid) d),
        keeper AS MATERIALIZED (
            SELECT lyceum.has_role('administrator', 'head', 'deputy_head') AS manages,
                lyceum.led_addresses($1, $2::uuid) AS led
        )
        """
    private static let reach = """
        CROSS JOIN keeper k
        CROSS JOIN LATERAL (
            SELECT array_agg(DISTINCT split_part(m.address, '/', 1)) AS members,
                array_agg(DISTINCT m.student_id) FILTER (WHERE m.student_id IS NOT NULL) AS students
            FROM mine m
            WHERE m.address = ANY (a.audience)
        ) r
        """
    private static let state = """
        CASE WHEN a.withdrawn_at IS NOT NULL THEN 'withdrawn' WHEN a.starts_at > now() THEN 'planned'
            WHEN lyceum.is_running(a.starts_at, a.ends_at) THEN 'shown' ELSE 'ended' END
        """

    private static func select(_ rows: String, withOrder: Bool = false) -> String {
        """
        SELECT a.id, a.title, a.text, \(SharedSQL.person("u", as: "author")),
            CASE WHEN $3::boolean THEN lyceum.audience($1, a.audience) END AS audience,
            a.is_pinned, a.asks_acknowledgement, a.starts_at, a.ends_at, a.withdrawn_at, \(state) AS state,
            coalesce(to_json(a.members), '[]') AS reached_as, coalesce(to_json(a.students), '[]') AS student_ids,
            c.read_at, c.acknowledged_at, a.text_version, a.created_at, a.version
            \(withOrder ? ", a.order_pinned, a.order_start" : "")
        FROM (\(rows)) a
        JOIN users u ON u.school_id = $1 AND u.id = a.author_id
        LEFT JOIN LATERAL (
            SELECT t.read_at, t.acknowledged_at
            FROM announcement_receipts t
            WHERE t.school_id = $1 AND t.announcement_id = a.id AND t.person_id = $2::uuid
                AND t.text_version = a.text_version
        ) c ON true
        """
    }

    private static let lists = Dictionary(
        uniqueKeysWithValues: View.allCases.map { view in
            let wanted = "FROM announcements a \(reach) WHERE a.school_id = $1 AND \(view.condition)"
            let rows = """
                SELECT a.*, r.members, r.students, \(view.pinned) AS order_pinned,
                    lyceum.microseconds(a.starts_at) AS order_start
                \(wanted) AND ($4::int IS NULL OR \(view.after))
                ORDER BY \(view.order) LIMIT $7::int
                """
            let page = Statement("\(reading) \(select(rows, withOrder: true)) ORDER BY \(view.order)")
            let total = Statement(
                """
                \(reading)
                SELECT CASE WHEN $4::boolean AND $3::boolean IS NOT NULL THEN (SELECT count(*) \(wanted)) END AS total
                """)
            return (view, (page: page, total: total))
        })

    private static let one = Statement(
        """
        \(reading)
        \(select(
            """
            SELECT a.*, r.members, r.students
            FROM announcements a
            \(reach)
            WHERE a.school_id = $1 AND a.id = $4::uuid AND (\(reaches) OR \(isKept))
            """))
        """)

    // MARK: The feeds

    /// Of the author, and of those whom it reaches (A1).
    static let changed = ChangedEntity(
        "announcements", access: .signedIn, circles: ["person", "address"],
        rows: { caller, ids in Query(statement: some, parameters: reader(caller) + [ids]) },
        familyCircles: ["address"],
        familyRows: { caller, ids in Query(statement: someOfStudent, parameters: reader(caller) + [ids]) })

    private static func some(_ condition: String) -> Statement {
        Statement(
            """
            \(reading)
            \(select(
                """
                SELECT a.*, r.members, r.students
                FROM announcements a
                \(reach)
                WHERE a.school_id = $1 AND a.id = ANY ($4::uuid[]) AND (\(reaches)\(condition) OR \(isKept))
                """))
            """)
    }
    private static let some = some("")
    /// What reaches the reader through this student.
    private static let someOfStudent = some(" AND \(StudentGate.student) = ANY (r.students)")

    // MARK: Writing

    private static let insert = Statement(
        """
        INSERT INTO announcements
            (school_id, id, title, text, audience, is_pinned, asks_acknowledgement, starts_at, ends_at)
        VALUES ($1, $2::uuid, $3, $4, $5::text[], coalesce($6::boolean, false), coalesce($7::boolean, false),
            coalesce($8::timestamptz, now()), $9::timestamptz)
        """)

    /// Staff who see the announcement; the database knows who may change it.
    private static let lock = Statement(
        """
        \(reading)
        SELECT a.version,
            CASE WHEN $4::int[] IS NULL OR a.version = ANY ($4::int[]) THEN \(Setting.changed.set(to: "a.id")) END AS _changed
        FROM announcements a
        \(reach)
        WHERE a.school_id = $1 AND a.id = $3::uuid AND (\(reaches) OR \(isKept))
        FOR NO KEY UPDATE OF a
        """)
    private static let change = Statement(
        """
        UPDATE announcements
        SET title = coalesce($2, title), text = coalesce($3, text), audience = coalesce($4::text[], audience),
            is_pinned = coalesce($5::boolean, is_pinned),
            asks_acknowledgement = coalesce($6::boolean, asks_acknowledgement),
            starts_at = coalesce($7::timestamptz, starts_at),
            ends_at = CASE WHEN $8::boolean THEN $9::timestamptz ELSE ends_at END,
            withdrawn_at = CASE WHEN $10::boolean THEN now() ELSE withdrawn_at END
        WHERE school_id = $1 AND id = \(Setting.changed.value)
        """)
}
