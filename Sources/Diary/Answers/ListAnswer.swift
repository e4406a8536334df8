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
    ///   - rows: one more than the page's limit when there are more.
    ///   - key: the columns of the sort key, for the cursor.
    ///   - total: one row with `total`, NULL when nobody asked.
    package func response(_ rows: Rows, key: [String], children: [RowList] = [], total: Rows) -> Response {
        var writer = JSONWriter(reservingCapacity: 8 * 1024)
        writer.beginObject()
        writer.list(RowList("items", rows, children, limit: page.limit))
        var cursor: String?
        if rows.count > page.limit {
            cursor = page.cursor(key.map { rows.text(page.limit - 1, $0) ?? "" })
        }
        writer.key("next_cursor")
        if let cursor { writer.string(cursor) } else { writer.null() }
        if page.wantsTotal { writer.fields(total, row: 0) }
        writer.endObject()
        var response = Response.json(writer)
        if let cursor { response.headers.append(("Link", "<\(next(cursor))>; rel=\"next\"")) }
        return response
    }

    private func next(_ cursor: String) -> String {
        let base = caller.services.settings.publicURL ?? request.origin ?? ""
        let query = (request.head.query ?? "").split(separator: "&").filter { !$0.hasPrefix("cursor=") }
        return base + request.head.path + "?" + (query + ["cursor=\(cursor)"]).joined(separator: "&")
    }
}
