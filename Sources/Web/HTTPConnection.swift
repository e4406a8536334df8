import HTTP1
import Reactor

/// One connection: reads requests one after the other, has each answered, writes the answer.
final class HTTPConnection: BodySource {
    /// What the connection is waiting for when its deadline comes.
    enum Phase {
        /// The handshake.
        case opening
        case idle
        case request
        case handler
        case writing
        /// The reader, in the middle of a stream.
        case streaming
        /// The peer reads the last answer.
        case lingering
    }

    let socket: any ByteStream
    let arrival: Admission.Arrival
    let limits: ServerLimits
    let deadlines: Deadlines
    let worker: any ConnectionOwner
    private let measuresParsing: Bool
    private var parser: RequestParser
    private var input = InputBuffer()
    var phase = Phase.opening
    /// When an idle connection ends; 0 within a request.
    private var idleEnd: UInt64 = 0
    /// Idle for so long, or among so many, that no task waits any more.
    private(set) var isParked = false
    var deadline: Deadline!
    private var isDraining = false
    private var bodyIsRead = false
    /// When the client's time for the content is over, 0 before it is asked for, and when a piece was last given to the
    /// handler.
    private var bodyEnd: UInt64 = 0
    private var bodyPause: UInt64 = 0
    /// Bytes of it that count against what all connections may hold.
    private var held = 0
    private var mustContinue = false
    private var failure: ParseError?
    private var timedOut = false
    private var timing = RequestTiming()
    /// The stream that is being sent, and why it cannot be sent on.
    var stream: AnswerStream?
    var breach: StreamEnd?

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
        if held > 0 { letGo() }
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

    /// Ends a stream in flight so that its reader can tell: nobody waits for it any longer.
    func breakOff() { breakOff(.stopped) }

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
        bodyEnd = 0
        mustContinue = head.expectsContinue && !bodyIsRead
        let request = Request(
            head: head, id: worker.requestID(head), from: arrival.peer.requester(head), body: self, timing: timing)
        let start = Clock.now
        var response = await worker.respond(request)
        if held > 0 { letGo() }
        parser.endWithoutContent()
        assert(!bodyIsRead || parser.isIdle, "a request that was read to its end stands before the next one")
        // A body that nobody read stands between this answer and the next request.
        let keepsAlive = head.keepAlive && bodyIsRead && failure == nil && !timedOut && !isDraining
        if let stream = response.stream {
            return try await send(stream, &response, request, keepsAlive: keepsAlive, since: start)
        }
        let bytes = render(&response, request, keepsAlive: keepsAlive)
        // Nearly every answer goes at once: without a deadline, and without a turn of the task.
        let sent = try socket.sendNow(bytes)
        if sent < bytes.count { try await send(bytes, from: sent) }
        worker.log(request, response, nanoseconds: Clock.now - start, stream: nil)
        if !keepsAlive { await linger() }
        return keepsAlive
    }

    private func letGo() {
        worker.heldContent.give(held)
        held = 0
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
    func readContent(whole: Bool, atMost limit: Int?) async throws -> [UInt8]? {
        if bodyIsRead { return nil }
        let start = Clock.now
        if bodyEnd == 0 {
            if let limit { parser.maximumBody = limit }
            bodyEnd = start + limits.body
        } else {
            // The time between two pieces is the handler's and not the client's.
            bodyEnd += start - bodyPause
        }
        phase = .request
        deadline.set(at: bodyEnd)
        defer {
            phase = .handler
            deadline.cancel()
            bodyPause = Clock.now
            if measuresParsing { timing.body += bodyPause - start }
        }
        var content: [UInt8] = []
        while true {
            let before = content.count
            switch step(into: &content) {
            case .end?:
                bodyIsRead = true
                return whole || !content.isEmpty ? content : nil
            case .body?:
                bodyEnd += .seconds(Double(content.count - before) / Double(limits.bodyRate))
                // Pieces may go on for hours: who was quick at first cannot stop for as long.
                if !whole { bodyEnd = min(bodyEnd, Clock.now + limits.body) }
                deadline.set(at: bodyEnd)
                mustContinue = false
                if !whole { return content }
            case .needMore?:
                // Not for a body that is here already, or refused by its length.
                if mustContinue { await sendContinue() }
                mustContinue = false
                if whole { try hold(content.count) }
                guard await receive() else {
                    throw Problem(timedOut ? .requestTimeout : .malformedRequest)
                }
            default: throw failure.map { Problem($0) } ?? Problem(.malformedRequest)
            }
        }
    }

    /// Counts content that waits for the rest of it.
    private func hold(_ bytes: Int) throws(Problem) {
        guard bytes == held || worker.heldContent.take(bytes - held) else {
            throw Problem(.overloaded, headers: [("Retry-After", "1")])
        }
        held = bytes
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
    func render(_ response: inout Response, _ request: Request, keepsAlive: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512 + response.body.count)
        response.headers.append(("X-Request-Id", request.id))
        if let tag = response.entityTag { response.headers.append(("ETag", tag.text)) }
        let head = ResponseHead(
            status: response.status, contentType: response.contentType, length: length(of: response, request),
            connection: keepsAlive ? (request.head.minorVersion == 0 ? .keepAlive : .implicit) : .close,
            fields: response.headers)
        do {
            try head.append(to: &bytes, date: worker.date)
        } catch {
            response.stream?.close()
            response = worker.unforeseen(error, request).response(to: request)
            return render(&response, request, keepsAlive: keepsAlive)
        }
        if request.head.method != .head && !response.status.forbidsBody { bytes.append(contentsOf: response.body) }
        return bytes
    }

    private func length(of response: Response, _ request: Request) -> ResponseHead.Length {
        if response.status.forbidsBody { return .none }
        guard response.stream != nil else { return .fixed(response.body.count) }
        // HTTP/1.0 knows no chunks: there the end of the connection is the content's.
        return request.head.minorVersion == 0 ? .none : .chunked
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
    func linger() async {
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
        case .streaming: breakOff(.tooSlow)
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
    /// - Parameter stream: how much of a streamed answer was sent, and how that ended; nil for any other.
    func log(_ request: Request, _ response: Response, nanoseconds: UInt64, stream: SentStream?)
    /// A stream begins; `log` ends it.
    func streams(_ request: Request)
    /// What all connections of the process hold of unfinished content.
    var heldContent: HeldContent { get }
    /// Lets everything else on the core have its turn.
    func rest() async
}
