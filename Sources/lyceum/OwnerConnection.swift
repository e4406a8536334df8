import DiaryServer
import Postgres

extension Settings {
    /// The database as its owner sees it, with this program's schema.
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
                "The schema of the database is older than this program (\(entries.count) pending): run "
                    + "`lyceum migrate up`.")
        case .newer(let entries):
            self.init(
                "The schema of the database is newer than this program (\(entries.count) without a file): use a newer "
                    + "program.")
        case .functions(let entries):
            let names = entries.prefix(3).map(\.path).joined(separator: ", ")
            self.init(
                "The functions of the database are not this program's (\(entries.count) files differ: \(names)"
                    + "\(entries.count > 3 ? " …" : "")): run `lyceum migrate up`, or use the program that they are of."
            )
        default: self.init("The schema of the database is not this program's: run `lyceum migrate status`.")
        }
    }
}
