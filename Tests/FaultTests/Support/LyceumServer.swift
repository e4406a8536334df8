import Crypto
import Glibc
import JSON
import Reactor
import Synchronization
import TestSupport

/// The executable as `lyceum serve`, in its own process.
final class LyceumServer: Sendable {
    private let home: String
    private let databaseURL: String
    private let grace: Int
    private let cores: Int
    private let environment: [String]
    private let process = Mutex<Child?>(nil)
    private let listening = Mutex<UInt16>(0)

    var port: UInt16 { listening.withLock { $0 } }

    /// Starts it and waits until it listens.
    ///
    /// - Parameter environment: further settings.
    init(_ databaseURL: String, cores: Int = 2, grace: Int = 10, environment: [String] = []) throws {
        home = try Premises.shared.make("server")
        self.databaseURL = databaseURL
        self.cores = cores
        self.grace = grace
        self.environment = environment
        let resources = home + "/resources"
        mkdir(resources, 0o755)
        symlink(TestDatabase.migrations, resources + "/Migrations")
        symlink(TestDatabase.repository + "/Templates", resources + "/Templates")
        symlink(TestDatabase.repository + "/openapi.yaml", resources + "/openapi.yaml")
        // Nobody reads the contract here, and generating it takes longer than a test.
        let json = fopen(resources + "/openapi.json", "we")
        fputs("{}", json)
        fclose(json)
        try start()
    }

    deinit { _ = try? Premises.run("rm -rf $1", [home]) }

    /// Starts it again on the same port.
    func start() throws {
        let log = home + "/log"
        unlink(log)
        let child = try Child(
            [
                Self.executable, "serve", "--port", "\(port)", "--cores", "\(cores)", "--grace", "\(grace)",
                "--resources", home + "/resources", "--public-url", "http://lyceum.test", "--log-level", "notice",
            ],
            environment: [
                "LYCEUM_DATABASE_URL=\(databaseURL)", "LYCEUM_CONFIG=",
                "LYCEUM_RATE_REQUESTS=0",
                "LYCEUM_TOKEN_KEYS=k1:\(Base64.url.encode(Array("0123456789abcdef0123456789abcdef".utf8)))",
            ] + environment, output: log)
        process.withLock { $0 = child }
        let file = fopen(home + "/server.pid", "we")
        fputs("\(child.pid)\n", file)
        fclose(file)
        let port: Int = try eventually("the server listens: \(self.log)", seconds: 60) {
            if let status = try child.wait(seconds: 0) { throw Failure("the server ended with \(status): \(self.log)") }
            return self.log.split(separator: "\n").lazy.compactMap { Self.port(in: $0) }.first
        }
        listening.withLock { $0 = UInt16(port) }
    }

    /// Kills it without warning.
    func kill() throws {
        process.withLock { $0 }?.signal(SIGKILL)
        _ = try end(seconds: 10)
    }

    func signal(_ number: Int32) { process.withLock { $0 }?.signal(number) }

    /// Waits for its end.
    ///
    /// - Returns: the exit code.
    func end(seconds: Double) throws -> Int32 {
        let status = try process.withLock { $0 }?.wait(seconds: seconds)
        unlink(home + "/server.pid")
        guard let status else { throw Failure("the server does not end") }
        return status
    }

    var isAlive: Bool { get throws { try process.withLock { $0 }?.wait(seconds: 0) == nil } }

    /// The log since its last start.
    var log: String { Premises.contents(home + "/log") }

    /// Its 500 answers, and output before a crash.
    var unforeseen: [Substring] {
        log.split(separator: "\n").filter {
            $0.contains("unforeseen") || $0.contains("\"status\":500") || $0.contains("Fatal error")
                || $0.contains("SIG")
        }
    }

    /// A connection of an anonymous client.
    func client(patience: Int = 30) -> HTTPClient { HTTPClient(port: port, patience: patience) }

    /// Signs in.
    ///
    /// - Returns: the token.
    func signIn(_ login: String) throws -> String {
        let answer = try client().send(
            "POST", "/v1/auth/token",
            json: """
                {"grant_type": "password", "school": "lyceum29", "username": "\(login)", \
                "password": "\(DemoCluster.password)"}
                """)
        guard answer.status == 200, let token = answer.json["access_token"]?.string else {
            throw Failure("\(login) cannot sign in: \(answer.status) \(answer.text)")
        }
        return token
    }

    /// Waits until `/readyz` answers 200 on each of 8 new connections, which reach both cores.
    func waitUntilReady(seconds: Double) throws {
        try eventually("/readyz is 200", seconds: seconds) {
            for _ in 0..<8 where (try? self.client().send("GET", "/readyz").status) != 200 { return false }
            return true
        }
    }

    private static func port(in line: Substring) -> Int? {
        guard line.contains("\"listening\""), let json = try? JSONValue(parsing: Array(line.utf8)) else { return nil }
        return json["port"]?.string.flatMap { Int($0) } ?? json["port"]?.int
    }

    /// The path next to the tests' own program.
    private static let executable: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let path = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            + "/lyceum"
    }()
}
