import FoundationEssentials
import Postgres

/// A database for one suite, dropped with the last reference to it.
///
///     @Suite struct MarksTests {
///         let database = try TestDatabase(.migrated)
package final class TestDatabase: Sendable {
    package enum Kind: Sendable {
        /// Empty, and belongs to the owner role.
        case empty
        /// All migrations applied.
        case migrated
        /// Migrated, then filled by the closure, which gets the owner's URL. The first one in the process fills it for
        /// all.
        case demo(@Sendable (_ ownerURL: String) throws -> Void)
    }

    package let name: String
    /// As lyceum_owner: migrations, bulk loads.
    package let ownerURL: String
    /// As lyceum_server: what `serve` gets.
    package let serverURL: String
    /// As the cluster's superuser.
    package let superuserURL: String

    package init(_ kind: Kind) throws {
        let cluster = TestCluster.shared
        switch kind {
        case .empty:
            name = try cluster.create(template: nil) { _ in }
        case .migrated:
            name = try cluster.create(template: "migrated") { try Self.migrate($0) }
        case .demo(let fill):
            name = try cluster.create(template: "demo") { database in
                try Self.migrate(database)
                try fill(cluster.url(database: database, user: "lyceum_owner"))
            }
        }
        ownerURL = try cluster.url(database: name, user: "lyceum_owner")
        serverURL = try cluster.url(database: name, user: "lyceum_server")
        superuserURL = try cluster.url(database: name, user: nil)
    }

    deinit { TestCluster.shared.drop(name) }

    /// `Migrations/` of this checkout.
    package static let migrations: String = repository + "/Migrations"

    /// The directory that holds Package.swift.
    package static let repository: String = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    private static func migrate(_ database: String) throws {
        let url = try TestCluster.shared.url(database: database, user: "lyceum_owner")
        try Migrator(url: url, Migrations.load(directory: migrations)).up()
    }
}
