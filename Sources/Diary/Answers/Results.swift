import JSON
import Postgres

/// The results of the queries of one segment. A query is the key to its rows: there is no index to keep in step.
package struct Results {
    private let queries: [Query]
    private let rows: [Rows]
    /// Why PostgreSQL refused a query; that query and those after it have no rows.
    package let refusal: ServerError?

    package init(_ queries: [Query], _ rows: [Rows], refusal: ServerError? = nil) {
        self.queries = queries
        self.rows = rows
        self.refusal = refusal
    }

    /// The rows of a query that was sent; if it was sent twice, those of the first time.
    ///
    /// - Throws: the refusal, when the query has no rows because of it.
    package subscript(_ query: Query) -> Rows {
        get throws(PostgresError) {
            guard let index = queries.firstIndex(of: query) else {
                preconditionFailure("This query was not sent: \(query.statement.sql)")
            }
            if index < rows.count { return rows[index] }
            throw refusal.map { .refused($0) } ?? .unavailable(reason: "a query without a result")
        }
    }
}

extension Caller {
    /// Reads in one snapshot and one round trip, in the caller's name.
    package func results(of queries: [Query]) async throws -> Results {
        Results(queries, try await read(queries))
    }
}

extension Work {
    /// Runs the queries as one transaction or as a part of one; a refusal rolls all of them back.
    package func results(of queries: [Query]) async throws -> Results {
        let outcome = try await attempt(queries)
        return Results(queries, outcome.rows, refusal: outcome.refusal)
    }
}

extension Rows {
    /// The JSON array of strings in the first row.
    package func texts(_ name: String) -> [String] {
        guard let text = text(0, name), case .array(let items)? = try? JSONValue(parsing: Array(text.utf8)) else {
            return []
        }
        return items.compactMap { $0.text }
    }
}
