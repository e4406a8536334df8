import Diary
import HTTP1
import JSON
import Postgres
import Web

/// The position of a stream of events: a snapshot, as in `ChangeCursor`, and inside a delta the last notification that
/// was sent. It is the `id` of each event and opaque to clients. See docs/decisions/0064.
struct EventCursor: Equatable {
    /// The last notification that was sent of a transaction that is not visible in the snapshot.
    struct Last: Equatable {
        let transaction: Int
        let id: String
    }

    let epoch: String
    let snapshot: ChangeSnapshot
    let last: Last?

    init(epoch: String, snapshot: ChangeSnapshot, last: Last? = nil) {
        self.epoch = epoch
        self.snapshot = snapshot
        self.last = last
    }

    init(_ cursor: ChangeCursor) { self.init(epoch: cursor.epoch, snapshot: cursor.snapshot) }

    /// The position behind one notification of a delta that begins here. A delta begins with the rest of the transaction of
    /// `last`. The other transactions follow in the order of their numbers, and the notifications of each in that of
    /// their ids.
    func moved(behind place: Last, towards end: ChangeCursor) -> EventCursor {
        guard let last else {
            let snapshot = snapshot.extended(to: end.snapshot, below: place.transaction)
            return EventCursor(epoch: epoch, snapshot: snapshot, last: place)
        }
        if place.transaction == last.transaction { return EventCursor(epoch: epoch, snapshot: snapshot, last: place) }
        return EventCursor(epoch: epoch, snapshot: snapshot.adding(last.transaction)).moved(behind: place, towards: end)
    }

    // MARK: As text

    var text: String {
        ChangeCursor.text(epoch, snapshot, last.map { [String($0.transaction), $0.id] } ?? [])
    }

    /// Accepts what `text` returns, and the cursors of feeds that are not in the middle of a delta.
    init?(_ text: String) {
        guard let (epoch, snapshot, more) = ChangeCursor.parts(text) else { return nil }
        switch more.count {
        case 0: self.init(epoch: epoch, snapshot: snapshot)
        case 2:
            guard let transaction = ChangeSnapshot.number(more[0]), let id = FieldParsing.canonicalUUID(more[1]) else {
                return nil
            }
            self.init(epoch: epoch, snapshot: snapshot, last: Last(transaction: transaction, id: id))
        default: return nil
        }
    }

    /// `Last-Event-ID`, which a client repeats when it connects again, or `since`. The field is the newer one: a client
    /// connects again with the address that it had at first.
    static func requested(_ request: Request, _ query: inout QueryReader) throws(Problem) -> EventCursor? {
        let since = query.text("since")
        let field = request.head["Last-Event-ID"].flatMap { $0.isEmpty ? nil : $0 }
        guard let text = field ?? since else { return nil }
        if let cursor = EventCursor(text) { return cursor }
        let detail = Text(ru: "Курсор неверен; начните без него.", en: "The cursor is not valid; begin without one.")
        let pointer = field == nil ? "/query/since" : "/headers/Last-Event-ID"
        throw Problem(.invalidParameter, items: [.init(pointer: pointer, code: "invalid_cursor", detail: detail)])
    }

    // MARK: Order

    /// How many transactions a delta may span. PostgreSQL reads the notifications of all schools in it: a tenth of a second
    /// at most.
    static let longestDelta = 100_000

    func isTooOld(at now: ChangeCursor) -> Bool { now.snapshot.end - snapshot.end > Self.longestDelta }

    /// Whether nothing remains to be read up to the other position.
    func isReached(by timeline: ChangeSnapshot) -> Bool { last == nil && timeline.includes(snapshot) }
}
