import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Unlocks of a section: for lessons of certain dates, its teachers may write after the edit window, until the unlock
/// expires (M4). Heads and deputy heads grant them. Who reads the journal of the section reads its unlocks.
///
/// An unlock does not change. It can be revoked, and then stays on record: marks may have been written under it.
package enum Unlocks {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/sections/{section_id}/unlocks", "listUnlocks", access: readers, list),
        .post("/v1/sections/{section_id}/unlocks", "createUnlock", access: .headsOfSchool, create),
        .get("/v1/sections/{section_id}/unlocks/{unlock_id}", "getUnlock", access: readers, show),
        .delete("/v1/sections/{section_id}/unlocks/{unlock_id}", "revokeUnlock", access: .headsOfSchool, revoke),
    ]

    private static let readers = Access.readersOfJournals.programs(.journalRead)

    static let changed = ChangedEntity(
        "unlocks", access: readers, circles: ["section"],
        rows: { caller, ids in
            some(.integer(caller.school.id), ids, .boolean(caller.readsAll), caller.person)
        })

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.identifier])
        try query.finish()
        let section = Self.section(caller, try request.identifier("section_id"))
        return try await ListAnswer(request, caller, page).read(
            behind: Query(statement: gate, parameters: section),
            Query(statement: unlocks, parameters: section + [.text(page.after?[0]), .integer(page.limit + 1)]),
            key: ["id"], total: Query(statement: total, parameters: section + [.boolean(page.wantsTotal)]))
    }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let unlock = unlock(caller, try request.identifier("section_id"), try request.identifier("unlock_id"))
        return try await Answer {
            Gate(unlock)
            Fields(unlock)
        }.tagged(for: caller)
    }

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let section = try request.identifier("section_id")
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let days = ["starts_on", "ends_on", "expires_on"].map { reader.date($0).value }
        let reason = reader.isMissing("reason") ? nil : reader.reason()
        if reader.isMissing("reason") { reader.add("reason", .required) }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let id = caller.services.newID()
        let grant = grant(
            .integer(caller.school.id), .text(id), .text(section), .text(days[0]), .text(days[1]), .text(days[2]),
            .text(reason))
        let unlock = unlock(caller, section, id)
        return try await Idempotency.run(request, caller) { work in
            let results = try await work.results(of: [grant, unlock] + work.settling)
            try results.check(refusals)
            let rows = try results[unlock]
            guard !rows.isEmpty else { throw Problem(.notFound) }
            return Response.tagged(.object(rows)).created(at: "\(request.head.path)/\(id)", request, caller)
        }
    }

    /// Revoking again changes nothing.
    @Sendable static func revoke(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let (section, id) = (try request.identifier("section_id"), try request.identifier("unlock_id"))
        let results = try await caller.services.lanes.write(
            caller.scope, [unlock(caller, section, id), close(.integer(caller.school.id), .text(section), .text(id))])
        guard !results[0].isEmpty else { throw Problem(.notFound) }
        return .empty
    }

    private static let refusals = [
        "unlocks_dates": Refusal.endsBeforeStart,
        "unlocks_expires_on": Refusal(
            field: "expires_on", code: "in_the_past", ru: "Этот день уже прошёл.", en: "The day has already passed."),
        "unlocks_in_year": Refusal(
            field: "starts_on", code: "outside_year", ru: "Даты вне учебного года журнала.",
            en: "The dates are outside the academic year of the section."),
    ]

    // MARK: SQL. `$1` is the school, `$2` the section, `$3` whether the reader reads all, `$4` the reader.

    private static func section(_ caller: Caller, _ id: String) -> [Parameter] {
        [.integer(caller.school.id), .text(id), .boolean(caller.readsAll), caller.person]
    }

    private static func unlock(_ caller: Caller, _ section: String, _ id: String) -> Query {
        Query(statement: one, parameters: Self.section(caller, section) + [.text(id)])
    }

    private static let gate = Statement(
        """
        SELECT s.id FROM sections s
        WHERE s.school_id = $1 AND s.id = $2::uuid AND \(JournalChanges.readers(of: "s.id"))
        """)

    private static let ofSection = """
        FROM unlocks x
        WHERE x.school_id = $1 AND x.section_id = $2::uuid AND \(JournalChanges.readers(of: "x.section_id"))
        """

    private static func select(_ rows: String) -> String {
        """
        SELECT x.id, x.section_id, x.starts_on, x.ends_on, x.expires_on, x.reason,
            \(SharedSQL.person("g", as: "granted_by")), x.granted_at,
            \(SharedSQL.person("r", as: "revoked_by?")), x.revoked_at
        FROM (\(rows)) x
        JOIN users g ON g.school_id = x.school_id AND g.id = x.granted_by
        LEFT JOIN users r ON r.school_id = x.school_id AND r.id = x.revoked_by
        """
    }

    /// The newest first: version 7 ids sort by time.
    private static let unlocks = Statement(
        select("SELECT x.* \(ofSection) AND ($5::uuid IS NULL OR x.id < $5::uuid) ORDER BY x.id DESC LIMIT $6::int")
            + " ORDER BY x.id DESC")
    private static let total = Statement(
        "SELECT CASE WHEN $5::boolean THEN (SELECT count(*) \(ofSection)) END AS total")
    private static let one = Statement(select("SELECT x.* \(ofSection) AND x.id = $5::uuid"))
    private static let some = Statement(
        select(
            """
            SELECT x.* FROM unlocks x
            WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[]) AND \(JournalChanges.readers(of: "x.section_id"))
            """))

    /// The trigger sets who grants it.
    private static let grant = Statement(
        """
        INSERT INTO unlocks (school_id, id, section_id, starts_on, ends_on, expires_on, reason)
        SELECT s.school_id, $2::uuid, s.id, $4::date, $5::date, $6::date, $7
        FROM sections s
        WHERE s.school_id = $1 AND s.id = $3::uuid
        """)

    private static let close = Statement(
        """
        UPDATE unlocks SET revoked_at = now()
        WHERE school_id = $1 AND section_id = $2::uuid AND id = $3::uuid AND revoked_at IS NULL
        """)
}
