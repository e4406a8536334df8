import JSON
import Web

/// What is wrong in a file, and where.
package struct ImportFault: Sendable, Equatable {
    /// The file's name in an archive.
    package var file: String?
    /// As a spreadsheet counts: the header is 1. 0 stands for the file as a whole.
    package let row: Int
    /// The field's name in the API; of a header cell what it says; a number where there is no name yet.
    package let column: String
    /// What the file calls the column, where it has the column.
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

    /// Of a file of an archive, or of the archive when there is none.
    init(file: String?, _ code: String, _ names: ImportNames = ImportNames()) {
        self.init(row: 0, column: "", code, names)
        self.file = file
    }
}

extension ImportFault {
    /// `/rows/2/name`; of an archive `/files/students.csv/rows/2/name`, `/files/students.csv`, or nothing for all of it.
    package var pointer: String {
        (file.map { "/files" + JSONPointer($0).text } ?? "")
            + (row == 0 ? "" : "/rows/\(row)" + JSONPointer(column).text)
    }

    static let shrinks = "import_shrinks"

    /// Of a file that leaves out more than a tenth of what is known.
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

/// What a fault's sentence names.
struct ImportNames: Sendable, Equatable {
    /// What the file said, or a name of the school's set-up (a year, a class, a room): for everybody who may import.
    var said = ""
    /// What only the database knows of people, and names of groups and sections, which may hold a person's: for callers that
    /// may read people. Nil when the caller may not, or when there is nothing to tell.
    var known: String?
    /// Another row of the file.
    var row: String?

    static func said(_ text: String) -> ImportNames { ImportNames(said: text) }
    static func row(_ row: Int) -> ImportNames { ImportNames(row: String(row)) }
}

/// The SQL of what a finding names; see `ImportNames`.
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
