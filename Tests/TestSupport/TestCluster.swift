import FoundationEssentials
import Glibc
import Postgres
import Synchronization

/// The temporary PostgreSQL that script/test starts: its roles, and the templates from which test databases are cloned.
///
/// The processes of one run share templates: the first one that needs a template makes it, under a lock. All other
/// databases of a process are dropped when it ends.
final class TestCluster: Sendable {
    static let shared = TestCluster()

    private let superuserURL: String
    /// The run as named by script/test. Without it the process shares nothing and leaves nothing.
    private let run: String?
    private let state = Mutex(State())

    private struct State {
        var databases: Set<String> = []
        var counter = 0
    }

    private init() {
        guard let url = ProcessInfo.processInfo.environment["LYCEUM_TEST_DATABASE_URL"] else {
            fatalError(
                """
                LYCEUM_TEST_DATABASE_URL is not set. script/test starts a PostgreSQL for the tests and sets it; to use \
                another one, set it to a superuser's URL: postgresql:///postgres?host=/run/postgresql&user=postgres
                """)
        }
        superuserURL = url
        run = ProcessInfo.processInfo.environment["LYCEUM_TEST_RUN"]
        atexit { TestCluster.shared.dropAll() }
    }

    /// A URL of this cluster for another database or role.
    func url(database: String, user: String?) throws -> String {
        var url = try ConnectionURL(superuserURL)
        url["dbname"] = database
        if let user {
            url["user"] = user
            url["password"] = nil
        }
        return url.text
    }

    /// Creates a database: empty, or a clone of the template named `template`, which `fill` fills the first time.
    func create(template: String?, fill: (_ database: String) throws -> Void) throws -> String {
        try state.withLock { state in
            let connection = try BlockingConnection(url: superuserURL)
            // Other processes of the run share the cluster, and roles are global.
            try connection.query("SELECT pg_advisory_lock(hashtext('lyceum test cluster'))")
            try connection.execute(Self.ownerRole)
            guard let template else { return try newDatabase(from: nil, connection, &state) }
            let name = "lyceum_template_\(run ?? "\(getpid())")_\(template)"
            if try connection.query("SELECT FROM pg_database WHERE datname = $1", [name]).rows.isEmpty {
                // It gets its name when it is complete, because the process may die before.
                let unfinished = try newDatabase(from: nil, connection, &state)
                try fill(unfinished)
                try connection.execute(Self.serverRole)
                try connection.query("ALTER DATABASE \(unfinished) RENAME TO \(name)")
                state.databases.remove(unfinished)
                if run == nil { state.databases.insert(name) }
            }
            return try newDatabase(from: name, connection, &state)
        }
    }

    func drop(_ database: String) {
        state.withLock { state in
            if state.databases.remove(database) != nil { drop([database]) }
        }
    }

    private func dropAll() {
        state.withLock { state in
            drop(Array(state.databases))
            state.databases = []
        }
    }

    private func drop(_ databases: [String]) {
        guard !databases.isEmpty, let connection = try? BlockingConnection(url: superuserURL) else { return }
        for database in databases {
            _ = try? connection.query("DROP DATABASE IF EXISTS \(database) WITH (FORCE)")
        }
    }

    private func newDatabase(
        from template: String?, _ connection: BlockingConnection, _ state: inout State
    ) throws -> String {
        state.counter += 1
        let name = "lyceum_test_\(getpid())_\(state.counter)"
        // Copying files is twice as fast here as the write-ahead log, since nothing is synchronised to disk.
        try connection.query(
            """
            CREATE DATABASE \(name) OWNER lyceum_owner TEMPLATE \(template ?? "template0") ENCODING 'UTF8'
            STRATEGY file_copy
            """)
        state.databases.insert(name)
        return name
    }

    private static let ownerRole = """
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lyceum_owner') THEN
                CREATE ROLE lyceum_owner LOGIN CREATEROLE;
            END IF;
        END $$
        """

    /// The first migration creates the group role lyceum_app.
    private static let serverRole = """
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lyceum_server') THEN
                CREATE ROLE lyceum_server LOGIN;
            END IF;
            GRANT lyceum_app TO lyceum_server;
        END $$
        """
}
