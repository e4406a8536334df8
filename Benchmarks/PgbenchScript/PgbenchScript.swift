import Diary
import Postgres

/// Prints the diary's queries, with the server's prefix, as a script for `pgbench -M prepared`: the database alone doing what
/// the server has it do, one pipeline a request, every value a parameter.
///
///     pgbench-script <school> <user> <student> <from> <to> <time zone>              the script
///     pgbench-script --variables <school> <user> <student> <from> <to> <time zone>  its -D arguments
@main struct PgbenchScript {
    /// Values by their pgbench variable: `:v0`, `:v1`, …
    private var values: [String] = []

    static func main() {
        let arguments = CommandLine.arguments.dropFirst().filter { $0 != "--variables" }
        guard arguments.count == 6, let school = Int(arguments[0]) else {
            print("usage: pgbench-script [--variables] <school> <user> <student> <from> <to> <time zone>")
            return
        }
        let scope = Scope(school: school, user: arguments[1], timeZone: arguments[5], requestID: "pgbench")
        let queries =
            [scope.forReading, StudentGate.open(school: school, arguments[2], readsAll: false, user: arguments[1])]
            + StudentDiary.queries(school: school, from: arguments[3], to: arguments[4])
        var script = PgbenchScript()
        let lines = queries.map { script.text(of: $0) }
        if CommandLine.arguments.contains("--variables") {
            print(script.values.enumerated().map { "-D v\($0.offset)=\($0.element)" }.joined(separator: " "))
        } else {
            print((["\\startpipeline"] + lines + ["\\endpipeline"]).joined(separator: "\n"))
        }
    }

    private mutating func text(of query: Query) -> String {
        var sql = query.statement.sql
        for (index, parameter) in query.parameters.enumerated().reversed() {
            sql = sql.replacing("$\(index + 1)", with: variable(for: parameter))
        }
        return sql.split(separator: "\n").joined(separator: " ") + ";"
    }

    private mutating func variable(for parameter: Parameter) -> String {
        let value: String
        switch parameter {
        case .text(let text): value = text.isEmpty ? "-" : text
        case .integer(let number): value = String(number)
        case .boolean(let flag): value = flag ? "t" : "f"
        case .null, .bytes, .texts: return "NULL"
        }
        if !values.contains(value) { values.append(value) }
        return ":v\(values.firstIndex(of: value)!)"
    }
}
