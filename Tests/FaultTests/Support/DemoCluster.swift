import DiaryDemo
import Glibc
import Postgres
import Synchronization
import TestSupport

/// A cluster with the demo school, made once per process. Tests run copies of its directory.
final class DemoCluster: Sendable {
    static let shared = DemoCluster()
    static let today = "2025-11-19"
    static let password = "lyceum-demo"

    private let made = Mutex<Result<String, any Error>?>(nil)

    /// The directory of the stopped cluster.
    func get() throws -> String {
        try made.withLock { made in
            if made == nil { made = Result { try Self.make() } }
            return try made!.get()
        }
    }

    private static func make() throws -> String {
        let home = try Premises.shared.make("template")
        try Premises.run("postgres_directory $1; postgres_start $1 $1 fsync=off max_wal_size=2GB", [home])
        let superuser = "postgresql:///postgres?host=\(home)&user=postgres"
        let owner = "postgresql:///lyceum?host=\(home)&user=lyceum_owner"
        let connection = try BlockingConnection(url: superuser)
        try connection.query("CREATE ROLE lyceum_owner LOGIN CREATEROLE")
        try connection.query("CREATE DATABASE lyceum OWNER lyceum_owner TEMPLATE template0 ENCODING 'UTF8'")
        try Migrator(url: owner, Migrations.load(directory: TestDatabase.migrations)).up()
        try BlockingConnection(url: owner).execute(TestClock.function)
        try connection.query("CREATE ROLE lyceum_server LOGIN IN ROLE lyceum_app")
        _ = try Demo(seed: 29, today: today, schools: 1, students: 150, years: 1, hasTalk: false)
            .fill(BlockingConnection(url: owner)) { _ in }
        try connection.query("CHECKPOINT")
        try Premises.run("postgres_stop $1; sync -f $1", [home])
        return home
    }
}
