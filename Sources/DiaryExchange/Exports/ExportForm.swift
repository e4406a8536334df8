import Diary
import HTTP1
import Postgres
import Web

/// The form of an export, chosen by `format` or by `Accept`.
package enum ExportForm: String, Sendable, CaseIterable {
    case csv = "text/csv"
    case ndjson = "application/x-ndjson"
    case json = "application/json"
    case xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    /// The word for `format`, and the extension of the file.
    package var word: String {
        switch self {
        case .csv: "csv"
        case .ndjson: "ndjson"
        case .json: "json"
        case .xlsx: "xlsx"
        }
    }

    package init?(word: String) {
        guard let form = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = form
    }

    /// CSV without `format` and `Accept`.
    ///
    /// - Throws: `not_acceptable`, with what there is.
    init(_ query: inout QueryReader, _ request: Request) throws {
        if let word = query.option("format", of: Self.allCases.map { $0.word }) {
            self = ExportForm(word: word)!
            return
        }
        // A `format` that does not exist is a problem of the query, whatever is acceptable.
        let offered = Self.allCases.map { $0.rawValue }
        guard query.text("format") == nil, let type = MediaRange.best(of: offered, for: request.head["Accept"]) else {
            if query.text("format") != nil {
                self = .csv
                return
            }
            let list = offered.joined(separator: ", ")
            throw Problem(
                .notAcceptable,
                detail: Text(ru: "Есть только \(list) (Accept).", en: "Only \(list) exist (Accept)."))
        }
        self = ExportForm(rawValue: type)!
    }

    var isJSON: Bool { self == .ndjson || self == .json }

    /// Whether the content consists of lines, so that a broken stream can be continued.
    var hasLines: Bool { self == .csv || self == .ndjson }

    // MARK: SQL

    /// A column of the row `r`. A spreadsheet takes a text of CSV for a formula if it looks like one; a workbook says
    /// which cells are texts. Its moments are those of the school's clocks.
    func shown(_ column: ExportColumn, _ person: PersonID) -> String {
        let value = "r.\(column.name)"
        switch column.kind {
        case .person: return person(value)
        case .moment:
            return self == .xlsx
                ? "\(value) AT TIME ZONE \(Setting.timeZone.required)" : SharedSQL.moment(value)
        case .text: return self == .csv ? SharedSQL.cell(value) : value
        case .boolean: return boolean(value)
        case .list: return isJSON ? value : "\(value)::text"
        case .identifier, .word, .date, .integer, .decimal: return value
        }
    }

    /// PostgreSQL would write `t` and `f` into a cell.
    func boolean(_ value: String) -> String { isJSON ? value : "(\(value))::text" }
}
