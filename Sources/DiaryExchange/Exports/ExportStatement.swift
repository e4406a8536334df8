import Diary
import Postgres

/// What an export reads: which rows, from where on, and how people are named.
package struct ExportSelection {
    package var filters: [ExportFilter: String] = [:]
    package var isPseudonymous = false
    /// Only what has changed since this watermark, with deletions.
    package var since: ChangeCursor?
    /// Only rows behind this id, as the export writes it.
    package var after: String?

    package init() {}
}

/// The SELECT of an export, with its parameters.
struct ExportStatement {
    private let export: Export
    private let selection: ExportSelection
    private let form: ExportForm
    private let person: PersonID
    private var parameters: [Parameter]

    /// - Parameter school: the id.
    init(_ export: Export, _ selection: ExportSelection, _ form: ExportForm, school: Int) {
        self.export = export
        self.selection = selection
        self.form = form
        person = PersonID(isPseudonymous: selection.isPseudonymous)
        parameters = [.integer(school)]
    }

    /// The statement whose output is the content of the file, apart from its first and last bytes.
    mutating func copy() -> CopyQuery {
        let select = form.isJSON ? json(select()) : select()
        let options =
            switch form {
            case .csv: selection.after == nil ? "(FORMAT csv, HEADER)" : "(FORMAT csv)"
            default: SharedSQL.jsonLines
            }
        return CopyQuery(
            statement: CopyStatement("COPY (\(select)) TO STDOUT \(options)", endsWithCRLF: form == .csv),
            parameters: parameters)
    }

    /// The same rows as a query.
    mutating func query() -> Query {
        let select = select()
        return Query(statement: Statement(select), parameters: parameters)
    }

    /// Whether there are more rows than so many.
    mutating func exceeds(_ count: Int) -> Query {
        let found = selection.since.map { export.touched(ExportLog(since: bind($0.since))) } ?? rows(isSorted: false)
        return Query(
            statement: Statement("SELECT EXISTS (SELECT FROM (\(found)) r OFFSET \(count)) AS _exceeds"),
            parameters: parameters)
    }

    /// One object per line. In a document each has a comma before it; the stream drops the first one.
    private func json(_ select: String) -> String {
        "SELECT \(form == .json ? "',' || " : "")row_to_json(j)::text FROM (\(select)) j"
    }

    private mutating func bind(_ parameter: Parameter) -> String {
        parameters.append(parameter)
        return "$\(parameters.count)"
    }

    private var columns: [ExportColumn] { export.columns(pseudonymous: selection.isPseudonymous) }

    /// The order is that of the ids as they are written: the real order of ids would tell who stands where in the list
    /// of the class.
    private mutating func select() -> String {
        guard let since = selection.since else {
            return """
                SELECT r.id, \(shown), \(form.boolean("false")) AS deleted
                FROM (\(rows(isSorted: true))) r
                ORDER BY r.id
                """
        }
        let log = ExportLog(since: bind(since.since))
        let id = id("t.id")
        let after = selection.after.map { "WHERE \(id) > \(bind(.text($0)))::uuid" } ?? ""
        return """
            WITH touched AS MATERIALIZED (\(export.touched(log)))
            SELECT \(id) AS id, \(shown), \(form.boolean("r.id IS NULL")) AS deleted
            FROM touched t
            LEFT JOIN (\(rows(isSorted: false))) r ON r.row_id = t.id
            \(after)
            ORDER BY 1
            """
    }

    private func id(_ row: String) -> String { export.isAboutPerson ? person(row) : row }

    /// The columns as the form shows them.
    private var shown: String {
        columns.dropFirst().map { "\(form.shown($0, person)) AS \($0.name)" }.joined(separator: ", ")
    }

    /// Sorted before the columns are formatted, which makes them longer.
    private mutating func rows(isSorted: Bool) -> String {
        var conditions = ""
        for (filter, value) in selection.filters.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            conditions += " AND \(export.filters[filter]!(bind(.text(value))))"
        }
        if isSorted, let after = selection.after { conditions += " AND \(id("x.id")) > \(bind(.text(after)))::uuid" }
        let columns = columns.dropFirst().map { "\($0.value(person)) AS \($0.name)" }.joined(separator: ", ")
        return """
            SELECT \(id("x.id")) AS id, x.id AS row_id, \(columns)
            \(export.rows)\(conditions)\(isSorted ? " ORDER BY 1" : "")
            """
    }
}

extension Export {
    /// Rows that have changed since a watermark, or show something that has.
    func touched(_ log: ExportLog) -> String {
        let own = isPublished ? log.publishedIDs(entity) : log.ids(entity)
        let parts = ([own] + touchedBy.map { $0(log) }).joined(separator: " UNION ALL ")
        return "SELECT DISTINCT u.id FROM (\(parts)) u (id)"
    }

    /// `$1` is the school, `$2` the snapshot of the watermark.
    func changeStatement() -> Statement {
        Statement("SELECT EXISTS (\(touched(ExportLog(since: "$2")))) AS changed")
    }

    /// K2: the ids of the rows of a selection, for exports of profiles. `$1` is the school, `$2` the class, `$3` the
    /// snapshot of `updated_since`, `$4` the id of `after`, `$5` the academic year.
    func profileStatement() -> Statement? {
        guard showsProfiles else { return nil }
        let ofClass = filters[.schoolClass]?("$2") ?? "false"
        let ofYear = filters[.academicYear]?("$5") ?? "false"
        return Statement(
            """
            SELECT coalesce(json_agg(x.id), '[]') AS ids
            \(rows)
                AND ($2::uuid IS NULL OR \(ofClass))
                AND ($3::text IS NULL OR x.id IN (\(touched(ExportLog(since: "$3")))))
                AND ($4::uuid IS NULL OR x.id > $4::uuid)
                AND ($5::uuid IS NULL OR \(ofYear))
            """)
    }
}
