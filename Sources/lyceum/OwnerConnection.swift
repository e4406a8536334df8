import DiaryServer
import Postgres

extension Settings {
    /// A connection as the owner to a database with this program's schema.
    func ownerConnection() throws -> BlockingConnection {
        let url = try requireOwnerDatabaseURL()
        let migrations = try Migrations.load(directory: InstalledFiles(settings: self).migrations())
        let standing = try Migrator(url: url, migrations).standing()
        guard standing == .current else { throw StartChecks.Failure(schema: standing) }
        return try BlockingConnection(url: url)
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
