import Diary
import Postgres
import Web

/// The content of an export: the rows of one snapshot, between the first and the last bytes of its form.
final class ExportStream: ContentStream {
    private let snapshot: HeldSnapshot
    private let query: CopyQuery
    private let frame: ExportFrame
    private var copy: CopyOut?
    private var isAtEnd = false

    /// - Parameter snapshot: belongs to the stream from now on.
    init(_ snapshot: HeldSnapshot, _ query: CopyQuery, _ frame: ExportFrame) {
        self.snapshot = snapshot
        self.query = query
        self.frame = frame
    }

    let trailerNames = ["Lyceum-Rows"]
    var trailers: [(name: String, value: String)] { [("Lyceum-Rows", String(copy?.rows ?? 0))] }

    func next() async throws -> [UInt8]? {
        if isAtEnd { return nil }
        let copy: CopyOut
        var head: [UInt8] = []
        var isFirst = false
        if let begun = self.copy {
            copy = begun
        } else {
            copy = try await snapshot.copy(query)
            self.copy = copy
            head = frame.head
            isFirst = true
        }
        guard let piece = try await copy.next() else {
            isAtEnd = true
            let rest = head + frame.foot
            return rest.isEmpty ? nil : rest
        }
        return isFirst ? head + piece.dropFirst(frame.dropped) : piece
    }

    func cancel() { snapshot.cancel() }

    func close() {
        copy?.close()
        snapshot.close()
    }
}

/// The bytes around the rows.
struct ExportFrame {
    var head: [UInt8] = []
    var foot: [UInt8] = []
    /// How many bytes of the first row are left out: the comma before it.
    var dropped = 0

    /// A file of lines.
    static func lines(hasMark: Bool) -> ExportFrame { ExportFrame(head: hasMark ? Array("\u{FEFF}".utf8) : []) }

    /// A document.
    static func document(watermark: String) -> ExportFrame {
        ExportFrame(
            head: Array("{\"watermark\":\"\(watermark)\",\"items\":[\n".utf8), foot: Array("]}\n".utf8), dropped: 1)
    }
}
