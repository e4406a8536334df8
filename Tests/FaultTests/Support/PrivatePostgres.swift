import Glibc
import Postgres
import Synchronization

/// A PostgreSQL of one test, which may be restarted, killed and stopped. It syncs to disk as in production.
final class PrivatePostgres: Sendable {
    enum Stop: String {
        /// Ends open sessions and writes everything.
        case fast
        /// As after a crash: the next start recovers from the log.
        case immediate
    }

    let home: String
    let port: UInt16
    private let settings: [String]

    /// Starts a copy of the demo school's cluster.
    ///
    /// - Parameters:
    ///   - listens: also on 127.0.0.1.
    ///   - prepare: changes the copy before it starts.
    init(
        listens: Bool = false, settings: [String] = [], prepare: (_ home: String) throws -> Void = { _ in }
    ) throws {
        let template = try DemoCluster.shared.get()
        home = try Premises.shared.make("postgres")
        try Premises.run("postgres_directory $1; cp -a $2/data $1/", [home, template])
        try prepare(home)
        port = try Port.free()
        self.settings = Self.settings(listens: listens, port: port) + settings
        try start()
    }

    /// Starts a standby made by `pg_basebackup`.
    init(standbyOf primary: PrivatePostgres) throws {
        home = try Premises.shared.make("postgres")
        try Premises.run(
            """
            postgres_directory $1
            as_postgres $(postgres_programs)/pg_basebackup -h 127.0.0.1 -p $2 -U postgres -D $1/data -R -X stream -c fast
            """, [home, "\(primary.port)"])
        port = try Port.free()
        settings = Self.settings(listens: true, port: port)
        try start()
    }

    deinit {
        resume()
        try? stop(.immediate)
        _ = try? Premises.run("rm -rf $1", [home])
    }

    private static func settings(listens: Bool, port: UInt16) -> [String] {
        [
            "port=\(port)", "listen_addresses=\(listens ? "127.0.0.1" : "")", "fsync=on", "synchronous_commit=on",
            "full_page_writes=on", "shared_buffers=64MB", "max_connections=60", "autovacuum_naptime=1h",
            "wal_level=replica", "log_checkpoints=off",
        ]
    }

    // MARK: Life and death

    func start() throws { try Premises.run("postgres_start $1 $1 \"${@:2}\"", [home] + settings) }

    func stop(_ mode: Stop) throws {
        try Premises.run(
            """
            if postgres_running $1; then
                as_postgres $(postgres_programs)/pg_ctl stop -D $1/data -m $2 -w -t 60 -s
            fi
            """, [home, mode.rawValue])
    }

    func restart(_ mode: Stop) throws {
        try stop(mode)
        try start()
    }

    /// Promotes a standby to primary.
    func promote() throws {
        try Premises.run("as_postgres $(postgres_programs)/pg_ctl promote -D $1/data -w -t 60 -s", [home])
    }

    /// Stops all its processes, which looks to the other side like a network that drops everything.
    func pause() {
        guard let postmaster else { return }
        kill(postmaster, SIGSTOP)
        for child in Processes.children(of: postmaster) { kill(child, SIGSTOP) }
    }

    func resume() {
        guard let postmaster else { return }
        for child in Processes.children(of: postmaster) { kill(child, SIGCONT) }
        kill(postmaster, SIGCONT)
    }

    var isRunning: Bool { postmaster.map { kill($0, 0) == 0 } ?? false }

    var log: String { Premises.contents(home + "/postgres.log") }

    private var postmaster: pid_t? {
        pid_t(Premises.contents(home + "/data/postmaster.pid").split(separator: "\n").first ?? "")
    }

    // MARK: Connections

    /// The URL for `serve`: "today" is the demo school's.
    var serverURL: String { get throws { try url("lyceum_server", options: "-c lyceum.today=\(DemoCluster.today)") } }

    var serverURLOverTCP: String {
        get throws { try url("lyceum_server", host: "127.0.0.1", options: "-c lyceum.today=\(DemoCluster.today)") }
    }

    func owner() throws -> BlockingConnection { try BlockingConnection(url: url("lyceum_owner")) }
    func superuser() throws -> BlockingConnection { try BlockingConnection(url: url("postgres")) }

    private func url(_ user: String, host: String? = nil, options: String? = nil) throws -> String {
        var url = try ConnectionURL("postgresql:///lyceum")
        url["host"] = host ?? home
        url["port"] = "\(port)"
        url["user"] = user
        url["options"] = options
        return url.text
    }
}

enum Processes {
    /// The processes whose parent is `parent`.
    static func children(of parent: pid_t) -> [pid_t] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var found: [pid_t] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let pid = pid_t(name) else { continue }
            // The name in parentheses may contain spaces; the state and the parent follow it.
            let fields = Premises.contents("/proc/\(pid)/stat").split(separator: ")").last?.split(separator: " ")
            if let fields, fields.count > 1, pid_t(fields[1]) == parent { found.append(pid) }
        }
        return found
    }
}

enum Port {
    /// A port on which nobody listens.
    static func free() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        return try Loopback.bind(descriptor, port: 0)
    }
}
