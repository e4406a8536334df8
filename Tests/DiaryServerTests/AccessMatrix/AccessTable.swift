import DiaryTestSupport

/// A part of the access matrix as a table: a row for each operation, a column for each `Actor`. Each cell has the
/// status that the actor gets for the ids of the matrix, or `[]` for a 200 with an empty list. There are no defaults: a
/// row has all of its cells.
///
/// `|` is only decoration; `#` begins a comment. A row may be named `operation/variant`, if an operation is requested
/// in several ways.
struct AccessTable: Sendable {
    struct Row: Sendable {
        let name: String
        /// In the order of the actors.
        let cells: [String]

        var operation: String { String(name.prefix { $0 != "/" }) }
    }

    let rows: [Row]
    /// The requests of rows that do not use the default request.
    let requests: [String: AccessRequest]

    /// - Throws: `TestFailure` for a table that does not have each cell once.
    init(_ text: String, _ requests: [String: AccessRequest] = [:]) throws {
        let lines = text.split(separator: "\n").map { line in
            line.prefix { $0 != "#" }.split(separator: " ").filter { $0 != "|" }.map { String($0) }
        }.filter { !$0.isEmpty }
        guard let head = lines.first, head == Actor.allCases.map({ $0.abbreviation }) else {
            throw TestFailure("the header of a table does not have all actors in order: \(lines.first ?? [])")
        }
        rows = try lines.dropFirst().map { cells in
            let statuses = cells.dropFirst().filter { $0 == "[]" || Int($0).map { (200..<500).contains($0) } == true }
            guard cells.count == head.count + 1, statuses.count == head.count else {
                throw TestFailure("a row of a table does not have a status for each of \(head.count) actors: \(cells)")
            }
            return Row(name: cells[0], cells: statuses)
        }
        for name in requests.keys where !rows.contains(where: { $0.name == name }) {
            throw TestFailure("a request for \(name), which is not a row")
        }
        self.requests = requests
    }
}

/// The request of a row.
///
/// By default it sends an empty object, with a version in `If-Match` that no row has: so 412 means that the caller may
/// change the row in the path, but nothing is changed; 422 means that the caller may create a row.
struct AccessRequest: Sendable {
    /// The query of the address.
    var query = ""
    /// Ids in the path that differ from those of the matrix, by their names in the route.
    var ids: [String: String] = [:]
    /// Names of ids in braces are replaced with the matrix's ids.
    var body: String?
    /// Sent instead of JSON.
    var picture: [UInt8]?
    /// SQL that undoes, before each request, the changes of the previous one.
    var before: String?
}
