/// A CSV file (RFC 4180) as records of cells, the header first, and all faults of the file.
///
/// The separator is `;` or `,`, detected from the header line. Lines end with LF or CRLF, and a quoted cell may contain
/// both. Cells are trimmed. Rows are numbered as in a spreadsheet: blank rows are counted, but skipped. An unreadable
/// row is skipped, and reading continues at the next line.
struct CSVTable: Equatable {
    struct Record: Equatable {
        /// From 1; row 1 is the header.
        let row: Int
        let cells: [String]
    }

    struct Limits {
        /// Rows, including the header.
        var rows = 20_001
        var columns = 100
        /// Bytes of UTF-8.
        var cell = 4_000
    }

    /// The reason why a row, or the whole file, can't be read.
    struct Fault: Error, Equatable {
        enum Reason: String {
            case badEncoding = "bad_encoding"
            case nullCharacter = "null_character"
            case strayQuote = "stray_quote"
            case openQuote = "open_quote"
            case cellCount = "cell_count"
            case cellTooLong = "too_long"
            case tooManyColumns = "too_many_columns"
            case tooManyRows = "too_many_rows"
            case noHeader = "no_header"
        }

        let reason: Reason
        /// Row and column numbers, from 1.
        let row: Int
        let column: Int
    }

    /// Empty when the header can't be read, because the rows then have no meaning.
    let records: [Record]
    /// Sorted by row.
    let faults: [Fault]

    /// - Parameter bytes: UTF-8, with or without a byte order mark, or windows-1251.
    init(_ bytes: [UInt8], limits: Limits = Limits()) {
        guard let text = TextEncoding.utf8(from: bytes) else {
            records = []
            faults = [Fault(reason: .badEncoding, row: 1, column: 1)]
            return
        }
        var reader = Reader(text, limits)
        reader.read()
        records = reader.records
        faults =
            records.isEmpty && reader.faults.isEmpty
            ? [Fault(reason: .noHeader, row: 1, column: 1)] : reader.faults
    }
}

extension CSVTable {
    private struct Reader {
        private let text: [UInt8]
        private let limits: Limits
        private let separator: UInt8
        private var position = 0
        private var row = 1
        private var column = 1

        private static let quote = UInt8(ascii: "\"")
        private static let carriageReturn: UInt8 = 0x0D
        private static let lineFeed: UInt8 = 0x0A

        private(set) var records: [Record] = []
        private(set) var faults: [Fault] = []

        init(_ text: [UInt8], _ limits: Limits) {
            self.text = text
            self.limits = limits
            separator = Self.separator(of: text)
        }

        mutating func read() {
            while position < text.count {
                do throws(Fault) {
                    let cells = try record()
                    if cells.contains(where: { !$0.isEmpty }) {
                        guard row <= limits.rows else { return faults.append(fault(.tooManyRows)) }
                        if let header = records.first, header.cells.count != cells.count { throw fault(.cellCount) }
                        records.append(Record(row: row, cells: cells))
                    }
                } catch {
                    faults.append(error)
                    if records.isEmpty { return }
                }
                row += 1
            }
        }

        /// - Throws: the first fault of the record, after skipping the record.
        private mutating func record() throws(Fault) -> [String] {
            var cells: [String] = []
            var first: Fault?
            column = 1
            while true {
                do throws(Fault) {
                    guard column <= limits.columns else { throw fault(.tooManyColumns) }
                    cells.append(try cell())
                } catch {
                    first = first ?? error
                    // The end of such a row can only be guessed: the end of its line.
                    if error.reason == .strayQuote || error.reason == .tooManyColumns { skipLine() }
                }
                if position < text.count, text[position] == separator {
                    position += 1
                    column += 1
                    continue
                }
                if position < text.count, text[position] == Self.carriageReturn { position += 1 }
                if position < text.count, text[position] == Self.lineFeed { position += 1 }
                if let first { throw first }
                return cells
            }
        }

        private mutating func skipLine() {
            while position < text.count, text[position] != Self.lineFeed, text[position] != Self.carriageReturn {
                position += 1
            }
        }

        /// Ends before a separator, a line break or the end of the text; after a stray quote, at that quote.
        private mutating func cell() throws(Fault) -> String {
            var bytes: [UInt8] = []
            var problem: Fault.Reason?
            if position < text.count, text[position] == Self.quote {
                position += 1
                while true {
                    guard position < text.count else { throw fault(.openQuote) }
                    let byte = text[position]
                    position += 1
                    if byte == Self.quote {
                        guard position < text.count, text[position] == Self.quote else { break }
                        position += 1
                    }
                    append(byte, to: &bytes, &problem)
                }
                guard isAtEnd else { throw fault(.strayQuote) }
            } else {
                while !isAtEnd {
                    guard text[position] != Self.quote else { throw fault(.strayQuote) }
                    append(text[position], to: &bytes, &problem)
                    position += 1
                }
            }
            if let problem { throw fault(problem) }
            return String(decoding: bytes, as: UTF8.self).trimmed
        }

        private func append(_ byte: UInt8, to bytes: inout [UInt8], _ problem: inout Fault.Reason?) {
            if byte == 0 {
                problem = problem ?? .nullCharacter
            } else if bytes.count < limits.cell {
                bytes.append(byte)
            } else {
                problem = problem ?? .cellTooLong
            }
        }

        private var isAtEnd: Bool {
            position >= text.count || text[position] == separator || text[position] == Self.lineFeed
                || text[position] == Self.carriageReturn
        }

        private func fault(_ reason: Fault.Reason) -> Fault { Fault(reason: reason, row: row, column: column) }

        /// The one that occurs more often in the first line, outside quotes.
        private static func separator(of text: [UInt8]) -> UInt8 {
            var isQuoted = false
            var balance = 0
            for byte in text {
                if byte == quote { isQuoted.toggle() }
                if isQuoted { continue }
                if byte == lineFeed || byte == carriageReturn { break }
                if byte == UInt8(ascii: ";") { balance += 1 }
                if byte == UInt8(ascii: ",") { balance -= 1 }
            }
            return balance < 0 ? UInt8(ascii: ",") : UInt8(ascii: ";")
        }
    }
}

extension String {
    /// Without white space at both ends, including the no-break spaces of spreadsheets.
    var trimmed: String {
        var view = unicodeScalars[...]
        while let first = view.first, first.properties.isWhitespace { view.removeFirst() }
        while let last = view.last, last.properties.isWhitespace { view.removeLast() }
        return String(view)
    }
}
