import Glibc
import JSON
import Postgres
import Reactor

/// Writes through any of the servers, and repeats each request until its outcome is known. For one thread at a time.
///
/// A repeat has the key of its request, so a request that was lost in a dying process can't happen after a later one.
final class StormClient {
    private let clients: [HTTPClient]
    let database: PrivatePostgres
    private var connection: BlockingConnection?
    private var turn = 0
    private let name = "\(UInt32.random(in: 0 ... .max))"

    init(_ servers: [LyceumServer], _ database: PrivatePostgres) {
        clients = servers.map { $0.client() }
        self.database = database
    }

    /// - Returns: the answer, whose status is 2xx.
    @discardableResult
    func write(
        _ method: String, _ path: String, _ session: StormSession, json: String? = nil
    ) throws -> HTTPClient.Answer {
        turn += 1
        let fields = [("Idempotency-Key", "\(name)-\(turn)"), ("If-Match", "*")]
        var attempt = turn
        let end = Clock.now + .seconds(60)
        var last = ""
        while Clock.now < end {
            attempt += 1
            let client = clients[attempt % clients.count]
            let token = session.token
            client.token = token
            if let answer = try? client.send(method, path, fields: fields, json: json) {
                last = "\(answer.status) \(answer.text)"
                switch (answer.status, answer.code) {
                case (200..<300, _): return answer
                case (401, _): session.renew(token)
                case (503, _), (_, "idempotency_in_progress"): break
                default: throw Failure("\(method) \(path) \(json ?? ""): \(last)")
                }
            }
            usleep(5000)
        }
        throw Failure("\(method) \(path) \(json ?? ""): no outcome, at last \(last)")
    }

    /// As the owner of the database, whom no rule of a person binds.
    ///
    /// - Returns: whether it was acknowledged.
    func write(_ sql: String, _ parameters: [String]) throws -> Bool {
        do {
            if connection == nil { connection = try database.owner() }
            try connection!.query(sql, parameters)
            return true
        } catch {
            connection = nil
            // Anything but a lost connection is a mistake of the storm.
            if let failure = error as? BlockingConnection.Failure,
                ["22", "23", "42", "LY"].contains(failure.sqlState?.prefix(2))
            {
                throw Failure("\(sql): \(failure)")
            }
            usleep(20_000)
            return false
        }
    }
}

extension StormClient {
    func read(_ sql: String, _ parameters: [String]) throws -> String {
        guard let value = try database.owner().query(sql, parameters).first else { throw Failure("nothing: \(sql)") }
        return value
    }
}
