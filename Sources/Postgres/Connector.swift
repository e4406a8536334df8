import Reactor

/// Opens connections of one kind without blocking the core: the offload pool looks up names, and libpq is polled.
///
/// If there are several servers, each is tried separately in the URL's order, so that one that does not answer takes
/// only its share of the time. `target_session_attrs` decides which one is acceptable. Given the whole list, libpq
/// would wait for the first.
struct Connector {
    private let url: ConnectionURL
    private let options: String
    private let offload: Offload
    private let poller: Poller
    private let deadlines: Deadlines

    /// - Parameter options: server settings in the form `-c name=value …`.
    init(_ url: ConnectionURL, options: String, offload: Offload, poller: Poller, deadlines: Deadlines) {
        self.url = url
        self.options = options
        self.offload = offload
        self.poller = poller
        self.deadlines = deadlines
    }

    /// - Parameter timeout: nanoseconds for all servers together, divided among those not tried yet. If the URL has
    ///   `connect_timeout`, each address gets that time instead.
    func connect(timeout: UInt64) async throws(PostgresError) -> Connection {
        var refusals: [String] = []
        let candidates = await candidates(&refusals)
        let end = Clock.now + timeout
        for (index, candidate) in candidates.enumerated() {
            let rest = end - min(end, Clock.now)
            let share = max(rest / UInt64(candidates.count - index), min(timeout, .seconds(1)))
            do {
                let attempt = try ConnectionAttempt(parameters(for: candidate))
                let connection = try await unsafe attempt.finish(
                    poller: poller, deadlines: deadlines, timeout: url.connectTimeout.map { .seconds($0) } ?? share)
                return try unsafe Connection(connection, poller: poller, deadlines: deadlines)
            } catch .unavailable(let reason) {
                refusals.append(candidates.count > 1 ? "\(candidate.description): \(reason)" : reason)
            }
        }
        throw .unavailable(reason: refusals.joined(separator: "; "))
    }

    /// A server at one of its addresses, with the required session attributes.
    private struct Candidate: CustomStringConvertible {
        let host: ConnectionHost
        let sessionAttributes: String?

        var description: String { host.address ?? host.name ?? "the default host" }
    }

    /// The candidates in order. A name that cannot be looked up is added to the refusals.
    private func candidates(_ refusals: inout [String]) async -> [Candidate] {
        var hosts: [ConnectionHost] = []
        do {
            for host in try url.hosts() {
                do {
                    hosts += try await addresses(of: host)
                } catch {
                    refusals.append("name lookup: \(error)")
                }
            }
        } catch {
            refusals.append(error.message)
        }
        if url["load_balance_hosts"] == "random" { hosts.shuffle() }
        let wanted = sessionAttributes
        // libpq falls back to a primary only after all servers have turned out not to be a standby, which needs a
        // second pass.
        let passes = wanted == "prefer-standby" ? ["standby", "any"] : [wanted]
        return passes.flatMap { wanted in hosts.map { Candidate(host: $0, sessionAttributes: wanted) } }
    }

    /// libpq takes a session that its own options make read-only for a session on a standby, so ask for the role
    /// instead.
    private var sessionAttributes: String? {
        let wanted = url["target_session_attrs"]
        guard options.contains("default_transaction_read_only=on") else { return wanted }
        return wanted == "read-write" ? "primary" : wanted == "read-only" ? "standby" : wanted
    }

    private func addresses(of host: ConnectionHost) async throws -> [ConnectionHost] {
        guard host.needsLookUp, let name = host.name else { return [host] }
        return try await offload.run { try NameLookUp.addresses(of: name) }.map {
            ConnectionHost(name: name, address: $0, port: host.port)
        }
    }

    private func parameters(for candidate: Candidate) -> [(key: String, value: String)] {
        var parameters = url
        parameters["host"] = candidate.host.name
        parameters["hostaddr"] = candidate.host.address
        parameters["port"] = candidate.host.port
        parameters["target_session_attrs"] = candidate.sessionAttributes
        parameters["load_balance_hosts"] = nil
        parameters["gssencmode"] = "disable"
        parameters["client_encoding"] = "UTF8"
        parameters["application_name"] = url["application_name"] ?? "lyceum"
        parameters["options"] = [url["options"], options].compactMap { $0 }.joined(separator: " ")
        return parameters.parameters
    }
}
