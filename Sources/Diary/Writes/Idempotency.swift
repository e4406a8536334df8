import Crypto
import HTTP1
import JSON
import Postgres
import Web

/// Where a write's queries run: alone as one segment, or inside the transaction that also keeps the answer.
package enum Work {
    case segment(Lanes, Scope)
    case transaction(Transaction)

    package var isTransaction: Bool { if case .transaction = self { true } else { false } }

    /// What makes deferred constraints speak while the answer can still say so. A segment needs nothing: there they speak at
    /// its Sync, which its answer waits for, and PostgreSQL would log a warning of each SET CONSTRAINTS.
    package var settling: [Query] { isTransaction ? [Idempotency.settle()] : [] }

    /// Runs the queries as one transaction, or a part of one; a refusal rolls all of them back.
    package func attempt(_ queries: [Query]) async throws -> Outcome {
        switch self {
        case .segment(let lanes, let scope): try await lanes.attempt(scope, queries)
        case .transaction(let transaction): try await transaction.attempt(queries)
        }
    }
}

/// `Idempotency-Key`: the same key with the same request within 24 hours gets the first answer again.
///
/// The write and its kept answer are one transaction, so whatever is lost on the way, a repeat finds the truth. An advisory
/// lock that is tried, not waited for, tells a request that is still running.
package enum Idempotency {
    /// For how long an answer is kept.
    static let lifetime = "interval '24 hours'"

    /// - Parameters:
    ///   - scope: the caller's, when left out.
    ///   - hash: of the request, where its content was taken in pieces; see `hash(_:_:)`.
    ///   - keeper: for rows that the caller may cease to see: what answers the row of the kept answer's `id` to who may still
    ///     write it. When that is nothing, the answer is not given again.
    package static func run(
        _ request: Request, _ caller: Caller, scope: Scope? = nil, hash known: [UInt8]? = nil,
        keeper: ((String) -> Query)? = nil,
        _ body: (Work) async throws -> Response
    ) async throws -> Response {
        let scope = scope ?? caller.scope
        guard let key = try key(of: request) else {
            return try await body(.segment(caller.services.lanes, scope))
        }
        let hash: [UInt8]
        if let known { hash = known } else { hash = try Self.hash(line(of: request), try await request.body()) }
        let identity: [Parameter] = [.integer(caller.school.id), .text(caller.owner), .text(key)]
        return try await caller.services.lanes.transaction(scope) { transaction in
            let rows = try await transaction.run([
                Query(statement: lock, parameters: identity), Query(statement: find, parameters: identity),
            ])
            guard rows[0].boolean(0, "locked") else {
                throw Problem(.idempotencyInProgress, headers: [("Retry-After", "1")])
            }
            if !rows[1].isEmpty {
                let response = try replay(rows[1], hash)
                if let keeper, let id = response.identifier, try await transaction.run([keeper(id)])[0].isEmpty {
                    throw Problem(.notFound)
                }
                return response
            }
            _ = try await transaction.run([savepoint()])
            let response: Response
            do {
                response = try await body(.transaction(transaction))
            } catch {
                // What the request did wrong is its answer too; what the server could not do is tried again.
                guard let problem = (error as? Problem) ?? DatabaseProblems.problem(for: error),
                    problem.kind.status.code < 500
                else { throw error }
                response = problem.response(to: request)
                _ = try await transaction.run([rollbackToSavepoint()])
            }
            precondition(!response.isStreamed, "an answer that is kept is bytes")
            _ = try await transaction.run([
                settle(),
                Query(
                    statement: keep,
                    parameters: identity + [
                        .bytes(hash), .integer(response.status.code), .text(headers(of: response)),
                        .bytes(response.body),
                    ]),
            ])
            return response
        }
    }

    private static func key(of request: Request) throws -> String? {
        guard let key = request.head["Idempotency-Key"] else { return nil }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Problem(
                .invalidParameter,
                items: [
                    .init(
                        pointer: "/header/Idempotency-Key", code: "invalid_key",
                        detail: Text(
                            ru: "От 1 до 255 печатных символов ASCII без пробелов.",
                            en: "1 to 255 printable ASCII characters without spaces."))
                ])
        }
        return key
    }

    /// What of a request belongs to its hash besides its content.
    package static func line(of request: Request) -> String {
        "\(request.head.method.rawValue) \(request.head.path)?\(request.head.query ?? "")\n"
    }

    /// What makes two requests the same.
    package static func hash(_ line: String, _ content: [UInt8]) throws -> [UInt8] {
        try SHA256.hash(Array(line.utf8) + content)
    }

    private static func replay(_ rows: Rows, _ hash: [UInt8]) throws -> Response {
        guard rows.bytes(0, "request_hash") == hash else { throw Problem(.idempotencyKeyReused) }
        var response = Response(
            Status(code: rows.integer(0, "status") ?? 200), body: rows.bytes(0, "body") ?? [])
        if let text = rows.text(0, "headers"), case .object(let members)? = try? JSONValue(parsing: Array(text.utf8)) {
            for (name, value) in members {
                guard let value = value.text else { continue }
                switch name {
                case "Content-Type": response.contentType = value
                case "ETag":
                    if case .tags(let tags)? = EntityTagList(value) { response.entityTag = tags.first }
                default:
                    response.headers.append((name, value))
                }
            }
        }
        response.headers.append(("Idempotency-Replayed", "true"))
        return response
    }

    private static func headers(of response: Response) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        if let type = response.contentType {
            writer.key("Content-Type")
            writer.string(type)
        }
        if let tag = response.entityTag {
            writer.key("ETag")
            writer.string(tag.text)
        }
        for (name, value) in response.headers {
            writer.key(name)
            writer.string(value)
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static let lock = Statement(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('idempotency ' || $2 || ' ' || $3, $1)) AS locked")
    private static let find = Statement(
        """
        SELECT request_hash, status, headers, body FROM idempotency_keys
        WHERE school_id = $1 AND owner = $2 AND key = $3 AND created_at > now() - \(lifetime)
        """)
    private static let savepoint = Statement("SAVEPOINT request")
    private static let rollbackToSavepoint = Statement("ROLLBACK TO SAVEPOINT request")
    /// Deferred constraints speak here, while the answer can still change, and not at the commit.
    package static let settle = Statement("SET CONSTRAINTS ALL IMMEDIATE")
    private static let keep = Statement(
        """
        INSERT INTO idempotency_keys (school_id, owner, key, request_hash, status, headers, body)
        VALUES ($1, $2, $3, $4::bytea, $5::int, $6::jsonb, $7::bytea)
        ON CONFLICT (school_id, owner, key) DO UPDATE
        SET request_hash = excluded.request_hash, status = excluded.status, headers = excluded.headers,
            body = excluded.body, created_at = now()
        """)
}

extension Response {
    /// The `id` of a row that was made or changed.
    fileprivate var identifier: String? {
        guard status.code < 300, case .string(let id)? = (try? JSONValue(parsing: body))?["id"] else { return nil }
        return id
    }
}
