import Diary
import Postgres
import Reactor
import Web

/// A guess at a password or a code (A6): counted before it is looked at, and taken back when it was right.
///
/// Counting and recording is one write under a lock of the address, so that guesses which come at once do not get past the
/// limit together. Whether the login exists makes no difference.
struct SignInAttempt {
    private let services: Services
    private let scope: Scope
    /// Nil at a school that does not exist, where nothing is recorded.
    private let id: String?

    /// Records the attempt, and runs `queries` in the same segment.
    ///
    /// - Parameter subject: what `login` is, `.login` or `.code`.
    /// - Throws: `too_many_attempts`, and then nothing else may be looked at.
    static func begin(
        _ services: Services, _ scope: Scope, _ subject: Lockout = .login, login: String, address: String,
        _ queries: [Query] = []
    ) async throws -> (attempt: SignInAttempt, rows: [Rows]) {
        let school = Parameter.integer(scope.school)
        let rows = try await services.lanes.write(
            scope,
            [
                lock(school, .text(address)), record(school, .text(login), .text(address)),
            ] + queries)
        if let seconds = rows[1].integer(0, "address_locked") { throw Lockout.address.problem(seconds: seconds) }
        if let seconds = rows[1].integer(0, "login_locked") { throw subject.problem(seconds: seconds) }
        let attempt = SignInAttempt(services: services, scope: scope, id: rows[1].text(0, "id"))
        return (attempt, Array(rows.dropFirst(2)))
    }

    /// Hashes on the threads for it. What found no place there was no guess.
    func hash<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        do {
            return try await services.signIn.passwords.run(work)
        } catch let error as Offload.Full {
            try await takeBack()
            throw error
        }
    }

    /// For the write that follows from the right guess.
    var success: Query { Self.remove(.integer(scope.school), .text(id)) }

    func takeBack() async throws { _ = try await services.lanes.write(scope, [success]) }

    private static let lock = Statement("SELECT pg_advisory_xact_lock(hashtextextended('sign-in ' || $2, $1))")

    /// For how long an attempt counts.
    static let window = "interval '15 minutes'"

    /// How many seconds from now a moment is out of the window.
    static func secondsLeft(_ moment: String) -> String {
        "ceil(extract(epoch FROM \(moment) + \(window) - now()))::int"
    }

    /// A limit that has struck has the seconds until it opens, the other none.
    private static let record = Statement(
        """
        WITH judged AS (
            SELECT s.id AS school_id,
                CASE WHEN f.of_address >= coalesce(t.lockout_per_address, 300)
                    THEN \(secondsLeft("f.first_of_address")) END AS address_locked,
                CASE WHEN f.of_login >= coalesce(t.lockout_per_login, 5)
                    THEN \(secondsLeft("f.first_of_login")) END AS login_locked
            FROM schools s
            LEFT JOIN school_settings t ON t.school_id = s.id
            CROSS JOIN LATERAL (
                SELECT count(*) AS of_address, min(f.failed_at) AS first_of_address,
                    count(*) FILTER (WHERE f.login = lower(left($2, 200))) AS of_login,
                    min(f.failed_at) FILTER (WHERE f.login = lower(left($2, 200))) AS first_of_login
                FROM sign_in_failures f
                WHERE f.school_id = s.id AND f.address = $3::inet AND f.failed_at > now() - \(window)
            ) f
            WHERE s.id = $1
        ), recorded AS (
            INSERT INTO sign_in_failures (school_id, login, address)
            SELECT j.school_id, lower(left($2, 200)), $3::inet FROM judged j
            WHERE j.address_locked IS NULL AND j.login_locked IS NULL
            RETURNING id
        )
        SELECT (SELECT j.address_locked FROM judged j) AS address_locked,
            (SELECT j.login_locked FROM judged j) AS login_locked, (SELECT r.id FROM recorded r) AS id
        """)

    private static let remove = Statement("DELETE FROM sign_in_failures WHERE school_id = $1 AND id = $2::bigint")
}
