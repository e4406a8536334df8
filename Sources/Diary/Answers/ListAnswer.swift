import HTTP1
import JSON
import Postgres
import Web

/// The answer of every list: `items`, `next_cursor`, `total` if requested, and `Link: …; rel="next"` (RFC 8288).
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
    ///   - gate: when it returns no row, the answer is a 404.
    ///   - items: returns one row more than the page's limit when there are more.
    ///   - key: the columns of the sort key, for the cursor.
    ///   - hidden: columns of the items that are not written.
    ///   - total: returns one row with `total`, NULL when the client did not ask for it.
    ///   - pull: for a list that other programs keep a copy of.
    ///   - record: records the reading, in the transaction that reads (K2).
    ///   - parts: members of the answer beside the list.
    ///   - keeping: how this caller's pages are kept; nil if they are not. The URL becomes part of the key.
    ///   - children: lists inside each item.
    package func read(
        behind gate: Query? = nil, _ items: Query, without hidden: Set<String> = [], key: [String], total: Query,
        pull: Pull? = nil, recording record: Query? = nil, keeping: Keeping? = nil,
        beside parts: [AnswerPart] = [],
        @ListBuilder _ children: () -> [List] = { [] }
    ) async throws -> Response {
        let answer = Answer(capacity: 8 * 1024) {
            if let gate { Gate(gate) }
            if let pull { Gate(pull.now, unless: "_expired", else: Problem(.cursorExpired)) }
            List("items", items, limit: page.limit, without: hidden, children)
            Member("next_cursor") { writer, results in
                if let cursor = try cursor(results, items, key, pull) { writer.string(cursor) } else { writer.null() }
            }
            if let pull {
                Member("watermark") { writer, results in writer.string(try pull.watermark(results)) }
            }
            if page.wantsTotal { Fields(total) } else { Silent(total) }
            if let record { Silent(record) }
            parts
        }
        if var keeping, record == nil {
            // The link to the next page repeats the path as the client has written it.
            keeping.values += [base + request.head.path, request.head.query]
            return try await answer.kept(for: caller, keeping) { results in
                linked(.json(try answer.json(results)), try cursor(results, items, key, pull))
            }
        }
        let (response, results) = try await answer.plain(for: caller, isRecorded: record != nil)
        return linked(response, try cursor(results, items, key, pull))
    }

    private var base: String { caller.services.base(of: request) }

    /// The cursor of the next page; nil on the last page.
    private func cursor(_ results: Results, _ items: Query, _ key: [String], _ pull: Pull?) throws -> String? {
        let rows = try results[items]
        guard rows.count > page.limit else { return nil }
        return page.cursor(key.map { rows.text(page.limit - 1, $0) ?? "" } + (try pull?.keys(results) ?? []))
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
