import HTTP1
import JSON
import Postgres
import Web

/// The answer of every list: `items`, `next_cursor`, `total` where asked for, and `Link: …; rel="next"` (RFC 8288).
package struct ListAnswer {
    private let request: Request
    private let caller: Caller
    private let page: Page

    package init(_ request: Request, _ caller: Caller, _ page: Page) {
        self.request = request
        self.caller = caller
        self.page = page
    }

    /// - Parameters:
    ///   - gate: without a row of it there is no list.
    ///   - items: one row more than the page's limit when there are more.
    ///   - key: the columns of the sort key, for the cursor.
    ///   - total: one row with `total`, NULL when nobody asked.
    ///   - keeping: how this caller's pages are kept; nil: not. What the page adds to the key is added here.
    ///   - children: lists inside of each item.
    package func read(
        behind gate: Query? = nil, _ items: Query, key: [String], total: Query,
        keeping: Keeping? = nil, @ListBuilder _ children: () -> [List] = { [] }
    ) async throws -> Response {
        let answer = Answer(capacity: 8 * 1024) {
            if let gate { Gate(gate) }
            List("items", items, limit: page.limit, children)
            Member("next_cursor") { writer, results in
                if let cursor = cursor(try results[items], key) { writer.string(cursor) } else { writer.null() }
            }
            if page.wantsTotal { Fields(total) } else { Silent(total) }
        }
        let make = { (results: Results) in
            linked(.json(try answer.json(results)), cursor(try results[items], key))
        }
        guard var keeping else { return try make(try await answer.read(for: caller)) }
        keeping.values += [base, request.head.query]
        return try await answer.kept(for: caller, keeping, make)
    }

    private var base: String { caller.services.settings.publicURL ?? request.origin ?? "" }

    /// Where the next page begins; nil when there is none.
    private func cursor(_ rows: Rows, _ key: [String]) -> String? {
        guard rows.count > page.limit else { return nil }
        return page.cursor(key.map { rows.text(page.limit - 1, $0) ?? "" })
    }

    private func linked(_ response: Response, _ cursor: String?) -> Response {
        guard let cursor else { return response }
        var response = response
        response.headers.append(("Link", "<\(next(cursor))>; rel=\"next\""))
        return response
    }

    private func next(_ cursor: String) -> String {
        let query = (request.head.query ?? "").split(separator: "&").filter { !$0.hasPrefix("cursor=") }
        return base + request.head.path + "?" + (query + ["cursor=\(cursor)"]).joined(separator: "&")
    }
}
