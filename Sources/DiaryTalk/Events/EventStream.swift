import Diary
import JSON
import Postgres
import Reactor
import Web

/// One person's open stream of events, on its core.
///
/// Usually it has no position of its own: it is where its core is on the timeline of the process, and nothing happens in
/// it until `EventStreams` has events for it. While it reads by itself, is sent a delta or lags behind, it has a
/// position.
final class EventStream: ContentStream {
    let caller: Caller
    private unowned let streams: EventStreams
    private let wake = Suspension()
    /// What is to be sent next.
    private var output: [UInt8] = []
    private var isOpen = false
    private var isEnding = false
    /// Seconds after which the stream ends, if the client wants that.
    private let wait: Int?
    private var end: Deadline?
    private var since: EventCursor?

    /// Up to where events were sent; nil on the timeline.
    var position: EventCursor?
    /// There may be something new behind `position`.
    var isBehind = false
    /// Reading failed; the next turn of `EventStreams` tries again.
    private var isPaused = false
    private var isReading = false
    /// `EventStreams` reads for it.
    var isBeingTold = false
    /// The turn of `EventStreams` in which it gets its heartbeat.
    var turn = 0

    /// The most events of one answer of the database to one stream.
    private static let pageSize = 500

    init(_ caller: Caller, since: EventCursor?, wait: Int?, among streams: EventStreams) {
        self.caller = caller
        self.since = since
        self.wait = wait
        self.streams = streams
    }

    var person: String { caller.user }
    private var isWaiting: Bool { wake.isWaiting && output.isEmpty && !isEnding }
    /// Whether everything up to its position was sent or is ready to be sent.
    var isSettled: Bool { isOpen && !isBehind && !isReading && !isBeingTold }
    /// Whether `EventStreams` may read the next delta of the timeline for it.
    var isOnTimeline: Bool { position == nil && isSettled && isWaiting }

    // MARK: ContentStream

    func next() async throws -> [UInt8]? {
        if !isOpen { try await begin() }
        while true {
            if !output.isEmpty {
                defer { output = [] }
                return output
            }
            if isEnding || wait == 0 && !isBehind { return nil }
            if isBehind && !isPaused && !isBeingTold {
                await catchUp()
            } else {
                await streams.sleep(wake)
            }
        }
    }

    func cancel() { finish() }

    /// The server stops. Clients come back at different moments.
    func drain() {
        if isOpen { output.append(contentsOf: "retry: \(Int.random(in: 500...5000))\n\n".utf8) }
        finish()
    }

    func close() {
        end?.cancel()
        isEnding = true
        if isOpen { streams.leave(self) }
    }

    // MARK: Reading by itself

    /// The first event: the position from which the stream goes on. A client that reads the feed after it misses nothing.
    private func begin() async throws {
        try streams.enter(self)
        isOpen = true
        let (page, now) = try await read(since)
        let first = since ?? EventCursor(now)
        output.append(contentsOf: "retry: 3000\n".utf8)
        EventPage.append("ready", id: first.text, to: &output) { data in
            data.beginObject()
            data.key("cursor")
            data.string(first.text)
            data.endObject()
        }
        output.append(contentsOf: page?.text[person] ?? [])
        since = nil
        if let wait, wait > 0 { end = streams.deadline(after: wait) { [unowned self] in finish() } }
    }

    private func catchUp() async {
        do {
            output.append(contentsOf: try await read(position).page?.text[person] ?? [])
        } catch PostgresError.refused(let error) where error.sqlState == "LYA00" {
            finish()
        } catch is Problem {
            // The client connects again, and is told that its cursor has expired.
            finish()
        } catch {
            isBehind = true
            isPaused = true
        }
    }

    /// Reads what is new since a position, and moves there. Checks the session and the cursor first.
    private func read(_ since: EventCursor?) async throws -> (page: EventPage?, now: ChangeCursor) {
        isReading = true
        isBehind = false
        defer { isReading = false }
        var queries = [Self.session(), ChangeCursor.now(epoch: since?.epoch, snapshot: since?.snapshot)]
        if let since { queries.append(Events.new(caller.school.id, [person], since: since, limit: Self.pageSize + 1)) }
        let rows = try await caller.read(queries)
        let now = ChangeCursor(rows[1])
        if rows[1].boolean(0, "_expired") || since?.isTooOld(at: now) == true { throw Problem(.cursorExpired) }
        guard let since else {
            position = EventCursor(now)
            return (nil, now)
        }
        let page = EventPage(rows[2], since: since, until: now, limit: Self.pageSize)
        isBehind = isBehind || page.hasMore
        position = page.hasMore ? page.last : EventCursor(now)
        streams.sent(page.count)
        return (page, now)
    }

    /// Also for the school's own apps, unlike in other reads (docs/decisions/0037): a stream is opened once and lasts
    /// longer than its access token.
    private static let session = Statement("SELECT lyceum.require_session()")

    // MARK: Called by EventStreams

    /// Something may be new for the person since a position of the timeline.
    func fallBehind(at start: EventCursor?) {
        if position == nil { position = start }
        isBehind = true
        wake.resume()
    }

    func retry() {
        guard isPaused else { return }
        isPaused = false
        wake.resume()
    }

    /// Takes a page of the delta that `EventStreams` reads.
    ///
    /// - Parameter hasMore: whether another page follows.
    /// - Returns: whether the stream takes that one too. Otherwise it reads by itself from where it is: its reader has not
    ///   taken the page before, and more would fill the memory.
    func take(_ text: [UInt8], at place: EventCursor, hasMore: Bool) -> Bool {
        defer { wake.resume() }
        guard output.isEmpty, !isEnding else {
            isBeingTold = false
            isBehind = true
            return false
        }
        output = text
        position = place
        isBeingTold = hasMore
        return hasMore
    }

    /// `EventStreams` could not read for it. It tries by itself with the next turn.
    func missTelling() {
        isBeingTold = false
        isBehind = true
        isPaused = true
        wake.resume()
    }

    /// Proxies close connections that say nothing, and a peer that has gone is noticed when it is sent something.
    func beat() {
        guard isWaiting else { return }
        output.append(contentsOf: ":\n\n".utf8)
        wake.resume()
    }

    func finish() {
        isEnding = true
        wake.resume()
    }
}
