/// Why migrations can't continue. Every message states the situation and what to do.
package enum MigrationError: Error, Sendable, CustomStringConvertible {
    case directory(String, String)
    case file(String, line: Int?, String)
    case gap(after: Int, next: String)
    case duplicate(String, String)
    /// The files and the database differ; one line for each difference.
    case mismatch([String])
    case destructive([(file: String, statement: DestructiveStatement)])
    case irreversible(String)
    case busy(holder: Int?, waited: Duration)
    case pooled
    case encoding(String)
    case nothingApplied
    /// A statement of a file of functions failed; its transaction was rolled back, including the numbered file's, if
    /// there was one. Without a file: an object that no file defines any more can't be dropped.
    case functions(file: String?, line: Int?, with: String?, BlockingConnection.Failure)
    /// The database differs from schema.sql; the difference.
    case otherSchema(String)
    case noSchemaFile
    /// `baseline` or `repair` is not possible: why, and what to do.
    case notToAdopt(String)
    /// A statement failed; its transaction was rolled back.
    case failed(file: String, line: Int?, BlockingConnection.Failure)
    /// A statement of a file without a transaction failed; the statements before it are in effect.
    case interrupted(
        file: String, up: Bool, line: Int, statement: Int, of: Int, invalidIndexes: [String],
        BlockingConnection.Failure)

    package var description: String {
        switch self {
        case .directory(let path, let problem):
            return "The directory \(path) \(problem)."
        case .file(let file, let line, let problem):
            return "\(file)\(Self.suffix(line)) \(problem)."
        case .gap(let version, let next):
            return "There is no migration \(version + 1), but there is \(next). Versions count 1, 2, 3 … without gaps."
        case .duplicate(let one, let other):
            return "Two migrations have the same number: \(one) and \(other). Give the newer one the next free number."
        case .mismatch(let problems):
            return "The files and the database don't agree:\n" + problems.map { "  - \($0)" }.joined(separator: "\n")
        case .destructive(let statements):
            return "These statements lose data or rewrite a table:\n"
                + statements.map { "  - \($0.file), \($0.statement)" }.joined(separator: "\n")
                + "\nLook at `lyceum migrate plan`, make a backup, then run with --allow-destructive. Nothing was changed."
        case .irreversible(let file):
            return "\(file) has no -- migrate:down part: it can't be undone. Nothing was changed."
        case .busy(let holder, let waited):
            return "Another migration holds the lock\(holder.map { " (backend \($0))" } ?? "") "
                + "and didn't release it within \(waited). Nothing was changed."
        case .pooled:
            return "The database URL leads to a proxy that shares server connections between transactions "
                + "(PgBouncer with pool_mode = transaction, say). A lock can't be kept through it: "
                + "set LYCEUM_OWNER_DATABASE_URL to PostgreSQL itself. Nothing was changed."
        case .encoding(let encoding):
            return "The database's encoding is \(encoding); Lyceum needs UTF8 (CREATE DATABASE … ENCODING 'UTF8')."
        case .nothingApplied:
            return "No migration is applied: there is nothing to undo."
        case .failed(let file, let line, let failure):
            return "\(file)\(Self.suffix(line)) failed and was rolled back completely:\n\(failure)"
                + Self.advice(failure)
        case .functions(let file, let line, let numbered, let failure):
            return (file.map { "\($0)\(Self.suffix(line)) failed" } ?? "Dropping objects that no file defines failed")
                + " and was rolled back\(numbered.map { ", \($0) with it" } ?? ""); no function was changed:\n\(failure)"
                + Self.advice(failure)
        case .otherSchema(let difference):
            return "The database (+) differs from schema.sql (-):\n\(difference)Nothing was changed."
        case .noSchemaFile:
            return "There is no schema.sql to compare the database with. Nothing was changed."
        case .notToAdopt(let reason):
            return "\(reason) Nothing was changed."
        case .interrupted(let file, let up, let line, let statement, let count, let indexes, let failure):
            var text =
                "\(file), line \(line): statement \(statement) of \(count) failed:\n\(failure)\n"
                + "The file runs without a transaction, so "
                + (statement == 1 ? "nothing of it is in effect" : "statements 1 to \(statement - 1) are in effect")
                + ", and schema_migrations has it as started. To go on: fix the cause, then run the same command "
                + "again; its \(up ? "up" : "down") part starts from the first statement. To go back: run "
                + "`lyceum migrate \(up ? "down" : "up")`."
            if !indexes.isEmpty {
                text += "\nInvalid indexes are left and must be dropped first: "
                text += indexes.map { "DROP INDEX CONCURRENTLY \($0);" }.joined(separator: " ")
            }
            return text
        }
    }

    private static func suffix(_ line: Int?) -> String { line.map { ", line \($0)," } ?? "" }

    private static func advice(_ failure: BlockingConnection.Failure) -> String {
        switch failure.sqlState {
        case "55P03":
            "\nSomebody else is using the table. Run it again at a quieter time, or with a longer --lock-timeout."
        case "25001":
            "\nThis statement can't run in a transaction: give the file a line -- migrate:no-transaction above "
                + "-- migrate:up."
        case "42P13", "42P16":
            "\nCREATE OR REPLACE can't change that: put a DROP … IF EXISTS of the old one into a numbered file."
        default: ""
        }
    }
}
