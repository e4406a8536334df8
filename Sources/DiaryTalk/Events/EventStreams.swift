import Diary
import Postgres
import Reactor
import Web

/// The open event streams of one core.
///
/// The dispatcher of the process sends steps of its timeline: what changed from one snapshot to the next, and whom it
/// may concern. The streams of these people get their events, read with one statement for many of them; for all others a
/// step costs nothing. See docs/decisions/0064.
package final class EventStreams {
    package struct Configuration: Sendable {
        /// Open streams of one core, and of one person on it.
        package var streams = 10_000
        package var streamsOfPerson = 10
        /// Seconds between two turns.
        package var turn = 1.0
        /// A stream gets a heartbeat every so many turns, and its session is checked every so many.
        package var heartbeat = 20
        package var check = 4
        /// The most events of one statement for many streams; more than there are people in it. This many are about a
        /// megabyte.
        package var page = 2000

        package init() {}
    }

    private let configuration: Configuration
    private let core: Core
    private let deadlines: Deadlines
    private let poller: Poller
    private weak var dispatcher: CoreLocal<EventDispatcher>?
    private var timer: Deadline!
    private var turn = 0
    /// By the turn in which they get their heartbeat.
    private var turns: [[EventStream]]
    private var byPerson: [String: [EventStream]] = [:]
    /// Streams with a position of their own, and those that are being opened.
    private var apart: [ObjectIdentifier: EventStream] = [:]
    private var count = 0
    private var events: UInt64 = 0
    private var refused: UInt64 = 0
    /// Where the timeline is.
    private var now: ChangeCursor?

    package init(_ configuration: Configuration, on core: isolated Core) {
        self.configuration = configuration
        self.core = core
        deadlines = core.deadlines
        poller = core.poller
        turns = Array(repeating: [], count: configuration.heartbeat)
        timer = core.deadlines.make { [unowned self] in takeTurn() }
    }

    package func follow(_ dispatcher: CoreLocal<EventDispatcher>) { self.dispatcher = dispatcher }

    package var metrics: [MetricFamily] {
        [
            MetricFamily("lyceum_event_streams", .gauge, "Open streams of events.", value: count),
            MetricFamily("lyceum_events_total", .counter, "Events passed to streams.", value: events),
            MetricFamily(
                "lyceum_event_streams_refused_total", .counter, "Streams refused because there are too many.",
                value: refused),
        ]
    }

    // MARK: Coming and going

    func enter(_ stream: EventStream) throws(Problem) {
        let others = byPerson[stream.person]?.count ?? 0
        guard count < configuration.streams, others < configuration.streamsOfPerson else {
            refused += 1
            throw others < configuration.streamsOfPerson
                ? Problem(.overloaded, headers: [("Retry-After", "30")])
                : Problem(.tooManyStreams, headers: [("Retry-After", "30")])
        }
        stream.turn = .random(in: turns.indices)
        turns[stream.turn].append(stream)
        byPerson[stream.person, default: []].append(stream)
        apart[ObjectIdentifier(stream)] = stream
        count += 1
        guard count == 1 else { return }
        tellDispatcher(isListening: true)
        timer.set(after: .seconds(configuration.turn))
    }

    func leave(_ stream: EventStream) {
        turns[stream.turn].removeAll { $0 === stream }
        byPerson[stream.person]?.removeAll { $0 === stream }
        if byPerson[stream.person]?.isEmpty == true { byPerson[stream.person] = nil }
        apart[ObjectIdentifier(stream)] = nil
        count -= 1
        guard count == 0 else { return }
        timer.cancel()
        now = nil
        tellDispatcher(isListening: false)
    }

    private func tellDispatcher(isListening: Bool) {
        let index = core.index
        dispatcher?.post { dispatcher, _ in dispatcher.listen(core: index, isListening) }
    }

    func sleep(_ wake: Suspension) async { await wake.wait(on: poller) }

    func deadline(after seconds: Int, _ action: @escaping () -> Void) -> Deadline {
        let deadline = deadlines.make(action)
        deadline.set(after: .seconds(Double(seconds)))
        return deadline
    }

    func sent(_ count: Int) { events += UInt64(count) }

    // MARK: The timeline

    /// - Parameter step: nil if the timeline broke off, because the database has another history now.
    package func advance(_ step: EventStep?) {
        guard let step else {
            now = nil
            for stream in all { stream.finish() }
            return
        }
        let start = step.start.map { EventCursor($0) }
        let isNext = step.start != nil && step.start == now
        // What happened before the first step is in no step.
        if !isNext { for stream in all { setApart(stream, at: now.map { EventCursor($0) } ?? start) } }
        now = step.end
        var schools: [Int: [EventStream]] = [:]
        if isNext {
            for person in step.told {
                for stream in byPerson[person] ?? [] {
                    let isOnTimeline = stream.isOnTimeline
                    if isOnTimeline {
                        stream.position = start
                        stream.isBeingTold = true
                        apart[ObjectIdentifier(stream)] = stream
                        schools[stream.caller.school.id, default: []].append(stream)
                    } else {
                        setApart(stream, at: start)
                    }
                }
            }
        }
        for stream in apart.values { rejoin(stream) }
        for streams in schools.values {
            core.startHere((self, streams)) { pair, _ in await pair.0.tell(pair.1, step) }
        }
    }

    private func setApart(_ stream: EventStream, at start: EventCursor?) {
        apart[ObjectIdentifier(stream)] = stream
        stream.fallBehind(at: start)
    }

    /// Lets a stream follow the timeline again if it has reached it.
    private func rejoin(_ stream: EventStream) {
        guard let now, stream.isSettled, stream.position?.isReached(by: now.snapshot) == true else { return }
        stream.position = nil
        apart[ObjectIdentifier(stream)] = nil
    }

    /// The most people of one statement.
    private static let people = 200

    /// Reads what a step has for streams of one school, and passes it to them.
    private func tell(_ streams: [EventStream], _ step: EventStep) async {
        for first in stride(from: 0, to: streams.count, by: Self.people) {
            await tellPages(Array(streams[first..<min(first + Self.people, streams.count)]), step)
        }
    }

    /// A step has any number of events, so they are read in pages. A stream for which that fails reads by itself later.
    private func tellPages(_ streams: [EventStream], _ step: EventStep) async {
        var streams = streams
        var place = EventCursor(step.start!)
        let school = streams[0].caller.school
        let services = streams[0].caller.services
        let scope = Scope(school: school.id, timeZone: school.timeZone, timeout: services.settings.statementTimeout)
        while !streams.isEmpty {
            let persons = Array(Set(streams.map { $0.person }))
            let new = Events.new(
                school.id, persons, since: place, until: step.end.snapshot, limit: configuration.page + 1)
            guard let rows = try? await services.lanes.read(scope, [new]) else {
                for stream in streams { stream.missTelling() }
                return
            }
            let page = EventPage(rows[0], since: place, until: step.end, limit: configuration.page)
            events += UInt64(page.count)
            place = page.hasMore ? page.last! : EventCursor(step.end)
            streams = streams.filter { stream in
                let goesOn = stream.take(page.text[stream.person] ?? [], at: place, hasMore: page.hasMore)
                rejoin(stream)
                return goesOn
            }
            // Requests go first.
            await core.sleep(0)
        }
    }

    // MARK: Turns

    private func takeTurn() {
        guard count > 0 else { return }
        timer.set(after: .seconds(configuration.turn))
        turn = (turn + 1) % turns.count
        for stream in turns[turn] { stream.beat() }
        for stream in apart.values { stream.retry() }
        var checks: [EventSession] = []
        for index in turns.indices where index % configuration.check == turn % configuration.check {
            checks += turns[index].map { EventSession(school: $0.caller.school.id, id: $0.caller.session) }
        }
        guard !checks.isEmpty else { return }
        let index = core.index
        dispatcher?.post { [checks] dispatcher, _ in dispatcher.check(checks, ofCore: index) }
    }

    package func end(_ sessions: Set<String>) {
        for stream in all where sessions.contains(stream.caller.session) { stream.finish() }
    }

    private var all: [EventStream] { turns.flatMap { $0 } }
}

/// A session whose stream is open.
struct EventSession: Sendable, Hashable {
    let school: Int
    let id: String
}

/// What is new between two looks of the dispatcher.
package struct EventStep: Sendable {
    /// Nil for the first step that a core gets.
    let start: ChangeCursor?
    let end: ChangeCursor
    /// Everybody whom a new notification may reach.
    let told: [String]
}
