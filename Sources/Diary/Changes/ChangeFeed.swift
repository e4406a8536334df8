import HTTP1
import JSON
import Postgres
import Web

/// Answers a feed: the changes since a cursor that concern a reader, in pages.
///
/// Each item describes the row as the reader sees it now; a row that the reader does not see (any more) is `deleted`.
/// So the last item about a row is correct, even if a change comes twice or changes come in another order.
package struct ChangeFeed: Sendable {
    private let entities: [String: ChangedEntity]
    private let isOfFamily: Bool
    private let statement: Statement

    static let largestPage = 500

    /// - Parameters:
    ///   - circles: SQL that returns the reader's circles as rows (circle, id), for entities of which the reader does
    ///     not see all rows of the school; `$1` is the school, `$2` the person.
    ///   - isOfFamily: whether the feed shows what the family of a student sees, whoever reads it.
    package init(_ entities: [ChangedEntity], circles: String, isOfFamily: Bool = false) {
        self.entities = Dictionary(uniqueKeysWithValues: entities.map { ($0.name, $0) })
        self.isOfFamily = isOfFamily
        statement = Self.statement(circles)
    }

    /// - Parameter gate: queries that have to return a row, else the answer is a 404. The circles and the rows may rely
    ///   on the settings that they make.
    package func answer(_ request: Request, _ caller: Caller, behind gate: [Query] = []) async throws -> Response {
        var query = try QueryReader(request)
        let since = try ChangeCursor(&query, "since", pages: true)
        let limit = query.integer("limit", in: 1...Self.largestPage) ?? 100
        let withData = query.option("include", of: ["data"]) != nil
        try query.finish()
        let now = ChangeCursor.now(since)
        let delta = since.map { changes(since: $0, limit, caller) }
        let results = try await open(gate + [now] + [delta].compactMap { $0 }, behind: gate, caller)
        if try results[now].boolean(0, "_expired") { throw Problem(.cursorExpired) }
        let page = try Page(delta.map { try results[$0] }, limit)
        return .json(
            try await write(
                page, withData, cursor: page.cursor(after: since, now: ChangeCursor(results[now])), caller, gate))
    }

    private func open(_ queries: [Query], behind gate: [Query], _ caller: Caller) async throws -> Results {
        let results = try await caller.results(of: queries)
        for query in gate where try results[query].isEmpty { throw Problem(.notFound) }
        return results
    }

    // MARK: Rows of the log

    /// All changes of one row on a page, combined.
    fileprivate struct Item {
        let entity: String
        let id: String
        var isMade: Bool
        var operation: String
        var changedAt: String
    }

    fileprivate struct Page {
        private(set) var items: [Item] = []
        /// The last change of the page, if there are more.
        private var last: (transaction: Int, number: Int, ordinal: Int)?

        var hasMore: Bool { last != nil }

        init(_ rows: Rows?, _ limit: Int) throws {
            guard let rows else { return }
            var places: [String: Int] = [:]
            for row in 0..<min(rows.count, limit) {
                let operation = rows.text(row, "operation")!
                var item = Item(
                    entity: rows.text(row, "entity")!, id: rows.text(row, "id")!, isMade: operation == "made",
                    operation: operation, changedAt: rows.text(row, "changed_at")!)
                let key = "\(item.entity) \(item.id)"
                if let place = places[key] {
                    item.isMade = item.isMade || items[place].isMade
                    items[place] = item
                } else {
                    places[key] = items.count
                    items.append(item)
                }
            }
            if rows.count > limit {
                let row = limit - 1
                last = (
                    rows.integer(row, "transaction")!, rows.integer(row, "number")!, rows.integer(row, "ordinal")!
                )
            }
        }

        /// A delta ends at the snapshot of its first page.
        func cursor(after since: ChangeCursor?, now: ChangeCursor) -> ChangeCursor {
            guard let since else { return now }
            let end = since.end(now)
            guard let last else { return ChangeCursor(epoch: since.epoch, snapshot: end) }
            return ChangeCursor(
                epoch: since.epoch, snapshot: since.snapshot,
                place: .init(
                    end: end, transaction: last.transaction, number: last.number, ordinal: last.ordinal))
        }
    }

    private func changes(since: ChangeCursor, _ limit: Int, _ caller: Caller) -> Query {
        var whole: [String] = []
        var inCircles: [String] = []
        for entity in entities.values {
            if isOfFamily {
                inCircles += entity.familyCircles.map { "\($0) \(entity.name)" }
            } else if entity.isReadWhole(by: caller) {
                whole.append(entity.name)
            } else if entity.isReadInCircles(by: caller) {
                inCircles += entity.circles.map { "\($0) \(entity.name)" }
            }
        }
        return changes(
            caller.school.id, caller.person, since: since, until: since.place?.end, limit, whole: whole,
            inCircles: inCircles)
    }

    /// - Parameters:
    ///   - end: the snapshot at which the delta ends; nil: that of the transaction.
    ///   - whole: the entities of which the reader gets the rows of the whole school.
    ///   - inCircles: circles and entities of which the reader gets the rows of the own circles.
    fileprivate func changes(
        _ school: Int, _ person: Parameter, since: ChangeCursor, until end: ChangeSnapshot?, _ limit: Int,
        whole: [String], inCircles: [String] = []
    ) -> Query {
        let place = since.place
        return statement(
            .integer(school), person, since.since, .text(end?.sql), .text(place.map { String($0.transaction) }),
            .integer(place?.number), .integer(place?.ordinal), .integer(limit + 1), .texts(whole), .texts(inCircles))
    }

    /// Each branch and circle returns at most as many rows as fill a page: a row of the log has at least one id. One
    /// more is needed because the row in which the last page ended may have no ids left.
    private static func statement(_ circles: String) -> Statement {
        let new = """
            x.xid >= coalesce($5::text::xid8, pg_snapshot_xmin($3::pg_snapshot))
                AND \(ChangeCursor.isNew("x", since: "$3"))
                AND ($4::text IS NULL OR pg_visible_in_snapshot(x.xid, $4::text::pg_snapshot))
                AND ($5::text IS NULL OR (x.xid, x.number) >= ($5::text::xid8, $6::bigint))
            """
        let columns = "x.xid, x.number, x.entity, x.operation, x.changed_at, x.ids"
        return Statement(
            """
            WITH circles AS MATERIALIZED (
                SELECT DISTINCT c.circle, c.id FROM (\(circles)) c (circle, id) WHERE cardinality($10::text[]) > 0
            ),
            found AS (
                (
                    SELECT \(columns)
                    FROM changes x
                    WHERE x.school_id = $1 AND x.is_home AND x.entity = ANY ($9::text[])
                        AND x.operation NOT IN ('hidden', 'concealed') AND \(new)
                    ORDER BY x.xid, x.number
                    LIMIT $8::int + 1
                )
                UNION ALL
                SELECT \(columns)
                FROM circles c
                CROSS JOIN LATERAL (
                    SELECT \(columns)
                    FROM changes x
                    WHERE x.school_id = $1 AND x.circle_id = c.id AND x.circle = c.circle
                        AND x.circle || ' ' || x.entity = ANY ($10::text[]) AND x.operation <> 'concealed' AND \(new)
                    ORDER BY x.xid, x.number
                    LIMIT $8::int + 1
                ) x
            )
            SELECT x.xid::text AS transaction, x.number, i.ordinal, x.entity, i.id, x.operation,
                \(SharedSQL.moment("x.changed_at")) AS changed_at
            FROM found x
            CROSS JOIN LATERAL unnest(x.ids) WITH ORDINALITY i (id, ordinal)
            WHERE $5::text IS NULL OR (x.xid, x.number, i.ordinal) > ($5::text::xid8, $6::bigint, $7::bigint)
            ORDER BY x.xid, x.number, i.ordinal
            LIMIT $8::int
            """)
    }

    // MARK: The rows themselves

    /// The rows of the items that the caller sees now, by entity.
    private struct Seen {
        var rows: [String: Rows] = [:]
        var places: [String: [String: Int]] = [:]
    }

    /// Runs one query for each entity on the page, unless the caller sees all rows of the entity and wants no data. The
    /// rows are read a moment after the log; what changes in between comes again with the next delta.
    private func seen(_ page: Page, _ withData: Bool, _ caller: Caller, _ gate: [Query]) async throws -> Seen {
        var ids: [String: [String]] = [:]
        for item in page.items { ids[item.entity, default: []].append(item.id) }
        var queries: [(entity: String, query: Query)] = []
        for (name, ids) in ids.sorted(by: { $0.key < $1.key }) {
            let entity = entities[name]!
            guard withData || isOfFamily || !entity.isReadWhole(by: caller) else { continue }
            let rows = isOfFamily ? entity.familyRows! : entity.rows
            queries.append((name, rows(caller, .texts(ids))))
        }
        var seen = Seen()
        guard !queries.isEmpty else { return seen }
        let results = try await open(gate + queries.map { $0.query }, behind: gate, caller)
        for (entity, query) in queries {
            let rows = try results[query]
            seen.rows[entity] = rows
            var places: [String: Int] = [:]
            for row in 0..<rows.count { places[rows.text(row, "id")!] = row }
            seen.places[entity] = places
        }
        return seen
    }

    private func write(
        _ page: Page, _ withData: Bool, cursor: ChangeCursor, _ caller: Caller, _ gate: [Query]
    ) async throws -> JSONWriter {
        let seen = try await seen(page, withData, caller, gate)
        var writer = JSONWriter(reservingCapacity: 256 + page.items.count * (withData ? 400 : 150))
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        for item in page.items {
            let rows = seen.rows[item.entity]
            let row = seen.places[item.entity]?[item.id]
            guard let operation = Self.operation(of: item, isSeen: rows.map { _ in row != nil }) else { continue }
            writer.beginObject()
            Self.write(item, operation, to: &writer)
            if withData, let rows, let row {
                writer.key("data")
                writer.object(rows, row: row)
            }
            writer.endObject()
        }
        writer.endArray()
        Self.writeEnd(page, cursor, to: &writer)
        writer.endObject()
        return writer
    }

    fileprivate static func write(_ item: Item, _ operation: String, to writer: inout JSONWriter) {
        writer.key("entity")
        writer.string(item.entity)
        writer.key("id")
        writer.string(item.id)
        writer.key("operation")
        writer.string(operation)
        writer.key("changed_at")
        writer.string(item.changedAt)
    }

    fileprivate static func writeEnd(_ page: Page, _ cursor: ChangeCursor, to writer: inout JSONWriter) {
        writer.key("cursor")
        writer.string(cursor.text)
        writer.key("has_more")
        writer.boolean(page.hasMore)
    }

    /// - Parameter isSeen: nil if it was not queried, because the caller sees all such rows of the school.
    /// - Returns: nil for a row that was made since the cursor and that the caller has never seen.
    fileprivate static func operation(of item: Item, isSeen: Bool?) -> String? {
        switch isSeen {
        case true?: item.isMade ? "made" : "changed"
        case false?: item.isMade && item.operation != "deleted" && item.operation != "hidden" ? nil : "deleted"
        case nil: item.operation == "changed" && item.isMade ? "made" : item.operation
        }
    }
}

// MARK: Without a request

extension ChangeCursor {
    /// The snapshot at which the delta since this cursor ends.
    fileprivate func end(_ now: ChangeCursor) -> ChangeSnapshot { place?.end ?? now.snapshot }
}

/// What an integration gets without a request of its own. It reads whole schools, so its items need no look at the rows.
extension ChangeFeed {
    /// The entities that an integration with these scopes gets, by name.
    package func entities(for scopes: Set<ProgramScope>) -> [String] {
        entities.values.filter { $0.isRead(with: scopes) }.map { $0.name }.sorted()
    }

    /// A page of changes of the whole school.
    package struct Delta {
        /// Returns the rows for `page`.
        package let query: Query
        private let since: ChangeCursor
        private let now: ChangeCursor
        private let limit: Int

        /// - Parameters:
        ///   - now: the cursor of now, from `ChangeCursor.now`. Later changes are left for the next delta, also when they
        ///     commit before the query runs.
        ///   - limit: the maximum number of changes.
        package init(
            of feed: ChangeFeed, _ school: Int, _ entities: [String], since: ChangeCursor, now: ChangeCursor, limit: Int
        ) {
            query = feed.changes(school, .null, since: since, until: since.end(now), limit, whole: entities)
            self.since = since
            self.now = now
            self.limit = limit
        }

        package func page(of rows: Rows) throws -> DeltaPage {
            let page = try Page(rows, limit)
            return DeltaPage(page: page, cursor: page.cursor(after: since, now: now))
        }
    }

    package struct DeltaPage {
        fileprivate let page: Page
        /// Behind the page.
        package let cursor: ChangeCursor

        package var isEmpty: Bool { page.items.isEmpty }

        /// Writes `items`, `cursor` and `has_more`, as the feed answers them, into the open object.
        package func write(to writer: inout JSONWriter) {
            writer.key("items")
            writer.beginArray()
            for item in page.items {
                guard let operation = ChangeFeed.operation(of: item, isSeen: nil) else { continue }
                writer.beginObject()
                ChangeFeed.write(item, operation, to: &writer)
                writer.endObject()
            }
            writer.endArray()
            ChangeFeed.writeEnd(page, cursor, to: &writer)
        }
    }
}
