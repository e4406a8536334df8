import Foundation
import Glibc

/// The files of an export. They are written beside their final names and take these names together, when all are
/// complete.
final class ExportFiles {
    struct Failure: Error, CustomStringConvertible {
        let path: String

        var description: String { "Can't write \(path). Earlier files are as they were." }
    }

    struct File: Encodable {
        let name: String
        let rows: Int
        let bytes: Int
    }

    /// The content of export.json.
    struct Report: Encodable {
        let school: String
        let watermark: String
        let format: String
        let pseudonymous: Bool
        let from: String?
        let to: String?
        var files: [File] = []
    }

    private let directory: String
    private let suffix: String
    private let mark: [UInt8]
    private var files: [File] = []
    /// Names that may exist with `.part` behind them.
    private var parts: [String] = []
    private var handle: FileHandle?
    private var bytes = 0

    private static let list = "export.json"

    /// - Parameter mark: the first bytes of each file.
    init(directory: String, extension suffix: String, mark: [UInt8]) throws {
        self.directory = directory
        self.suffix = suffix
        self.mark = mark
        try attempt(directory) {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }
    }

    private func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// What is being written, for the progress.
    var progress: String { "\(parts.last ?? "") \(bytes / 1_000_000) MB" }

    /// Adds a piece to the file of a noun, and begins the file with its first piece.
    func add(_ piece: [UInt8], to noun: String) throws {
        if handle == nil {
            try begin("\(noun).\(suffix)")
            try write(mark)
        }
        try write(piece)
    }

    /// Only the owner may read the file, as it may have personal data.
    private func begin(_ name: String) throws {
        parts.append(name)
        bytes = 0
        let path = path(name) + ".part"
        unlink(path)
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw Failure(path: path)
        }
        handle = FileHandle(forWritingAtPath: path)
        if handle == nil { throw Failure(path: path) }
    }

    private func write(_ piece: [UInt8]) throws {
        if piece.isEmpty { return }
        try attempt(path(parts.last!)) { try handle?.write(contentsOf: Data(piece)) }
        bytes += piece.count
    }

    /// Completes the file of a noun.
    func finish(rows: Int) throws {
        try save()
        files.append(File(name: parts.last!, rows: rows, bytes: bytes))
    }

    private func save() throws {
        try attempt(path(parts.last!)) {
            try handle?.synchronize()
            try handle?.close()
        }
        handle = nil
    }

    /// Gives all files their names. Without export.json, which comes last, a directory holds no complete export.
    func publish(_ report: Report) throws -> Report {
        var report = report
        report.files = files
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try begin(Self.list)
        try write(Array(try encoder.encode(report)) + [10])
        try save()
        guard unlink(path(Self.list)) == 0 || errno == ENOENT else { throw Failure(path: path(Self.list)) }
        for name in parts {
            guard rename(path(name) + ".part", path(name)) == 0 else { throw Failure(path: path(name)) }
        }
        try synchronize()
        return report
    }

    /// The names are safe only when the directory is.
    private func synchronize() throws {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(descriptor) }
        guard descriptor >= 0, fsync(descriptor) == 0 else { throw Failure(path: directory) }
    }

    /// Removes what is not complete.
    func discard() {
        try? handle?.close()
        handle = nil
        for name in parts { unlink(path(name) + ".part") }
    }

    private func attempt(_ path: String, _ body: () throws -> Void) throws {
        do { try body() } catch { throw Failure(path: path) }
    }
}
