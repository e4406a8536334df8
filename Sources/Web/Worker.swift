import HTTP1
import JSON
import Reactor
import Synchronization

/// The part of the server on one core: its connections, the processing of requests, and its part of the log.
package final class Worker<Rule: Sendable, Caller>: ConnectionOwner {
    private let core: Core
    private let router: Router<Rule, Caller>
    private let application: any Application<Rule, Caller>
    private let limits: ServerLimits
    private let features: Features
    private let encoding: Encoding?
    private let metrics: RequestMetrics
    private let journal: RequestLog
    private let deadlines: Deadlines
    private let poller: Poller
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    /// How connections come in; set before the first one.
    package var entrance = Entrance()
    /// Shared with the workers of other cores by the server; set before the first connection.
    var heldContent: HeldContent
    private var isDraining = false
    /// The date, and the moment when its second ends.
    private var cachedDate: (end: UInt64, text: [UInt8]) = (0, [])
    private var requests: UInt64 = UInt64.random(in: 0 ... .max)

    package init(
        on core: isolated Core, router: Router<Rule, Caller>, limits: ServerLimits, features: Features = Features(),
        log: LogSink, logging: RequestLogging?, application: any Application<Rule, Caller>
    ) {
        self.core = core
        self.router = router
        self.application = application
        self.limits = limits
        heldContent = HeldContent(limit: limits.heldContent)
        self.features = features
        encoding = features.compression.map { Encoding($0) }
        metrics = RequestMetrics(templates: router.templates)
        deadlines = core.deadlines
        poller = core.poller
        journal = RequestLog(log, logging, deadlines: core.deadlines)
    }

    package func open(_ arrival: Admission.Arrival, on core: isolated Core) {
        guard let socket = try? Socket(arrival.descriptor, peer: arrival.peer.address, poller: poller), !isDraining,
            let stream = try? entrance.stream(socket)
        else { return entrance.left(arrival, core) }
        let connection = HTTPConnection(stream, arrival, limits: limits, deadlines: deadlines, worker: self)
        connections[ObjectIdentifier(connection)] = connection
        serve(connection)
    }

    func serve(_ connection: HTTPConnection) {
        core.startHere((self, connection)) { pair, core in
            let (worker, connection) = pair
            await connection.serve()
            if connection.isParked { return connection.park() }
            worker.connections[ObjectIdentifier(connection)] = nil
            worker.entrance.left(connection.arrival, core)
        }
    }

    /// Ends idle connections now, the others after their request in flight.
    package func drain() {
        isDraining = true
        for connection in connections.values { connection.drain() }
    }

    /// Breaks off streams in flight, so that their readers notice that content is missing.
    ///
    /// - Returns: the number of streams.
    package func breakOff() -> Int {
        let streaming = connections.values.filter { $0.stream != nil }
        for connection in streaming { connection.breakOff() }
        return streaming.count
    }

    package var openConnections: Int { connections.count }

    var isCrowded: Bool { connections.count > 512 }

    package var trouble: String? { application.trouble }

    /// This core's counters.
    package var families: [MetricFamily] { metrics.families + LoopMetrics.families(core) + application.metrics }

    package func close() {
        application.close()
        journal.flush()
    }

    // MARK: Processing a request

    func respond(_ request: Request) async -> Response {
        let start = features.showsTiming ? Clock.now : 0
        metrics.begin()
        defer { metrics.end() }
        var response: Response
        // Admission and the handler are called here and not from functions of their own: each async call costs memory
        // and time.
        do {
            switch try destination(request) {
            case .answer(let known): response = known
            case .route(let route):
                let caller: Caller
                do {
                    caller = try await application.admit(request, route.access)
                } catch let problem as Problem {
                    // A caller who tries out tokens has no user's quota.
                    if route.quota != .unlimited { try count(request, features.rates?.address) }
                    throw problem
                }
                try count(request, route.quota, caller)
                response = try await route.handler(request, caller)
                if let stream = response.stream { try await begin(&response, stream, request) }
            }
        } catch {
            let problem = (error as? Problem) ?? application.problem(for: error) ?? unforeseen(error, request)
            response = problem.response(to: request)
        }
        if response.stream == nil {
            if let encoding, encoding.chooses(&response, request) {
                response = await encoding.compress(response, request)
            } else {
                response.meetConditions(request)
            }
        }
        addFields(&response, request, since: start)
        return response
    }

    /// Chooses how to send a stream and requests its first piece, while an error can still become an answer.
    private func begin(_ response: inout Response, _ stream: AnswerStream, _ request: Request) async throws {
        do {
            if let encoding, encoding.chooses(&response, request) {
                encoding.compressStream(&response, request)
            } else {
                response.meetConditions(request)
            }
            if request.head.method == .head {
                stream.close()
            } else if response.stream != nil {
                try await stream.begin()
            }
        } catch {
            stream.close()
            throw error
        }
    }

    private func addFields(_ response: inout Response, _ request: Request, since start: UInt64) {
        if !request.grants.isEmpty { features.rates?.tell(&response, request) }
        if let cors = features.cors { cors.apply(to: &response, request, showsTiming: features.showsTiming) }
        if features.showsTiming {
            response.headers.append(("Server-Timing", request.timing.field(total: Clock.now - start)))
        }
    }

    private enum Destination {
        case route(Router<Rule, Caller>.Entry)
        /// The answer is known without a route.
        case answer(Response)
    }

    private func destination(_ request: Request) throws(Problem) -> Destination {
        let head = request.head
        if head.method == .options && head.path == "*" { return .answer(Response(.noContent)) }
        switch router.tree.match(head.method, head.path) {
        case .found(let place, let parameters):
            let route = router.entries[place]
            request.path = parameters
            request.template = route.path
            request.routeNumber = place + 1
            request.isProbe = route.quota == .unlimited
            return .route(route)
        case .methods(let methods):
            let allow = (name: "Allow", value: methods.map { $0.rawValue }.joined(separator: ", "))
            if head.method == .options {
                var response = features.cors?.preflight(request, methods) ?? Response(.noContent)
                response.headers.append(allow)
                return .answer(response)
            }
            if case .other = head.method { throw Problem(.notImplemented) }
            throw Problem(.methodNotAllowed, headers: [allow])
        case .nothing:
            try count(request, features.rates?.address)
            throw Problem(.notFound)
        }
    }

    private func count(_ request: Request, _ quota: Quota, _ caller: Caller) throws(Problem) {
        guard let rates = features.rates else { return }
        switch quota {
        case .unlimited: break
        case .signIn: try count(request, rates.signIn)
        case .standard:
            let user = application.user(of: caller)
            let client = application.client(of: caller)
            if let user { try count(request, rates.user, user) }
            if let client { try count(request, rates.policy(for: client), client.key) }
            if user == nil && client == nil { try count(request, rates.address) }
        }
    }

    /// Counts the request against the user, or the address if there is none. Throws if it exceeds the quota.
    private func count(_ request: Request, _ policy: RatePolicy?, _ user: String? = nil) throws(Problem) {
        guard let rates = features.rates, let policy else { return }
        let grant = rates.take(policy, user, request.peer)
        request.grants.append(grant)
        guard !grant.isAllowed else { return }
        metrics.limit(policy)
        throw Problem(grant)
    }

    func unforeseen(_ error: any Error, _ request: Request) -> Problem {
        journal.failure(error, request)
        return Problem(.internalError)
    }

    // MARK: ConnectionOwner

    var date: [UInt8] {
        if cachedDate.end <= deadlines.now {
            let wall = Clock.wall
            cachedDate = (
                deadlines.now + 1_000_000_000 - UInt64(wall.nanoseconds),
                HTTPDate.format(secondsSinceEpoch: wall.seconds)
            )
        }
        return cachedDate.text
    }

    func requestID(_ head: RequestHead) -> String {
        guard let sent = head.bytes(of: "X-Request-Id"), (1...64).contains(sent.count),
            sent.allSatisfy({ byte in
                byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            })
        else { return newRequestID() }
        return String(decoding: sent, as: UTF8.self)
    }

    /// 16 hexadecimal digits: a random start and an odd step, so that all ids of a process are different.
    func newRequestID() -> String {
        requests &+= 0x9E37_79B9_7F4A_7C15
        return String(hexadecimal: requests)
    }

    var measuresParsing: Bool { features.showsTiming }

    func refused(_ problem: Problem) { metrics.refuse(problem.kind.code) }

    func streams(_ request: Request) { metrics.streamBegan() }

    func rest() async { await core.sleep(0) }

    func log(_ request: Request, _ response: Response, nanoseconds: UInt64, stream: SentStream?) {
        let bytes = stream?.bytes ?? (request.head.method == .head ? 0 : response.body.count)
        metrics.add(
            route: request.routeNumber, request.head.method, response.status, nanoseconds: nanoseconds, bytes: bytes)
        if let stream {
            metrics.streamEnded(stream.end)
            if let error = stream.error { journal.failure(error, request, "stream broken") }
        }
        journal.request(request, response, nanoseconds: nanoseconds, stream: stream)
    }
}
