import Crypto
import Diary
import HTTP1
import JSON
import Postgres
import Transfer
import Web

/// The devices of a person that want pushes (RFC 8030, docs/decisions/0063). A subscription ends with the session that
/// made it.
package enum PushSubscriptions {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/push/key", "getPushKey", access: .signedIn, showKey),
        .get("/v1/me/push-subscriptions", "listMyPushSubscriptions", access: .signedIn, list),
        .post("/v1/me/push-subscriptions", "createMyPushSubscription", access: .signedIn, create),
        .delete(
            "/v1/me/push-subscriptions/{push_subscription_id}", "deleteMyPushSubscription", access: .signedIn, delete),
    ]

    /// The `applicationServerKey` of the Push API.
    @Sendable static func showKey(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        guard let vapid = caller.services.channels.vapid else { throw Problem(.pushNotConfigured) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("public_key")
        writer.string(vapid.publicKey)
        writer.endObject()
        return .tagged(writer)
    }

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.identifier])
        try query.finish()
        let person: [Parameter] = [
            .integer(caller.school.id), .text(caller.user), caller.onlySession, .text(caller.session),
        ]
        return try await ListAnswer(request, caller, page).read(
            Query(statement: subscriptions, parameters: person + [.text(page.after?[0]), .integer(page.limit + 1)]),
            key: ["id"],
            total: Query(statement: total, parameters: Array(person.prefix(3)) + [.boolean(page.wantsTotal)]))
    }

    /// A device that subscribes again has the same row again. There is no Idempotency-Key: the endpoint is the key.
    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        guard caller.services.channels.vapid != nil else { throw Problem(.pushNotConfigured) }
        let body = try NewSubscription(try await request.json())
        if let fault = caller.services.channels.transfer.fault(in: body.endpoint) {
            let problems = FieldProblems()
            problems.add(FieldProblem(JSONPointer("endpoint"), fault.rawValue))
            throw Problem(problems)!
        }
        let school = Parameter.integer(caller.school.id)
        let write = insert(
            school, .text(caller.services.newID()), .text(caller.user), .text(caller.session),
            .text(body.endpoint), .bytes(body.key), .bytes(body.auth), .text(request.userAgent),
            .integer(body.expirationTime))
        let made = one(school, .text(caller.user), .text(body.endpoint), .text(caller.session))
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(of: [write, made])
        try results.check()
        return .json(.object(try results[made]), status: try results[write].boolean(0, "is_new") ? .created : .ok)
    }

    @Sendable static func delete(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let gone = try await caller.services.lanes.write(
            caller.scope,
            [
                remove(
                    .integer(caller.school.id), .text(caller.user), caller.onlySession,
                    .text(try request.identifier("push_subscription_id")))
            ])[0]
        guard gone.affected == 1 else { throw Problem(.notFound) }
        return .empty
    }

    // MARK: SQL. `$1` is the school, `$2` the person.

    private static let own = """
        s.school_id = $1 AND s.person_id = $2::uuid AND ($3::uuid IS NULL OR s.session_id = $3::uuid)
        """
    /// The endpoint is a secret of the device, so only its origin is shown.
    private static func columns(session: String) -> String {
        """
        s.id, substring(s.endpoint FROM '^https?://[^/?#]+') AS service, s.user_agent,
            s.session_id = \(session) AS current,
            CASE WHEN s.failing_since IS NULL THEN 'active' ELSE 'failing' END AS state, s.created_at, s.expires_at
        """
    }
    private static let subscriptions = Statement(
        """
        SELECT \(columns(session: "$4::uuid"))
        FROM push_subscriptions s
        WHERE \(own) AND ($5::uuid IS NULL OR s.id < $5::uuid)
        ORDER BY s.id DESC
        LIMIT $6::int
        """)
    private static let total = Statement(
        "SELECT CASE WHEN $4::boolean THEN (SELECT count(*) FROM push_subscriptions s WHERE \(own)) END AS total")
    private static let one = Statement(
        """
        SELECT \(columns(session: "$4::uuid")) FROM push_subscriptions s
        WHERE s.school_id = $1 AND s.person_id = $2::uuid AND s.endpoint = $3
        """)

    /// Another person who signs in on the device takes the endpoint over: it shows what its present user may see.
    private static let insert = Statement(
        """
        INSERT INTO push_subscriptions AS s (
            school_id, id, person_id, session_id, endpoint, p256dh, auth, user_agent, expires_at
        ) VALUES ($1, $2::uuid, $3::uuid, $4::uuid, $5, $6::bytea, $7::bytea, $8, to_timestamp($9::bigint / 1000.0))
        ON CONFLICT (school_id, endpoint) DO UPDATE
        SET id = CASE WHEN s.person_id = excluded.person_id THEN s.id ELSE excluded.id END,
            created_at = CASE WHEN s.person_id = excluded.person_id THEN s.created_at ELSE now() END,
            person_id = excluded.person_id, session_id = excluded.session_id, p256dh = excluded.p256dh,
            auth = excluded.auth, user_agent = excluded.user_agent, expires_at = excluded.expires_at,
            failing_since = NULL
        RETURNING s.id = $2::uuid AS is_new
        """)

    private static let remove = Statement(
        "DELETE FROM push_subscriptions s WHERE \(own) AND s.id = $4::uuid")
}

/// The body, in the form in which browsers give a subscription (`PushSubscription.toJSON`), with our names.
private struct NewSubscription {
    let endpoint: String
    let key: [UInt8]
    let auth: [UInt8]
    /// Milliseconds since 1970.
    let expirationTime: Int?

    init(_ body: JSONValue) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        endpoint = reader.string("endpoint", minimumLength: 10, maximumLength: 1000).value ?? ""
        let key = reader.string("p256dh", maximumLength: 200).value
        self.key = key.flatMap { Self.decoded($0) } ?? []
        if key != nil, (try? P256.PublicKey(self.key)) == nil {
            problems.add(FieldProblem(JSONPointer("p256dh"), "not_a_key"))
        }
        let auth = reader.string("auth", maximumLength: 200).value
        self.auth = auth.flatMap { Self.decoded($0) } ?? []
        if auth != nil, self.auth.count != WebPushMessage.authCount {
            problems.add(FieldProblem(JSONPointer("auth"), "not_a_key"))
        }
        expirationTime = reader.integer("expiration_time", .nullable, in: 0...253_402_300_799_000).value
        reader.finish()
        if let problem = Problem(problems) { throw problem }
    }

    /// Some libraries pad base64url.
    private static func decoded(_ text: String) -> [UInt8]? {
        var text = text[...]
        while text.last == "=" { text = text.dropLast() }
        return Base64.url.decode(String(text))
    }
}

extension Caller {
    /// An app sees and ends only what its own session made; the school's own app sees all of the person (A6).
    fileprivate var onlySession: Parameter { client == nil ? .null : .text(session) }
}
