import DiaryTestSupport

/// A part of the access matrix, written as a table: a row for each operation, a column for each `Actor`, and in each cell the
/// status that the actor gets for the ids of the matrix, or `[]` for a 200 with a list that has nothing in it. There are no
/// defaults: a row says all of its cells.
///
/// `|` are for the eye; what follows `#` is a comment. A row may be named `operation/variant`, where one operation is asked in
/// more ways than one.
struct AccessTable: Sendable {
    struct Row: Sendable {
        let name: String
        /// In the order of the actors.
        let cells: [String]

        var operation: String { String(name.prefix { $0 != "/" }) }
    }

    let rows: [Row]
    /// How the rows are asked, where that is not as usual.
    let requests: [String: AccessRequest]

    /// - Throws: `TestFailure` for a table that does not say each cell once.
    init(_ text: String, _ requests: [String: AccessRequest] = [:]) throws {
        let lines = text.split(separator: "\n").map { line in
            line.prefix { $0 != "#" }.split(separator: " ").filter { $0 != "|" }.map { String($0) }
        }.filter { !$0.isEmpty }
        guard let head = lines.first, head == Actor.allCases.map({ $0.abbreviation }) else {
            throw TestFailure("the head of a table is not all actors in their order: \(lines.first ?? [])")
        }
        rows = try lines.dropFirst().map { cells in
            let statuses = cells.dropFirst().filter { $0 == "[]" || Int($0).map { (200..<500).contains($0) } == true }
            guard cells.count == head.count + 1, statuses.count == head.count else {
                throw TestFailure("a row of a table has not a status for each of \(head.count) actors: \(cells)")
            }
            return Row(name: cells[0], cells: statuses)
        }
        for name in requests.keys where !rows.contains(where: { $0.name == name }) {
            throw TestFailure("a request for \(name), which is no row")
        }
        self.requests = requests
    }
}

/// What is sent for a row.
///
/// As usual an empty object, with a version that nothing has in `If-Match`: so 412 means that the caller may change what the
/// path names, and nothing is changed; 422 that it may make something.
struct AccessRequest: Sendable {
    /// Behind the path.
    var query = ""
    /// Ids of the path, by their names in the route, where they are others.
    var ids: [String: String] = [:]
    /// `{id}` of the matrix's ids is filled in.
    var body: String?
    /// Instead of JSON.
    var picture: [UInt8]?
    /// SQL that puts back before each request what another one has changed.
    var before: String?
}
