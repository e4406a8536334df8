import Crypto
import Postgres
import Web

/// A position in the log of changes: a snapshot. Changes that are not visible in the snapshot are new, however late
/// they commit. Opaque to clients. See docs/decisions/0043.
package struct ChangeCursor: Equatable, Sendable {
    /// The history of the database that the cursor belongs to, see `lyceum.change_epoch`.
    package let epoch: String
    package let snapshot: ChangeSnapshot
    /// Set while the client reads a delta of several pages.
    let place: Place?

    struct Place: Equatable, Sendable {
        /// The snapshot at which the delta ends.
        let end: ChangeSnapshot
        // The last change that was returned: its transaction, the number of the log's row, and the position of the id
        // in that row.
        let transaction: Int
        let number: Int
        let ordinal: Int
    }

    init(epoch: String, snapshot: ChangeSnapshot, place: Place? = nil) {
        self.epoch = epoch
        self.snapshot = snapshot
        self.place = place
    }

    /// Nil if the parameter is missing or malformed.
    ///
    /// - Parameter pages: whether the cursor may have a `place`.
    /// - Throws: `cursor_expired` for the former kind of cursor, `x` and a number.
    package init?(_ query: inout QueryReader, _ name: String, pages: Bool) throws {
        guard let text = query.text(name) else { return nil }
        if text.first == "x", ChangeSnapshot.number(text.dropFirst()) != nil { throw Problem(.cursorExpired) }
        guard let cursor = ChangeCursor(text), pages || cursor.place == nil else {
            query.add(
                name, "invalid_cursor",
                Text(ru: "Курсор неверен; прочтите всё с начала.", en: "The cursor is not valid; read from the start."))
            return nil
        }
        self = cursor
    }

    // MARK: As text

    /// The version of the text format; the first part of every cursor.
    private static let form = "1"

    package var text: String {
        let place = place.map { [$0.end.short, String($0.transaction), String($0.number), String($0.ordinal)] }
        return Self.text(epoch, snapshot, place ?? [])
    }

    /// - Parameter more: what a kind of cursor adds; without dots.
    package static func text(_ epoch: String, _ snapshot: ChangeSnapshot, _ more: [String]) -> String {
        Base64.url.encode(Array(([form, epoch, snapshot.short] + more).joined(separator: ".").utf8))
    }

    /// What `text` was made of; nil for anything else.
    package static func parts(_ text: String) -> (epoch: String, snapshot: ChangeSnapshot, more: [String])? {
        guard text.utf8.count <= 16384, let bytes = Base64.url.decode(text),
            let decoded = String(validating: bytes, as: UTF8.self)
        else { return nil }
        let parts = decoded.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count >= 3, parts[0] == form, isEpoch(parts[1]), let snapshot = ChangeSnapshot(short: parts[2])
        else {
            return nil
        }
        return (parts[1], snapshot, Array(parts[3...]))
    }

    /// Accepts only what `text` returns.
    package init?(_ text: String) {
        guard let (epoch, snapshot, more) = Self.parts(text), more.count == 0 || more.count == 4 else { return nil }
        self.epoch = epoch
        self.snapshot = snapshot
        guard more.count == 4 else {
            place = nil
            return
        }
        guard let end = ChangeSnapshot(short: more[0]), let transaction = ChangeSnapshot.number(more[1]),
            let number = ChangeSnapshot.number(more[2]), let ordinal = ChangeSnapshot.number(more[3])
        else { return nil }
        place = Place(end: end, transaction: transaction, number: number, ordinal: ordinal)
    }

    private static func isEpoch(_ text: String) -> Bool {
        text.utf8.count == 8 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    // MARK: SQL

    /// Returns the cursor of now, and whether `since` has expired.
    package static func now(_ since: ChangeCursor?) -> Query {
        now(.text(since?.epoch), .text(since?.snapshot.sql), .text(since?.place?.end.sql))
    }

    /// The same for a cursor of another kind.
    package static func now(epoch: String?, snapshot: ChangeSnapshot?) -> Query {
        now(.text(epoch), .text(snapshot?.sql), .null)
    }

    /// `$1` is the epoch of a cursor, `$2` its snapshot, `$3` the snapshot at which its delta ends.
    private static let now = Statement(
        """
        SELECT lyceum.change_epoch() AS _epoch, lyceum.change_horizon()::text AS _snapshot,
            coalesce(lyceum.has_expired($1, $2::pg_snapshot), false)
                OR coalesce(lyceum.has_expired($1, $3::pg_snapshot), false) AS _expired
        """)

    /// An SQL condition: a row of the log is new since a snapshot. The bound on `xid` excludes partitions; the function
    /// decides exactly.
    ///
    /// - Parameters:
    ///   - row: the alias of the table `changes`.
    ///   - snapshot: SQL of the snapshot.
    package static func isNew(_ row: String, since snapshot: String) -> String {
        """
        \(row).xid >= pg_snapshot_xmin(\(snapshot)::pg_snapshot)
            AND NOT pg_visible_in_snapshot(\(row).xid, \(snapshot)::pg_snapshot)
        """
    }

    /// The snapshot, as a parameter.
    package var since: Parameter { .text(snapshot.sql) }

    /// - Parameter horizon: the text of `lyceum.change_horizon()`.
    package init(epoch: String, horizon: String) { self.init(epoch: epoch, snapshot: ChangeSnapshot(sql: horizon)!) }

    /// The cursor that `now` returned.
    package init(_ now: Rows) {
        self.init(epoch: now.text(0, "_epoch")!, snapshot: ChangeSnapshot(sql: now.text(0, "_snapshot")!)!)
    }
}

/// A `pg_snapshot`: transactions below `first` have ended, those from `end` on have not begun, and of those in between,
/// `running` have not ended.
package struct ChangeSnapshot: Equatable, Sendable {
    let first: Int
    package let end: Int
    let running: [Int]

    /// - Parameter running: in ascending order, below `end`.
    init(end: Int, running: [Int]) {
        first = running.first ?? end
        self.end = end
        self.running = running
    }

    private init?(_ first: Int?, _ end: Int?, _ running: [Int?]) {
        // PostgreSQL refuses numbers whose lower 32 bits are zero.
        guard let first, let end, first <= end, first > 0, first & 0xFFFF_FFFF != 0, end & 0xFFFF_FFFF != 0 else {
            return nil
        }
        var last = first - 1
        for number in running {
            guard let number, number > last, number < end else { return nil }
            last = number
        }
        self.first = first
        self.end = end
        self.running = running.compactMap { $0 }
    }

    /// PostgreSQL's format: `xmin:xmax:xip,…`.
    init?(sql: String) {
        guard let (first, end, running) = Self.parts(sql) else { return nil }
        self.init(first, end, running)
    }

    package var sql: String { "\(first):\(end):\(running.map { String($0) }.joined(separator: ","))" }

    /// The same format with differences instead of numbers, so that hundreds of running transactions fit into a URL.
    init?(short: String) {
        guard let (first, length, gaps) = Self.parts(short) else { return nil }
        var running: [Int?] = []
        var last = first
        for gap in gaps {
            last = Self.sum(last, gap)
            running.append(last)
        }
        self.init(first, Self.sum(first, length), running)
    }

    var short: String {
        let gaps = zip([first] + running, running).map { String($1 - $0) }
        return "\(first):\(end - first):\(gaps.joined(separator: ","))"
    }

    private static func parts(_ text: String) -> (Int?, Int?, [Int?])? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        let list = parts[2].isEmpty ? [] : parts[2].split(separator: ",", omittingEmptySubsequences: false)
        return (number(parts[0]), number(parts[1]), list.map { number($0) })
    }

    private static func sum(_ a: Int?, _ b: Int?) -> Int? {
        guard let a, let b else { return nil }
        let (sum, isTooLarge) = a.addingReportingOverflow(b)
        return isTooLarge ? nil : sum
    }

    package static func number(_ text: some StringProtocol) -> Int? {
        guard let number = Int(text), number >= 0, String(number) == text else { return nil }
        return number
    }
}
