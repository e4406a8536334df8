import HTTP1
import Postgres
import Web

/// The parameters with which other programs keep a copy of a list: `ids`, `external_id` and `updated_since`; and the
/// `watermark` of the answer, which is the next `updated_since`. See docs/decisions/0008.
///
/// All pages of a list have the watermark of the first page, so that rows that change while the pages are read are returned
/// the next time. The cursor carries the watermark and a digest of the filters of the first page.
package struct Pull {
    /// The number of ids in one request.
    package static let limit = 200
    /// The parts of a cursor after the sort key.
    package static let keys: [Page.Key] = [.text, .text]

    let snapshot: Query
    private let binding: String
    private let carried: String?

    /// - Parameters:
    ///   - page: a page whose cursor has `keys` after the `count` parts of the sort key.
    ///   - filters: all filters of the request.
    ///   - since: the value of `since(_:)`.
    package init(_ query: inout QueryReader, _ page: Page, behind count: Int, filters: [Parameter], since: Parameter) {
        snapshot = FeedCursor.now(since)
        binding = String(ContentTag.of(Array("\(filters)".utf8)).opaque.prefix(16))
        carried = page.after?[count + 1]
        if let after = page.after, after[count] != binding {
            query.add(
                "cursor", "other_filters",
                Text(
                    ru: "Курсор получен с другими параметрами. Повторите параметры первой страницы.",
                    en: "The cursor belongs to other parameters. Repeat those of the first page."))
        }
    }

    func watermark(_ results: Results) throws -> String {
        try carried ?? results[snapshot].text(0, "cursor") ?? ""
    }

    /// The parts of the next cursor after the sort key.
    func keys(_ results: Results) throws -> [String] { [binding, try watermark(results)] }

    // MARK: Parameters, and their conditions

    package static func ids(_ query: inout QueryReader) -> Parameter {
        query.identifiers("ids", atMost: limit).map { .texts($0) } ?? .null
    }

    package static func externalID(_ query: inout QueryReader) -> Parameter {
        .text(query.text("external_id", maximum: 200))
    }

    package static func since(_ query: inout QueryReader) -> Parameter {
        .text(FeedCursor(&query, "updated_since")?.transaction)
    }

    /// - Parameters:
    ///   - number: of the parameter.
    ///   - row: the table's alias.
    package static func ids(_ number: Int, of row: String) -> String {
        "($\(number)::uuid[] IS NULL OR \(row).id = ANY ($\(number)::uuid[]))"
    }

    /// - Parameter column: the external id, NULL if the caller may not see it.
    package static func externalID(_ number: Int, _ column: String) -> String {
        "($\(number)::text IS NULL OR \(column) = $\(number)::text)"
    }

    /// - Parameter shownAnew: the SQL function that returns the rows of the list that show changed rows of other tables,
    ///   from the school, `$1`, and a transaction.
    package static func since(_ number: Int, of row: String, shownAnew: String? = nil) -> String {
        let since = "$\(number)::text::xid8"
        let shown = shownAnew.map { " OR \(row).id IN (SELECT v.id FROM \($0)($1, \(since)) v)" } ?? ""
        return "($\(number)::text IS NULL OR \(row).changed_xid >= \(since)\(shown))"
    }
}
