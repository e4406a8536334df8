import Diary
import Glibc
import Postgres
import Reactor
import TestSupport

/// A migrated database with some schools and a table that records each run.
package final class BackgroundRoom: Sendable {
    package let database: TestDatabase
    private let url: String
    private let logFile: String

    package init(schools: Int) async throws {
        database = try TestDatabase(.migrated)
        url = database.serverURL
        logFile = "/tmp/lyceum-background-\(UInt64.random(in: 0 ... .max)).log"
        let owner = try BlockingConnection(url: database.ownerURL)
        try owner.execute(
            """
            INSERT INTO schools (code, name, time_zone)
                SELECT 'school-' || n, 'School ' || n, 'Asia/Omsk' FROM generate_series(1, \(schools)) n;
            CREATE TABLE effects (
                id uuid NOT NULL, school_id integer NOT NULL DEFAULT lyceum.current_school(),
                request_id text NOT NULL DEFAULT current_setting('lyceum.request_id'),
                CHECK (current_setting('lyceum.time_zone') = 'Asia/Omsk')
            );
            CALL lyceum.protect('effects', 'select, insert');
            """)
    }

    deinit { unlink(logFile) }

    package var owner: BlockingConnection { get throws { try BlockingConnection(url: database.ownerURL) } }

    /// A loop like that of a process.
    package func loop(
        _ work: [BackgroundWork], concurrency: Int = 2, rhythm: Double = 0.05, wake: [Statement] = []
    ) throws -> BackgroundLoop {
        let descriptor = open(logFile, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var configuration = Background.Configuration(work: work)
        configuration.rhythm = rhythm
        configuration.concurrency = concurrency
        configuration.wake = wake
        return try BackgroundLoop(configuration, url, LogSink(descriptor: descriptor))
    }

    package func counting(
        _ name: String, _ rhythm: BackgroundWork.Rhythm = .onDemand, sleep: Double = 0
    ) -> BackgroundWork {
        BackgroundWork(name, rhythm) { attempt in
            if sleep > 0 { _ = try await attempt.run([BackgroundRoom.sleep(.text("\(sleep)"))]) }
            return try await BackgroundRoom.count(attempt)
        }
    }

    @discardableResult
    package func add(_ kind: String, school: Int = 1, attempts: Int = 0) throws -> String {
        try owner.query(
            """
            INSERT INTO pending (school_id, kind, id, due_at, attempts) VALUES ($1, $2, gen_random_uuid(), now(), $3)
            RETURNING id
            """, ["\(school)", kind, "\(attempts)"]
        ).first!
    }

    /// The kinds of all pieces.
    package func pieces() throws -> [String] {
        try owner.query("SELECT kind FROM pending ORDER BY kind").rows.compactMap { $0[0] }
    }

    /// The schools of all recorded runs.
    package func effects() throws -> [String] {
        try owner.query("SELECT school_id FROM effects ORDER BY 1").rows.compactMap { $0[0] }
    }

    package func log() throws -> [Substring] {
        var text: [UInt8] = []
        let file = fopen(logFile, "re")
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self).split(separator: "\n")
    }

    package static func count(_ attempt: Attempt) async throws -> BackgroundWork.Progress {
        _ = try await attempt.run([effect(attempt.piece)])
        return .done
    }

    package static func effect(_ piece: Piece) -> Query { insert(.text(piece.id)) }

    private static let insert = Statement("INSERT INTO effects (id) VALUES ($1::uuid)")
    package static let effectsSoFar = Statement("SELECT count(*) FROM effects")
    package static let nonsense = Statement("SELECT 1 / 0")
    package static let sleep = Statement("SELECT pg_sleep($1::float8)")
}
