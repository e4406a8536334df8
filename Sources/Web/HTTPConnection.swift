import HTTP1
import Reactor

/// One connection: reads requests one after the other, has each answered, writes the answer.
final class HTTPConnection: BodySource {
    /// What the connection is waiting for when its deadline comes.
    private enum Phase {
        /// The handshake.
        case opening
        case idle
        case request
        case handler
        case writing
        /// The peer reads the last answer.
        case lingering
    }

    private let socket: any ByteStream
    let arrival: Admission.Arrival
    private let limits: ServerLimits
    private let deadlines: Deadlines
    private let worker: any ConnectionOwner
    private let measuresParsing: Bool
    private var parser: RequestParser
    private var input = InputBuffer()
    private var phase = Phase.opening
    /// When an idle connection ends; 0 within a request.
    private var idleEnd: UInt64 = 0
    /// Idle for so long, or among so many, that no task waits any more.
    private(set) var isParked = false
    private var deadline: Deadline!
    private var isDraining = false
    private var bodyIsRead = false
    private var mustContinue = false
    private var failure: ParseError?
    private var timedOut = false
    private var timing = RequestTiming()

    init(
        _ socket: any ByteStream, _ arrival: Admission.Arrival, limits: ServerLimits, deadlines: Deadlines,
        worker: any ConnectionOwner
    ) {
        self.socket = socket
        self.arrival = arrival
        self.limits = limits
        self.deadlines = deadlines
        self.worker = worker
        measuresParsing = worker.measuresParsing
        parser = RequestParser(limits: limits.parser)
        deadline = deadlines.make { [unowned self] in expired() }
    }

    /// Serves until the peer leaves, an error, a deadline, or `drain`; or until it is parked.
    func serve() async {
        isParked = false
        do {
            if phase == .opening {
                deadline.set(after: limits.head)
                guard try await socket.open() else { return deadline.cancel() }
            }
            while try await serveOne() {}
        } catch {
            // The peer is gone or the socket broke: there is nobody to tell.
        }
        if !isParked { deadline.cancel() }
    }

    /// Waits for the next request without a task, whose memory is several times the connection's. The worker is told when
    /// to serve again.
    func park() {
        deadline.set(at: idleEnd)
        input.release(entirely: true)
        socket.whenReadable { [unowned self] in worker.serve(self) }
    }

    /// Finishes the request in flight and ends; ends at once when there is none.
    func drain() {
        isDraining = true
        if phase == .idle || phase == .opening { socket.stopReading() }
    }

    private func serveOne() async throws -> Bool {
        // The drain began while the answer before was on its way.
        guard !isDraining else {
            if !input.isEmpty { await linger() }
            return false
        }
        timing = RequestTiming()
        // Of a pipelined request a part may be here already.
        if input.isEmpty {
            idle()
        } else {
            phase = .request
            deadline.set(after: limits.head)
        }
        guard let head = await readHead() else {
            if let failure {
                try await refuse(Problem(failure))
            } else if timedOut {
                try await refuse(Problem(.requestTimeout))
            }
            return false
        }
        phase = .handler
        deadline.cancel()
        bodyIsRead = head.bodyLength == .none
        mustContinue = head.expectsContinue && !bodyIsRead
        let request = Request(
            head: head, id: worker.requestID(head), from: arrival.peer.requester(head), body: self, timing: timing)
        let start = Clock.now
        var response = await worker.respond(request)
        parser.endWithoutContent()
        assert(!bodyIsRead || parser.isIdle, "a request that was read to its end stands before the next one")
        // A body that nobody read stands between this answer and the next request.
        let keepsAlive = head.keepAlive && bodyIsRead && failure == nil && !timedOut && !isDraining
        let bytes = render(&response, request, keepsAlive: keepsAlive)
        // Nearly every answer goes at once: without a deadline, and without a turn of the task.
        let sent = try socket.sendNow(bytes)
        if sent < bytes.count { try await send(bytes, from: sent) }
        worker.log(request, response, nanoseconds: Clock.now - start)
        if !keepsAlive { await linger() }
        return keepsAlive
    }

    private func idle() {
        phase = .idle
        let now = deadlines.now
        if idleEnd == 0 { idleEnd = now + limits.idle }
        deadline.set(at: min(idleEnd, now + limits.waiting))
    }

    // MARK: Reading

    private func readHead() async -> RequestHead? {
        while true {
            if !input.isEmpty {
                switch step() {
                case .head(let head)?: return head
                case .needMore?: break
                default: return nil
                }
            }
            guard await receive() else { return nil }
            if phase == .idle {
                phase = .request
                idleEnd = 0
                deadline.set(after: limits.head)
            }
        }
    }

    /// Content of the current request. A parse error, a time limit or an early end is a problem thrown to the handler.
    func readBody(atMost limit: Int?) async throws -> [UInt8] {
        if bodyIsRead { return [] }
        if let limit { parser.maximumBody = limit }
        phase = .request
        let start = Clock.now
        let end = start + limits.body
        deadline.set(at: end)
        defer {
            phase = .handler
            deadline.cancel()
            if measuresParsing { timing.body = Clock.now - start }
        }
        var content: [UInt8] = []
        while true {
            switch step(into: &content) {
            case .end?:
                bodyIsRead = true
                return content
            case .body?: deadline.set(at: end + .seconds(Double(content.count) / Double(limits.bodyRate)))
            case .needMore?:
                // Not for a body that is here already, or refused by its length.
                if mustContinue && content.isEmpty { await sendContinue() }
                mustContinue = false
                guard await receive() else {
                    throw Problem(timedOut ? .requestTimeout : .malformedRequest)
                }
            default: throw failure.map { Problem($0) } ?? Problem(.malformedRequest)
            }
        }
    }

    /// A client that takes nothing finds its time over when it is asked for the body.
    private func sendContinue() async {
        phase = .writing
        defer { phase = .request }
        if (try? await socket.send(ResponseHead.continue, from: 0)) != true { timedOut = true }
    }

    private func step() -> RequestParser.Event? {
        var nothing: [UInt8] = []
        return step(into: &nothing)
    }

    /// One event out of what was received; nil after a parse error, which then stands in `failure`.
    private func step(into content: inout [UInt8]) -> RequestParser.Event? {
        let start = measuresParsing ? Clock.now : 0
        defer { if measuresParsing { timing.parse += Clock.now - start } }
        do throws(ParseError) {
            let step = try input.withBytes { (bytes) throws(ParseError) in
                let step = try parser.next(bytes)
                if case .body(let range) = step.event {
                    // Not reserveCapacity, which for many pieces copies all that came before each.
                    content.append(addingCapacity: range.count) { output in
                        for index in range { output.append(bytes[index]) }
                    }
                }
                return step
            }
            input.take(step.consumed)
            return step.event
        } catch {
            failure = error
            return nil
        }
    }

    /// False at the peer's end, a broken connection, a deadline or a drain.
    private func receive() async -> Bool {
        while true {
            switch try? socket.receive(into: &input) {
            case .bytes: return true
            case .end, nil: return false
            case .wouldBlock:
                if worker.isCrowded {
                    input.release(entirely: true)
                    isParked = phase == .idle
                } else {
                    input.release(entirely: false)
                }
                guard !isParked, await socket.readable() == .ready, !isParked else { return false }
            }
        }
    }

    // MARK: Writing

    /// The answer's bytes. A bare error takes the place of an answer with a field that cannot be sent.
    private func render(_ response: inout Response, _ request: Request, keepsAlive: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512 + response.body.count)
        response.headers.append(("X-Request-Id", request.id))
        if let tag = response.entityTag { response.headers.append(("ETag", tag.text)) }
        let head = ResponseHead(
            status: response.status, contentType: response.contentType,
            length: response.status.forbidsBody ? .none : .fixed(response.body.count),
            connection: keepsAlive ? (request.head.minorVersion == 0 ? .keepAlive : .implicit) : .close,
            fields: response.headers)
        do {
            try head.append(to: &bytes, date: worker.date)
        } catch {
            response = worker.unforeseen(error, request).response(to: request)
            return render(&response, request, keepsAlive: keepsAlive)
        }
        if request.head.method != .head && !response.status.forbidsBody { bytes.append(contentsOf: response.body) }
        return bytes
    }

    private func refuse(_ problem: Problem) async throws {
        worker.refused(problem)
        let bytes = try problem.bytes(to: worker.newRequestID(), date: worker.date, toHead: parser.method == .head)
        try await send(bytes, from: 0)
        await linger()
    }

    private func send(_ bytes: [UInt8], from start: Int) async throws {
        phase = .writing
        deadline.set(after: limits.write)
        defer { deadline.cancel() }
        guard try await socket.send(bytes, from: start) else { throw Interrupted() }
    }

    /// Closes so that the answer arrives: a socket closed with unread bytes resets the connection, and the peer may lose what
    /// was sent (RFC 9112 section 9.6).
    private func linger() async {
        socket.shutdownWriting()
        phase = .lingering
        deadline.set(after: limits.linger)
        var rest = 256 * 1024
        while rest > 0 {
            input.take(input.count)
            let before = input.count
            guard await receive() else { return }
            rest -= input.count - before
        }
    }

    private func expired() {
        switch phase {
        case .idle where Clock.now < idleEnd:
            isParked = true
            socket.wake()
        case .idle, .lingering: socket.stopReading()
        case .request:
            timedOut = true
            socket.stopReading()
        case .handler: break
        case .opening, .writing: socket.interrupt()
        }
    }
}

/// The deadline for writing passed.
private struct Interrupted: Error {}

/// What a connection needs of the worker that owns it.
protocol ConnectionOwner: AnyObject {
    var date: [UInt8] { get }
    /// Whether what each connection keeps for its next request, a buffer and a task, would add up.
    var isCrowded: Bool { get }
    /// Starts a task that serves the connection.
    func serve(_ connection: HTTPConnection)
    /// Whether `RequestTiming.parse` and `body` are wanted; two looks at the clock for each piece.
    var measuresParsing: Bool { get }
    /// The answer, complete but for framing.
    func respond(_ request: Request) async -> Response
    /// Called for each request that is refused before it is one.
    func refused(_ problem: Problem)
    func requestID(_ head: RequestHead) -> String
    func newRequestID() -> String
    func unforeseen(_ error: any Error, _ request: Request) -> Problem
    func log(_ request: Request, _ response: Response, nanoseconds: UInt64)
}
