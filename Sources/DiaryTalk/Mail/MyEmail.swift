import Diary
import HTTP1
import JSON
import Postgres
import Web

/// The address to which a person wants mail, confirmed by a code that is sent there (docs/decisions/0062).
package enum MyEmail {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/me/email", "getMyEmail", access: .signedIn.ownApps, show),
        .put("/v1/me/email", "putMyEmail", access: .signedIn.ownApps, change),
        .delete("/v1/me/email", "deleteMyEmail", access: .signedIn.ownApps, delete),
        .put("/v1/me/email/confirmation", "confirmMyEmail", access: .signedIn.ownApps, confirm),
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        return .json(.object(try await caller.read(current(caller.ownAddress))[0]))
    }

    /// Mails a code to the address. Until it is confirmed, mail goes to the address before, if there is one.
    @Sendable static func change(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        guard caller.services.channels.mail != nil else { throw Problem(.mailNotConfigured) }
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let address = reader.string("address", minimumLength: 3, maximumLength: 254).value
        if let address, !MailAddress.isValid(address) {
            problems.add(FieldProblem(JSONPointer("address"), "not_an_email"))
        }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let ask = Query(
            statement: ask, parameters: caller.ownAddress + [.text(caller.services.newID()), .text(address)])
        let state = current(caller.ownAddress)
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(of: [ask, state])
        try results.check()
        return .json(.object(try results[state]), status: .accepted)
    }

    @Sendable static func confirm(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let code = reader.string("code", minimumLength: 1, maximumLength: 20).value ?? ""
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        // The attempt is counted before the code is compared, so that many at once are no more than many in turn.
        let tried = try await caller.services.lanes.write(
            caller.scope, [Query(statement: tryCode, parameters: caller.ownAddress)])[0]
        guard let id = tried.isEmpty ? nil : tried.text(0, "id"),
            try caller.services.channels.secrets.isCode(code, of: id)
        else { throw Problem(.wrongEmailCode) }
        let state = current(caller.ownAddress)
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(
            of: [Query(statement: use, parameters: caller.ownAddress + [.text(id)]), state])
        try results.check()
        return .json(.object(try results[state]))
    }

    @Sendable static func delete(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        _ = try await caller.services.lanes.write(
            caller.scope,
            [
                Query(statement: void, parameters: caller.ownAddress),
                Query(statement: remove, parameters: caller.ownAddress),
            ])
        return .empty
    }

    // MARK: SQL. `$1` is the school, `$2` the person.

    private static func current(_ person: [Parameter]) -> Query { Query(statement: state, parameters: person) }

    /// The code that the person may still use: the newest one.
    private static let waiting = """
        (
            SELECT c.* FROM email_codes c
            WHERE c.school_id = $1 AND c.person_id = $2::uuid
            ORDER BY c.created_at DESC, c.id DESC
            LIMIT 1
        )
        """
    private static let isValid = "c.used_at IS NULL AND c.tries < 5 AND c.created_at > now() - interval '30 minutes'"

    private static let state = Statement(
        """
        SELECT a.address, a.confirmed_at,
            CASE WHEN a.address IS NULL THEN 'none' WHEN a.failing_since IS NULL THEN 'active' ELSE 'failing' END
                AS state,
            c.address AS unconfirmed_address, c.created_at + interval '30 minutes' AS code_expires_at
        FROM (VALUES (1)) one (n)
        LEFT JOIN email_addresses a ON a.school_id = $1 AND a.person_id = $2::uuid
        LEFT JOIN \(waiting) c ON \(isValid)
        """)

    private static let ask = Statement("SELECT lyceum.ask_email_code($1, $2::uuid, $3::uuid, $4)")

    private static let tryCode = Statement(
        """
        UPDATE email_codes u SET tries = u.tries + 1
        FROM \(waiting) c
        WHERE u.school_id = $1 AND u.id = c.id AND \(isValid) AND u.tries < 5 AND u.used_at IS NULL
        RETURNING u.id
        """)

    private static let use = Statement(
        """
        WITH code AS (
            UPDATE email_codes c SET used_at = now()
            WHERE c.school_id = $1 AND c.person_id = $2::uuid AND c.id = $3::uuid AND c.used_at IS NULL
            RETURNING c.id, c.address
        )
        INSERT INTO email_addresses AS a (school_id, person_id, id, address)
        SELECT $1, $2::uuid, c.id, c.address FROM code c
        ON CONFLICT (school_id, person_id) DO UPDATE
        SET id = excluded.id, address = excluded.address, confirmed_at = now(), failing_since = NULL
        """)

    /// The rows stay, because they are counted.
    private static let void = Statement(
        "UPDATE email_codes SET used_at = now() WHERE school_id = $1 AND person_id = $2::uuid AND used_at IS NULL")
    private static let remove = Statement("DELETE FROM email_addresses WHERE school_id = $1 AND person_id = $2::uuid")
}

extension Caller {
    fileprivate var ownAddress: [Parameter] { [.integer(school.id), .text(user)] }
}
