/// Why migrations can't continue. Every message states the situation and what to do.
package enum MigrationError: Error, Sendable, CustomStringConvertible {
    case directory(String, String)
    case file(String, line: Int?, String)
    case gap(after: Int, next: String)
    case duplicate(String, String)
    /// The files and the database differ; one line for each difference.
    case mismatch([String])
    case destructive([(file: String, statement: DestructiveStatement)])
    /// What undoing files would lose.
    case losing([(file: String, statements: [DestructiveStatement])])
    /// How many files above it can be undone.
    case irreversible(String, possible: Int)
    case noSuchVersion(Int, newest: Int)
    case tooManySteps(Int, applied: Int)
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
    /// Stopped from outside. Files in the order in which they were run; what is in effect of a file without a
    /// transaction.
    case stopped(signal: Int32, up: Bool, done: [String], left: [String], partly: String?)
    /// Stopped from outside; it was one transaction.
    case abandoned(signal: Int32)
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
            return "Migration \(version + 1) is missing, but there is \(next). Versions are 1, 2, 3 … without gaps."
        case .duplicate(let one, let other):
            return "Two migrations have the same number: \(one) and \(other). Give the newer one the next free number."
        case .mismatch(let problems):
            return "The files and the database disagree:\n" + problems.map { "  - \($0)" }.joined(separator: "\n")
        case .destructive(let statements):
            return "These statements lose data or rewrite a table:\n"
                + statements.map { "  - \($0.file), \($0.statement)" }.joined(separator: "\n")
                + "\nNothing was changed. Read `lyceum migrate plan`, make a backup, then add --allow-destructive."
        case .losing(let files):
            return "Undoing \(files.count == 1 ? "this migration" : "\(files.count) migrations") loses data:\n"
                + files.map { file, statements in
                    let what = statements.map(\.description).joined(separator: "; ")
                    return "  - \(file)\(what.isEmpty ? "" : ", \(what)")"
                }.joined(separator: "\n")
                + "\nNothing was changed. Make a backup, then add --allow-destructive."
        case .irreversible(let file, let possible):
            return "\(file) can't be undone: it has no statements under -- migrate:down. "
                + (possible == 0
                    ? "Write them, or restore a backup."
                    : "--steps \(possible) undoes what was applied after it.") + " Nothing was changed."
        case .noSuchVersion(let version, let newest):
            return "There is no migration \(version): the newest is \(newest). Nothing was changed."
        case .tooManySteps(let steps, let applied):
            return
                "Can't undo \(steps) migrations: only \(applied) \(applied == 1 ? "is" : "are") applied. Nothing was changed."
        case .abandoned: return "Stopped and rolled back. Nothing was changed."
        case .stopped(_, let up, let done, let left, let partly):
            return Self.stopped(up: up, done: done, left: left, partly: partly)
        case .busy(let holder, let waited):
            return "Another migration holds the lock\(holder.map { " (backend \($0))" } ?? "") "
                + "and didn't release it within \(waited). Nothing was changed."
        case .pooled:
            return "The database URL leads to a proxy that shares server connections between transactions "
                + "(such as PgBouncer with pool_mode = transaction). It can't hold the migration's lock: "
                + "point LYCEUM_OWNER_DATABASE_URL directly at PostgreSQL. Nothing was changed."
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
                text += "\nDrop the invalid indexes that are left first: "
                text += indexes.map { "DROP INDEX CONCURRENTLY \($0);" }.joined(separator: " ")
            }
            return text
        }
    }

    private static func stopped(up: Bool, done: [String], left: [String], partly: String?) -> String {
        var lines = ["Stopped."]
        if let partly {
            lines.append(partly)
        } else if let file = left.first {
            lines.append("\(file) was not \(up ? "applied" : "undone"): nothing of it was changed.")
        } else if up {
            lines.append("The functions were not applied.")
        }
        lines.append(
            done.isEmpty
                ? "No migration was \(up ? "applied" : "undone")."
                : "\(up ? "Applied" : "Undone"): \(done.joined(separator: ", ")).")
        if !left.isEmpty { lines.append("\(up ? "Pending" : "Still applied"): \(left.joined(separator: ", ")).") }
        if up {
            lines.append("To go on, run `lyceum migrate up`.")
        } else {
            lines.append("To go on, run `lyceum migrate down\(left.count > 1 ? " --steps \(left.count)" : "")`.")
            if !done.isEmpty {
                lines.append("Functions, views and triggers are gone; `lyceum migrate up` makes them again.")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func suffix(_ line: Int?) -> String { line.map { ", line \($0)," } ?? "" }

    private static func advice(_ failure: BlockingConnection.Failure) -> String {
        switch failure.sqlState {
        case "55P03":
            "\nThe table is in use. Try again at a quieter time, or with a longer --lock-timeout."
        case "25001":
            "\nThis statement can't run in a transaction: add a line -- migrate:no-transaction above -- migrate:up."
        case "42P13", "42P16":
            "\nCREATE OR REPLACE can't change that: add DROP … IF EXISTS for the old one to a numbered file."
        default: ""
        }
    }
}
