import JSON
import Web

/// A fault in a file, and its place.
package struct ImportFault: Sendable, Equatable {
    /// The file's name in an archive.
    package var file: String?
    /// Numbered as in a spreadsheet: the header is 1. 0 is the file as a whole.
    package let row: Int
    /// The field's name in the API; for a header cell its text; a number where the name is not known yet.
    package let column: String
    /// The file's name for the column, if the file has the column.
    package var header: String?
    package let code: String
    package let detail: Text

    init(row: Int, column: String, header: String? = nil, _ code: String, _ names: ImportNames = ImportNames()) {
        self.row = row
        self.column = column
        self.header = header
        self.code = code
        detail = Text(fault: code, names, isOfHeader: row == 1)
    }

    init(_ fault: CSVTable.Fault) {
        self.init(row: fault.row, column: String(fault.column), fault.reason.rawValue)
    }

    /// A fault of an archive's file, or of the archive when `file` is nil.
    init(file: String?, _ code: String, _ names: ImportNames = ImportNames()) {
        self.init(row: 0, column: "", code, names)
        self.file = file
    }
}

extension ImportFault {
    /// `/rows/2/name`; in an archive `/files/students.csv/rows/2/name`, `/files/students.csv`, or an empty string for
    /// the whole archive.
    package var pointer: String {
        (file.map { "/files" + JSONPointer($0).text } ?? "")
            + (row == 0 ? "" : "/rows/\(row)" + JSONPointer(column).text)
    }

    static let shrinks = "import_shrinks"

    /// The fault of a file that leaves out more than a tenth of the known records.
    init(file: String?, missing: Int, of known: Int) {
        self.file = file
        row = 0
        column = ""
        header = nil
        code = Self.shrinks
        detail = Text(
            ru:
                "В файле нет \(missing) из \(known) известных записей; возможно, он обрезан. Если файл полный, добавьте "
                + "force=true; если в нём лишь часть записей — partial=true.",
            en:
                "The file leaves out \(missing) of \(known) known records; it may be cut off. If the file is complete, use "
                + "force=true; if it holds only some of the records, use partial=true.")
    }
}

/// The names in a fault's sentence.
struct ImportNames: Sendable, Equatable {
    /// A text of the file, or a name from the school's set-up (a year, a class, a room): shown to everybody who may
    /// import.
    var said = ""
    /// Names of people that only the database knows, and names of groups and sections, which may contain a person's
    /// name: shown to callers who may read people. Nil when the caller may not, or when there is no such name.
    var known: String?
    /// Another row of the file.
    var row: String?

    static func said(_ text: String) -> ImportNames { ImportNames(said: text) }
    static func row(_ row: Int) -> ImportNames { ImportNames(row: String(row)) }
}

/// SQL for the names of a finding; see `ImportNames`.
enum ImportArgument: ExpressibleByStringInterpolation {
    case said(String)
    case known(String)
    case row(String)

    init(stringLiteral sql: String) { self = .said(sql) }

    /// `said`, `known`, `other`.
    var columns: String {
        switch self {
        case .said(let sql): "\(sql), NULL, NULL"
        case .known(let sql): "NULL, \(sql), NULL"
        case .row(let sql): "NULL, NULL, (\(sql))::text"
        }
    }

    static let none = "NULL, NULL, NULL"
}
