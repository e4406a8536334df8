import Foundation
import Glibc
import Reactor

/// The directory of an archive while it is written: a sibling with `.part` behind the name, which takes the name when it is
/// complete.
final class ArchiveFiles {
    enum Failure: Error, CustomStringConvertible {
        case cannotWrite(String)
        case exists(String)
        case isNoArchive(String)
        case isInUse(String)
        case isForeign(String)

        var description: String {
            switch self {
            case .cannotWrite(let path): "Can't write \(path). Nothing was changed."
            case .exists(let path):
                "There is already an archive in \(path). Give --replace to put the new one in its place."
            case .isNoArchive(let path): "\(path) exists and is no archive: choose another directory."
            case .isInUse(let path): "Another run is writing \(path)."
            case .isForeign(let path):
                "\(path) exists, and no archive left it behind: move it away, or choose another directory."
            }
        }
    }

    /// Where the archive is built.
    let directory: String
    /// Paths from the directory, without those of pages that are printed later.
    private(set) var names: [String] = []
    let goal: String
    /// In the directory as long as it is not complete. It is locked, so that a second run does not remove it.
    private static let marker = "INCOMPLETE"
    private var lock: Int32 = -1
    private var handle: FileHandle?

    /// - Parameter replaces: whether an archive may be in the way.
    init(_ path: String, replaces: Bool) throws {
        goal = URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath().path.trimmingSuffix("/")
        directory = goal + ".part"
        try Self.check(goal, replaces: replaces)
        try begin()
    }

    private static func check(_ goal: String, replaces: Bool) throws {
        let files = FileManager.default
        guard files.fileExists(atPath: goal) else { return }
        if let content = try? files.contentsOfDirectory(atPath: goal), content.isEmpty { return }
        let isArchive = ["archive.json", ArchiveSums.file].allSatisfy { files.fileExists(atPath: "\(goal)/\($0)") }
        guard isArchive else { throw Failure.isNoArchive(goal) }
        guard replaces else { throw Failure.exists(goal) }
    }

    private func begin() throws {
        try attempt(goal) {
            try FileManager.default.createDirectory(
                atPath: URL(filePath: goal).deletingLastPathComponent().path, withIntermediateDirectories: true)
        }
        if mkdir(directory, 0o700) != 0 {
            guard errno == EEXIST else { throw Failure.cannotWrite(directory) }
            try removeRest()
            guard mkdir(directory, 0o700) == 0 else { throw Failure.cannotWrite(directory) }
        }
        try mark()
    }

    /// Only what a run of this command has left behind is removed.
    private func removeRest() throws {
        let rest = Glibc.open("\(directory)/\(Self.marker)", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard rest >= 0 else { throw Failure.isForeign(directory) }
        defer { close(rest) }
        guard flock(rest, LOCK_EX | LOCK_NB) == 0 else { throw Failure.isInUse(goal) }
        try attempt(directory) { try FileManager.default.removeItem(atPath: directory) }
    }

    private func mark() throws {
        let path = "\(directory)/\(Self.marker)"
        lock = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw Failure.cannotWrite(path) }
    }

    deinit { if lock >= 0 { close(lock) } }

    // MARK: Writing

    func write(_ content: [UInt8], to name: String) throws {
        try begin(name)
        try add(content)
        try end()
    }

    /// Begins a file that comes in pieces. Only the owner may read it, as it has personal data.
    func begin(_ name: String) throws {
        names.append(name)
        handle = try Self.open(name, in: directory)
    }

    func add(_ piece: [UInt8]) throws {
        if piece.isEmpty { return }
        try attempt("\(directory)/\(names.last!)") { try handle?.write(contentsOf: Data(piece)) }
    }

    func end() throws {
        try attempt("\(directory)/\(names.last!)") { try handle?.close() }
        handle = nil
    }

    private static func open(_ name: String, in directory: String) throws -> FileHandle {
        let path = "\(directory)/\(name)"
        let folder = URL(filePath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure.cannotWrite(folder)
        }
        let isMade = FileManager.default.createFile(
            atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        guard isMade, let handle = FileHandle(forWritingAtPath: path) else { throw Failure.cannotWrite(path) }
        return handle
    }

    /// Puts a printed page in the place of the page.
    func replace(_ page: String, with name: String) {
        names = names.map { $0 == page ? name : $0 }
    }

    // MARK: The end

    /// Gives the directory its name. An archive in its place is gone only when the new one is there.
    func publish() throws {
        let parent = URL(filePath: goal).deletingLastPathComponent().path
        try attempt(directory) { try FileSystem.synchronize(around: directory) }
        guard unlink("\(directory)/\(Self.marker)") == 0 else { throw Failure.cannotWrite(directory) }
        let isReplaced = rename(directory, goal) != 0
        if isReplaced { try attempt(goal) { try FileSystem.exchange(directory, goal) } }
        try attempt(parent) { try FileSystem.synchronize(names: parent) }
        guard isReplaced else { return }
        // The new archive is there. Whatever remains of the old one, the next run removes.
        try? mark()
        try? FileManager.default.removeItem(atPath: directory)
    }

    func discard() {
        try? handle?.close()
        handle = nil
        try? FileManager.default.removeItem(atPath: directory)
    }

    private func attempt(_ path: String, _ body: () throws -> Void) throws {
        do { try body() } catch { throw Failure.cannotWrite(path) }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: Character) -> String {
        var text = self
        while text.count > 1, text.last == suffix { text.removeLast() }
        return text
    }
}
