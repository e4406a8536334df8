import CPostgres
import Glibc
import Reactor

/// Opens connections of one kind without blocking the core: names are resolved on the offload pool, the rest is libpq's
/// polling.
struct Connector {
    private let url: ConnectionURL
    private let options: String
    private let offload: Offload
    private let poller: Poller
    private let deadlines: Deadlines

    /// - Parameter options: server settings as `-c name=value …`.
    init(_ url: ConnectionURL, options: String, offload: Offload, poller: Poller, deadlines: Deadlines) {
        self.url = url
        self.options = options
        self.offload = offload
        self.poller = poller
        self.deadlines = deadlines
    }

    func connect(timeout: UInt64) async throws(PostgresError) -> Connection {
        let attempt = unsafe Attempt(try await start())
        let expiry = deadlines.make { attempt.expire() }
        expiry.set(after: timeout)
        defer { expiry.cancel() }
        while true {
            switch attempt.poll() {
            case PGRES_POLLING_OK:
                return try unsafe Connection(attempt.take(), poller: poller, deadlines: deadlines)
            case PGRES_POLLING_READING: try await wait(attempt, .readable)
            case PGRES_POLLING_WRITING: try await wait(attempt, .writable)
            default: throw .unavailable(reason: attempt.message)
            }
        }
    }

    private func start() async throws(PostgresError) -> OpaquePointer {
        var parameters = url
        parameters["gssencmode"] = "disable"
        parameters["client_encoding"] = "UTF8"
        parameters["application_name"] = url["application_name"] ?? "lyceum"
        parameters["options"] = [url["options"], options].compactMap { $0 }.joined(separator: " ")
        parameters["hostaddr"] = try await addresses()
        let pairs = parameters.parameters
        let pointer = unsafe CStrings.with(pairs.map { $0.key }) { keys in
            unsafe CStrings.with(pairs.map { $0.value }) { values in
                unsafe PQconnectStartParams(keys, values, 0)
            }
        }
        guard let pointer = unsafe pointer else { throw .unavailable(reason: "out of memory") }
        return unsafe pointer
    }

    /// `hostaddr` for the hosts of the URL: libpq's own look-up would block the core.
    private func addresses() async throws(PostgresError) -> String? {
        guard url["hostaddr"] == nil, let hosts = url["host"] else { return url["hostaddr"] }
        let names = hosts.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
        if names.allSatisfy({ $0.hasPrefix("/") || $0.isEmpty }) { return nil }
        do {
            return try await offload.run {
                names.map { $0.hasPrefix("/") ? "" : Self.resolve($0) }.joined(separator: ",")
            }
        } catch {
            throw .unavailable(reason: "name look-up: \(error)")
        }
    }

    private static func resolve(_ host: String) -> String {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        // An unknown name goes on to libpq as it is, which then says so.
        guard unsafe getaddrinfo(host, nil, &hints, &found) == 0, let info = unsafe found else { return host }
        defer { unsafe freeaddrinfo(info) }
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let code = unsafe getnameinfo(
                info.pointee.ai_addr, info.pointee.ai_addrlen, buffer.baseAddress, 64, nil, 0, NI_NUMERICHOST)
            return code == 0 ? unsafe String(cString: buffer.baseAddress!) : host
        }
    }

    /// The descriptor may change from one poll to the next, so each wait registers it anew.
    private func wait(_ attempt: Attempt, _ interest: Readiness) async throws(PostgresError) {
        let token: Poller.Token
        do {
            token = try poller.add(attempt.descriptor, interest) { _ in attempt.resume() }
        } catch {
            throw .unavailable(reason: "\(error)")
        }
        await attempt.wait(on: poller)
        poller.remove(token)
        if attempt.isExpired { throw .unavailable(reason: "no connection in time") }
    }
}

/// A connection that is being made.
@safe private final class Attempt {
    private var connection: OpaquePointer?
    private let waiter = Suspension()
    private(set) var isExpired = false

    init(_ connection: OpaquePointer) { unsafe self.connection = unsafe connection }
    deinit { if let connection = unsafe connection { unsafe PQfinish(connection) } }

    var descriptor: Int32 { unsafe PQsocket(connection) }
    func poll() -> PostgresPollingStatusType {
        unsafe PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PQconnectPoll(connection)
    }
    var message: String {
        let text = unsafe String(cString: PQerrorMessage(connection))
        return text.split(separator: "\n").first.map { String($0) } ?? "refused"
    }

    func take() -> OpaquePointer {
        let taken = unsafe connection!
        unsafe connection = nil
        return unsafe taken
    }

    func wait(on poller: Poller) async {
        if isExpired { return }
        await waiter.wait(on: poller)
    }

    func resume() { waiter.resume() }

    func expire() {
        isExpired = true
        resume()
    }
}

/// NULL-ended arrays of C strings.
private enum CStrings {
    static func with<Value>(_ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value) -> Value {
        let copies = unsafe texts.map { unsafe strdup($0) }
        defer { unsafe copies.forEach { unsafe free($0) } }
        var pointers = unsafe copies.map { unsafe UnsafePointer($0) }
        unsafe pointers.append(nil)
        return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
    }
}
