import HTTP1
import Postgres
import Web

/// The parameters with which other programs keep a copy of a list: `ids`, `external_id` and `updated_since`; and the
/// `watermark` of the answer, which is the next `updated_since`. See docs/decisions/0008.
///
/// All pages of a list have the watermark of the first page, so that rows that change while the pages are read are
/// returned the next time. The cursor carries the watermark and a digest of the filters of the first page.
package struct Pull {
    /// The number of ids in one request.
    package static let limit = 200
    /// The parts of a cursor after the sort key.
    package static let keys: [Page.Key] = [.text, .text]

    /// Returns the cursor of now, and whether `updated_since` has expired.
    let now: Query
    private let binding: String
    private let carried: String?

    /// - Parameters:
    ///   - page: a page whose cursor has `keys` after the `count` parts of the sort key.
    ///   - filters: all filters of the request.
    ///   - since: the result of `since(_:)`.
    package init(
        _ query: inout QueryReader, _ page: Page, behind count: Int, filters: [Parameter], since: ChangeCursor?
    ) {
        now = ChangeCursor.now(since)
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
        try carried ?? ChangeCursor(results[now]).text
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

    package static func since(_ query: inout QueryReader) throws -> ChangeCursor? {
        try ChangeCursor(&query, "updated_since", pages: false)
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

    /// A row is returned if the log of changes has its id. The log also has the ids of rows that show a changed row of
    /// another table. `$1` is the school.
    ///
    /// - Parameters:
    ///   - number: of the parameter, the snapshot of `updated_since`.
    ///   - row: the table's alias.
    ///   - entity: the name of the rows in the log.
    package static func since(_ number: Int, of row: String, _ entity: String) -> String {
        """
        (
            $\(number)::text IS NULL
            OR \(row).id IN (
                SELECT i.id
                FROM changes x
                CROSS JOIN LATERAL unnest(x.ids) i (id)
                WHERE x.school_id = $1 AND x.is_home AND x.entity = '\(entity)'
                    AND \(ChangeCursor.isNew("x", since: "$\(number)::text"))
            )
        )
        """
    }
}
