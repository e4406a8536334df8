import Diary
import Postgres
import Reactor
import Spreadsheet
import Web

/// An export as a workbook. The rows go into a temporary file a few at a time, and the first byte is sent when the last
/// row is in it: the directory of a workbook is at its end.
final class ExportSheet: ContentStream {
    private let snapshot: HeldSnapshot
    private let query: Query
    private let columns: [ExportColumn]
    private let name: String
    private let files: Offload
    private let created: Int
    private var file: TemporaryFile?
    private var sent = 0
    private var rows = 0

    /// The number of rows that are appended at a time.
    private static let batch = 256
    private static let piece = 64 * 1024

    /// - Parameters:
    ///   - snapshot: belongs to the stream from now on.
    ///   - columns: those of the query, without `deleted`.
    init(_ snapshot: HeldSnapshot, _ query: Query, _ columns: [ExportColumn], name: String, _ services: Services) {
        self.snapshot = snapshot
        self.query = query
        self.columns = columns
        self.name = name
        files = services.files
        created = services.settings.now()
    }

    let trailerNames = ["Lyceum-Rows"]
    var trailers: [(name: String, value: String)] { [("Lyceum-Rows", String(rows))] }

    func next() async throws -> [UInt8]? {
        let file: TemporaryFile
        if let made = self.file {
            file = made
        } else {
            file = try await make()
            self.file = file
        }
        let begin = sent
        let piece = try await files.run { try file.read(from: begin, atMost: Self.piece) }
        sent += piece.count
        return piece.isEmpty ? nil : piece
    }

    private func make() async throws -> TemporaryFile {
        let (name, created) = (name, created)
        let sheet = Sheet(name, columns: (columns.map { $0.width } + [9]).map { Sheet.Column(width: $0) })
        let head = Row((columns.map { $0.name } + ["deleted"]).map { .text($0) }, .head)
        let workbook = try await files.run {
            let workbook = try Workbook(title: name, author: "Lyceum", created: created, isStreamed: true)
            try workbook.add(sheet)
            try workbook.append(head)
            return workbook
        }
        let stream = try await snapshot.rows(query)
        var batch: [Row] = []
        while let found = try await stream.next() {
            for row in 0..<found.count { batch.append(Row(columns.cells(found, row), .plain)) }
            guard batch.count >= Self.batch else { continue }
            try await append(batch, to: workbook)
            batch = []
        }
        try await append(batch, to: workbook)
        return try await files.run { try workbook.finish() }
    }

    private func append(_ batch: [Row], to workbook: Workbook) async throws {
        rows += batch.count
        guard rows < Workbook.maximumRows else { throw Problem(.tooManyRows) }
        try await files.run { try workbook.append(batch) }
    }

    func cancel() { snapshot.cancel() }
    func close() { snapshot.close() }
}

extension [ExportColumn] {
    fileprivate func cells(_ rows: Rows, _ row: Int) -> [Cell] {
        var cells: [Cell] = []
        for column in self {
            if let text = rows.text(row, column.name) { cells.append(column.cell(text)) } else { cells.append(.empty) }
        }
        cells.append(.text(rows.text(row, "deleted") ?? ""))
        return cells
    }
}

extension ExportColumn {
    fileprivate var width: Double {
        switch kind {
        case .identifier, .person: 37
        case .text: 24
        case .list: 40
        case .moment: 17
        case .word: 14
        case .date: 11
        case .integer, .decimal, .boolean: 9
        }
    }

    /// - Parameter text: PostgreSQL's text of the value.
    fileprivate func cell(_ text: String) -> Cell {
        switch kind {
        case .integer: Int(text).map { .integer($0) } ?? .text(text)
        case .decimal:
            Double(text).map { .decimal($0, digits: text.firstIndex(of: ".").map { text[$0...].count - 1 } ?? 0) }
                ?? .text(text)
        case .date: Self.numbers(text, 3).map { .date(year: $0[0], month: $0[1], day: $0[2]) } ?? .text(text)
        case .moment:
            Self.numbers(text, 6).map {
                .moment(year: $0[0], month: $0[1], day: $0[2], hour: $0[3], minute: $0[4], second: $0[5])
            } ?? .text(text)
        case .identifier, .person, .text, .word, .boolean, .list: .text(text)
        }
    }

    /// The first numbers of a date or a timestamp.
    private static func numbers(_ text: String, _ count: Int) -> [Int]? {
        let numbers = text.split { !("0"..."9").contains($0) }.prefix(count).compactMap { Int($0) }
        return numbers.count == count ? numbers : nil
    }
}
