import HTTP1
import Postgres
import Web

/// What lets a program keep a copy of a list: some rows by `ids`, one by `external_id`, those that changed by
/// `updated_since`; and the `watermark` of the answer, which is the next `updated_since`. See docs/decisions/0008.
///
/// All pages of a list tell the watermark of its first page: what changes while the pages are read comes again next time.
/// So a cursor carries it, and it is bound to the filters that the first page had.
package struct Pull {
    /// How many rows can be named at once.
    package static let limit = 200
    /// Parts of a cursor, behind those of the sort key.
    package static let keys: [Page.Key] = [.text, .text]

    let snapshot: Query
    private let binding: String
    private let carried: String?

    /// - Parameters:
    ///   - page: whose cursor has `keys` behind this many parts of the sort key.
    ///   - filters: everything that the request narrows the list by.
    ///   - since: as `since(_:)` read it.
    package init(_ query: inout QueryReader, _ page: Page, behind count: Int, filters: [Parameter], since: Parameter) {
        snapshot = FeedCursor.now(since)
        binding = String(ContentTag.of(Array("\(filters)".utf8)).opaque.prefix(16))
        carried = page.after?[count + 1]
        if let after = page.after, after[count] != binding {
            query.add(
                "cursor", "other_filters",
                Text(
                    ru: "Курсор получен с другими параметрами; повторите их.",
                    en: "The cursor was given for other parameters; send those of the first page again."))
        }
    }

    func watermark(_ results: Results) throws -> String {
        try carried ?? results[snapshot].text(0, "cursor") ?? ""
    }

    /// Behind the sort key, in a cursor.
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

    /// - Parameter column: what of it the caller sees.
    package static func externalID(_ number: Int, _ column: String) -> String {
        "($\(number)::text IS NULL OR \(column) = $\(number)::text)"
    }

    package static func since(_ number: Int, of row: String) -> String {
        "($\(number)::text IS NULL OR \(row).changed_xid >= $\(number)::text::xid8)"
    }
}
