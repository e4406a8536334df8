import Postgres
import Reactor

/// The loop's access to the table `pending`, for all schools at once.
struct PendingPieces {
    let lanes: Lanes
    let work: [String: BackgroundWork]

    /// No school has this number. The policy of `pending`, and of no other table, lets this scope read the rows of all
    /// schools.
    private static let scope = Scope(school: -1)
    /// Seconds between the deadline of an attempt and the end of its lease: so long a segment waits after its timeout.
    private static let margin = 5

    /// Adds the recurring pieces of new schools and of new kinds of work. The first run is due at a random time within
    /// the period, so that a thousand schools are not cleaned in the same minute.
    func plan() async throws {
        var names: [String] = []
        var rhythms: [Int] = []
        for case (let name, .every(let seconds)) in work.map({ ($0.key, $0.value.rhythm) }) {
            names.append(name)
            rhythms.append(seconds)
        }
        _ = try await lanes.transaction(Self.scope) { transaction in
            try await transaction.run([Self.plan(.texts(names), .integers(rhythms))])
        }
    }

    /// Lets functions of the database add the pieces of all schools that have something new.
    func wake(_ statement: Statement) async throws {
        _ = try await lanes.transaction(Self.scope) { transaction in try await transaction.run([statement()]) }
    }

    /// How many pieces may be taken.
    struct Turn {
        let count: Int
        /// And of each kind.
        let kinds: [(name: String, count: Int)]
        /// The running pieces for each target, and how many there may be for one.
        let targets: [Int: Int]
        let perTarget: Int
    }

    /// Takes pieces that are due, with a lease that allows to end them: the urgent ones, then those that have been due for
    /// longest.
    func take(_ turn: Turn) async throws -> [Piece] {
        let kinds = turn.kinds.filter { $0.count > 0 }
        guard turn.count > 0, !kinds.isEmpty else { return [] }
        let targets = Array(turn.targets)
        let now = Clock.now
        let rows = try await lanes.transaction(Self.scope) { transaction in
            try await transaction.run([
                Self.take(
                    .texts(kinds.map { $0.name }), .integers(kinds.map { work[$0.name]!.deadline + Self.margin }),
                    .integers(kinds.map { $0.count }), .integer(turn.count),
                    .integers(targets.filter { $0.value >= turn.perTarget }.map { $0.key }),
                    .integers(targets.map { $0.key }), .integers(targets.map { $0.value }), .integer(turn.perTarget))
            ])[0]
        }
        return (0..<rows.count).map { row in
            let kind = rows.text(row, "kind")!
            return Piece(
                school: rows.integer(row, "school_id")!, timeZone: rows.text(row, "time_zone")!, kind: kind,
                target: rows.integer(row, "target"), id: rows.text(row, "id")!, lease: rows.text(row, "lease")!,
                attempt: rows.integer(row, "attempts")!,
                end: now + .seconds(Double(work[kind]!.deadline)))
        }
    }

    /// Records a failure and when the piece may be taken again. A piece that is given up waits for its next regular run
    /// if it recurs, else for an operator.
    func fail(_ piece: Piece, _ code: String, isGivenUp: Bool) async throws {
        let seconds: Double
        var isParked = false
        switch (isGivenUp, work[piece.kind]!.rhythm) {
        case (false, _): seconds = Self.backOff(after: piece.attempt)
        case (true, .every(let rhythm)): seconds = Double(rhythm)
        case (true, .onDemand):
            seconds = 0
            isParked = true
        }
        _ = try await lanes.transaction(Self.scope) { transaction in
            try await transaction.run([
                Self.fail(
                    .integer(piece.school), .text(piece.kind), .text(piece.id), .text(piece.lease), .text(code),
                    .integer(Int(seconds * 1000)), .boolean(isParked), .boolean(isGivenUp && !isParked))
            ])
        }
    }

    /// Starts at ten seconds and doubles with each attempt, up to an hour. A random reduction keeps pieces that failed
    /// together from being retried together.
    static func backOff(after attempt: Int) -> Double {
        min(10 * Double(1 << min(max(attempt - 1, 0), 20)), 3600) * .random(in: 0.5...1)
    }

    /// The pieces in the table that are late or failed, of all processes.
    struct Backlog: Sendable {
        /// The delay of the piece that has been due for longest, in seconds.
        var lag = 0.0
        var failing: [String: Int] = [:]
        var parked: [String: Int] = [:]
    }

    func backlog() async throws -> Backlog {
        let rows = try await lanes.transaction(Self.scope) { transaction in
            try await transaction.run([Self.oldest(.texts(work.keys.sorted())), Self.failures()])
        }
        var backlog = Backlog()
        backlog.lag = rows[0].text(0, "late").flatMap { Double($0) } ?? 0
        for row in 0..<rows[1].count {
            let kind = rows[1].text(row, "kind")!
            guard work[kind] != nil else { continue }
            backlog.failing[kind] = rows[1].integer(row, "failing")
            backlog.parked[kind] = rows[1].integer(row, "parked")
        }
        return backlog
    }

    private static let plan = Statement(
        """
        INSERT INTO pending (school_id, kind, due_at)
        SELECT s.id, k.kind, now() + random() * k.seconds * interval '1 second'
        FROM schools s
        CROSS JOIN unnest($1::text[], $2::int[]) AS k (kind, seconds)
        WHERE NOT EXISTS (
            SELECT FROM pending p
            WHERE p.school_id = s.id AND p.kind = k.kind AND p.id = '00000000-0000-0000-0000-000000000000'
        )
        ON CONFLICT DO NOTHING
        """)

    /// `$1`, `$2`, `$3` are the kinds, with the seconds of their leases and how many pieces may be taken; `$4` is how many
    /// in all; `$5` are the targets without room; `$6` and `$7` the running pieces of each target; `$8` how many a
    /// target may have.
    ///
    /// The candidates are the first pieces of each kind for targets that still have room. If there are others behind them,
    /// the next query finds them, because these targets are full then. Rows that another process is taking are skipped, so
    /// only as many are locked as can be taken.
    private static let take = Statement(
        """
        WITH candidates AS MATERIALIZED (
            SELECT p.school_id, p.kind, p.id, p.target, p.is_urgent, p.due_at, k.seconds, k.room,
                coalesce(r.count, 0) AS running
            FROM unnest($1::text[], $2::int[], $3::int[]) AS k (kind, seconds, room)
            CROSS JOIN (VALUES (true), (false)) u (is_urgent)
            CROSS JOIN LATERAL (
                SELECT p.* FROM pending p
                WHERE p.kind = k.kind AND p.is_urgent = u.is_urgent AND p.due_at <= now() AND p.parked_at IS NULL
                    AND coalesce(p.target <> ALL ($5::int[]), true)
                ORDER BY p.due_at
                LIMIT 64
            ) p
            LEFT JOIN unnest($6::int[], $7::int[]) AS r (target, count) ON r.target = p.target
        ), locked AS MATERIALIZED (
            SELECT t.seconds, t.room, t.running, p.*
            FROM (SELECT DISTINCT c.kind, c.target, c.seconds, c.room, c.running FROM candidates c) t
            CROSS JOIN LATERAL (
                SELECT p.school_id, p.kind, p.id, p.target, p.is_urgent, c.due_at
                FROM candidates c
                JOIN pending p ON p.school_id = c.school_id AND p.kind = c.kind AND p.id = c.id
                WHERE c.kind = t.kind AND c.target IS NOT DISTINCT FROM t.target
                    AND p.due_at <= now() AND p.parked_at IS NULL
                ORDER BY c.is_urgent DESC, c.due_at
                LIMIT CASE WHEN t.target IS NULL THEN t.room ELSE least(t.room, $8::int - t.running) END
                FOR UPDATE OF p SKIP LOCKED
            ) p
        ), of_targets AS (
            SELECT l.*, l.target IS NULL
                OR row_number() OVER (PARTITION BY l.target ORDER BY l.is_urgent DESC, l.due_at) + l.running <= $8::int
                AS has_room
            FROM locked l
        ), of_kinds AS (
            SELECT o.*, row_number() OVER (PARTITION BY o.kind ORDER BY o.is_urgent DESC, o.due_at) <= o.room AS is_next
            FROM of_targets o
            WHERE o.has_room
        ), due AS MATERIALIZED (
            SELECT o.school_id, o.kind, o.id, o.seconds
            FROM of_kinds o
            WHERE o.is_next
            ORDER BY o.is_urgent DESC, o.due_at
            LIMIT $4::int
        )
        UPDATE pending p
        SET lease = gen_random_uuid(), due_at = clock_timestamp() + d.seconds * interval '1 second',
            attempts = p.attempts + 1
        FROM due d
        JOIN schools s ON s.id = d.school_id
        WHERE p.school_id = d.school_id AND p.kind = d.kind AND p.id = d.id
        RETURNING p.school_id, s.time_zone, p.kind, p.target, p.id, p.lease, p.attempts
        """)

    private static let fail = Statement(
        """
        UPDATE pending
        SET lease = NULL, failure = $5, due_at = clock_timestamp() + $6::int * interval '1 millisecond',
            parked_at = CASE WHEN $7::boolean THEN now() END, attempts = CASE WHEN $8::boolean THEN 0 ELSE attempts END
        WHERE school_id = $1 AND kind = $2 AND id = $3::uuid AND lease = $4::uuid
        """)

    private static let oldest = Statement(
        """
        SELECT extract(epoch FROM now() - p.due_at) AS late
        FROM pending p
        WHERE p.due_at <= now() AND p.parked_at IS NULL AND p.kind = ANY ($1::text[])
        ORDER BY p.due_at
        LIMIT 1
        """)

    private static let failures = Statement(
        """
        SELECT p.kind, count(*) FILTER (WHERE p.parked_at IS NULL) AS failing,
            count(*) FILTER (WHERE p.parked_at IS NOT NULL) AS parked
        FROM pending p
        WHERE p.failure IS NOT NULL
        GROUP BY p.kind
        """)
}
