import Crypto
import Postgres
import Web

/// What `lyceum import` does: an import as the owner of the database, the same as `POST /v1/imports/{kind}`.
package struct OwnerImport {
    private let connection: BlockingConnection
    private let school: String
    private let file: ImportFile

    /// - Parameter school: its code.
    package init(_ connection: BlockingConnection, school: String, _ kind: ImportKind, _ bytes: [UInt8]) {
        var identifiers = UUIDv7()
        self.connection = connection
        self.school = school
        file = ImportFile(kind, bytes) { identifiers.next() }
    }

    /// - Parameter progress: told the steps that are done, and how many there are.
    /// - Throws: `ImportRefusal`, `OwnerRefusal`, or `BlockingConnection.Failure`.
    package func run(
        isDryRun: Bool, isForced: Bool, progress: (_ done: Int, _ steps: Int) -> Void
    ) throws -> ImportReport {
        let task = Import(file, isForced: isForced)
        let steps = task.writing.count + 2
        var done = 0
        return try connection.transaction {
            let id = try enter()
            func rows(_ statement: Statement) throws -> [[String?]] {
                progress(done, steps)
                done += 1
                return try connection.query(statement.sql, [id, file.rows]).rows
            }
            try connection.query(ImportStatements.lock.sql, [id])
            let findings = try rows(task.statements.examine)
            let missing = try task.check(findings: findings, comparison: try rows(task.statements.compare))
            try connection.execute("SAVEPOINT import")
            let changes = try task.writing.map { try rows($0) }
            try connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            if isDryRun { try connection.execute("ROLLBACK TO SAVEPOINT import") }
            progress(done, steps)
            return task.report(changes, missing: missing, isDryRun: isDryRun)
        }
    }

    /// The school's id.
    private func enter() throws -> String {
        let row = try connection.query("SELECT id, time_zone FROM schools WHERE code = $1", [school]).rows.first
        guard let id = row?[0], let zone = row?[1], let number = Int(id) else { throw OwnerRefusal.noSchool(school) }
        try connection.explain("command line: import")
        try connection.enter(school: number, timeZone: zone)
        return id
    }
}

extension ImportRefusal {
    /// A line for each fault, and one for those that are not told.
    package func lines(of file: String) -> [String] {
        switch self {
        case .shrinks(let known, let missing):
            [
                "\(file) leaves out \(missing) of \(known) that are known: it may be cut. If it is not, add --force. "
                    + "Nothing was changed."
            ]
        case .faults(let faults):
            faults.prefix(Import.toldFaults).map {
                "\(file): row \($0.row), column \($0.column): \($0.detail.english) (\($0.code))"
            }
                + (faults.count > Import.toldFaults ? ["… and \(faults.count - Import.toldFaults) more."] : [])
                + ["Nothing was changed."]
        }
    }
}
