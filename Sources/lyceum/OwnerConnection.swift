import Crypto
import DiaryServer
import Postgres

extension Settings {
    /// A connection as the owner to a database with this program's schema.
    func ownerConnection() throws -> BlockingConnection {
        let url = try requireOwnerDatabaseURL()
        let connection = try BlockingConnection(url: url)
        try InstalledFiles(settings: self).requireSchema(of: connection, url: url)
        return connection
    }
}

extension InstalledFiles {
    /// - Parameter url: the one that the connection was opened with.
    /// - Throws: `StartChecks.Failure` when the database's schema is not this program's.
    func requireSchema(of connection: BlockingConnection, url: String) throws {
        let directory = try migrations()
        let isApplied = try InstalledSchema(directory: directory).isApplied(connection) {
            Hexadecimal.encode(try SHA256.hash(Array($0.utf8)))
        }
        if isApplied { return }
        let standing = try Migrator(url: url, Migrations.load(directory: directory)).standing()
        guard standing == .current else { throw StartChecks.Failure(schema: standing) }
    }
}

extension StartChecks.Failure {
    init(schema standing: Migrator.Standing) {
        switch standing {
        case .older(let entries):
            self.init(
                "The database's schema is older than this program (\(entries.count) pending): run "
                    + "`lyceum migrate up`.")
        case .newer(let entries):
            self.init(
                "The database's schema is newer than this program (by \(entries.count) migrations): use a newer "
                    + "program.")
        case .functions(let entries):
            let names = entries.prefix(3).map(\.path).joined(separator: ", ")
            self.init(
                "The database's functions are not those of this program (files that differ: \(entries.count), \(names)"
                    + "\(entries.count > 3 ? " …" : "")): run `lyceum migrate up`, or use the program that applied them."
            )
        default: self.init("The database's schema is not this program's: `lyceum migrate status` shows why.")
        }
    }
}
