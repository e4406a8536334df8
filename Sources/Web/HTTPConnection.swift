import HTTP1
import Reactor

/// One connection: reads requests one after another, has each answered and writes the answer.
final class HTTPConnection: BodySource {
    /// What the connection waits for when its deadline passes.
    enum Phase {
        /// The handshake.
        case opening
        case idle
        case request
        case handler
        case writing
        /// The reader of a stream to take more.
        case streaming
        /// The peer to read the last answer.
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
    /// When the idle connection will be closed; 0 during a request.
    private var idleEnd: UInt64 = 0
    /// Idle for a while or one of many, so that no task waits for it.
    private(set) var isParked = false
    var deadline: Deadline!
    private(set) var isDraining = false
    private var bodyIsRead = false
    /// When the client's time for the content ends (0 before the content is requested), and when the handler last got a
    /// piece.
    private var bodyEnd: UInt64 = 0
    private var bodyPause: UInt64 = 0
    /// Bytes of the content that count towards `HeldContent`.
    private var held = 0
    private var mustContinue = false
    private var failure: ParseError?
    private var timedOut = false
    private var timing = RequestTiming()
    /// The stream being sent, and why it cannot be continued.
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

    /// Serves until the peer leaves, an error, a deadline or `drain` ends the connection, or it is parked.
    func serve() async {
        isParked = false
        do {
            if phase == .opening {
                deadline.set(after: limits.head)
                guard try await socket.open() else { return deadline.cancel() }
            }
            while try await serveOne() {}
        } catch {
            // The peer is gone or the socket broke: nobody would receive an answer.
        }
        if held > 0 { letGo() }
        if !isParked { deadline.cancel() }
    }

    /// Waits for the next request without a task, whose memory is several times that of the connection. The worker is
    /// called to serve again.
    func park() {
        deadline.set(at: idleEnd)
        input.release(entirely: true)
        socket.whenReadable { [unowned self] in worker.serve(self) }
    }

    /// Finishes the request in flight, then ends. Ends at once if there is none.
    func drain() {
        isDraining = true
        stream?.drain()
        if phase == .idle || phase == .opening { socket.stopReading() }
    }

    /// Breaks off a stream in flight so that its reader can detect it.
    func breakOff() { breakOff(.stopped) }

    private func serveOne() async throws -> Bool {
        // The drain began while the previous answer was being sent.
        guard !isDraining else {
            if !input.isEmpty { await linger() }
            return false
        }
        timing = RequestTiming()
        // Part of a pipelined request may have arrived already.
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
        assert(!bodyIsRead || parser.isIdle, "the parser is not at the end of a request that was read completely")
        // An unread body is still between this answer and the next request.
        let keepsAlive = head.keepAlive && bodyIsRead && failure == nil && !timedOut && !isDraining
        if let stream = response.stream {
            return try await send(stream, &response, request, keepsAlive: keepsAlive, since: start)
        }
        let bytes = render(&response, request, keepsAlive: keepsAlive)
        // Most answers can be sent at once, without a deadline and without suspending the task.
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

    /// A stream may last for hours, and needs no buffer for input.
    func releaseInput() { input.release(entirely: true) }

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

    /// Reads content of the current request. A parse error, a time limit or an early end is thrown to the handler as a
    /// problem.
    func readContent(whole: Bool, atMost limit: Int?) async throws -> [UInt8]? {
        if bodyIsRead { return nil }
        let start = Clock.now
        if bodyEnd == 0 {
            if let limit { parser.maximumBody = limit }
            bodyEnd = start + limits.body
        } else {
            // The time between two pieces is the handler's, not the client's.
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
                // A body in pieces may take hours. A client that was fast at first must not be allowed to stop for as
                // long.
                if !whole { bodyEnd = min(bodyEnd, Clock.now + limits.body) }
                deadline.set(at: bodyEnd)
                mustContinue = false
                if !whole { return content }
            case .needMore?:
                // Not for a body that has already arrived or is refused because of its length.
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

    /// Counts content that is held until the rest arrives.
    private func hold(_ bytes: Int) throws(Problem) {
        guard bytes == held || worker.heldContent.take(bytes - held) else {
            throw Problem(.overloaded, headers: [("Retry-After", "1")])
        }
        held = bytes
    }

    /// If the client does not read, its time is over.
    private func sendContinue() async {
        phase = .writing
        defer { phase = .request }
        if (try? await socket.send(ResponseHead.continue, from: 0)) != true { timedOut = true }
    }

    private func step() -> RequestParser.Event? {
        var nothing: [UInt8] = []
        return step(into: &nothing)
    }

    /// Takes one event from the received bytes. Nil after a parse error, which is then in `failure`.
    private func step(into content: inout [UInt8]) -> RequestParser.Event? {
        let start = measuresParsing ? Clock.now : 0
        defer { if measuresParsing { timing.parse += Clock.now - start } }
        do throws(ParseError) {
            let step = try input.withBytes { (bytes) throws(ParseError) in
                let step = try parser.next(bytes)
                if case .body(let range) = step.event {
                    // Not reserveCapacity, which would copy all content again for each piece.
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

    /// False if the peer has ended, the connection broke, a deadline passed or a drain began.
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

    /// The answer's bytes. If a field cannot be sent, a bare error replaces the answer.
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
        // HTTP/1.0 has no chunks: there the end of the connection ends the content.
        return request.head.minorVersion == 0 ? .none : .chunked
    }

    private func refuse(_ problem: Problem) async throws {
        worker.refused(problem)
        let bytes = try problem.bytes(
            to: worker.newRequestID(), at: parser.refusedPath, date: worker.date, toHead: parser.method == .head)
        try await send(bytes, from: 0)
        await linger()
    }

    private func send(_ bytes: [UInt8], from start: Int) async throws {
        phase = .writing
        deadline.set(after: limits.write)
        defer { deadline.cancel() }
        guard try await socket.send(bytes, from: start) else { throw Interrupted() }
    }

    /// Closes in a way that lets the answer arrive: closing a socket with unread bytes resets the connection, and the
    /// peer may lose the answer (RFC 9112 section 9.6).
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

/// What a connection needs from its worker.
protocol ConnectionOwner: AnyObject {
    var date: [UInt8] { get }
    /// Whether there are so many connections that keeping a buffer and a task for each idle one takes too much memory.
    var isCrowded: Bool { get }
    /// Starts a task that serves the connection.
    func serve(_ connection: HTTPConnection)
    /// Whether `RequestTiming.parse` and `body` are measured, which takes two clock calls for each piece.
    var measuresParsing: Bool { get }
    /// The answer, complete except for framing.
    func respond(_ request: Request) async -> Response
    /// Counts a refusal before there is a request.
    func refused(_ problem: Problem)
    func requestID(_ head: RequestHead) -> String
    func newRequestID() -> String
    func unforeseen(_ error: any Error, _ request: Request) -> Problem
    /// - Parameter stream: how much of a streamed answer was sent and how it ended; nil for other answers.
    func log(_ request: Request, _ response: Response, nanoseconds: UInt64, stream: SentStream?)
    /// Counts the beginning of a stream; `log` counts its end.
    func streams(_ request: Request)
    /// The unfinished content that all connections of the process hold.
    var heldContent: HeldContent { get }
    /// Lets all other work on the core run.
    func rest() async
}
