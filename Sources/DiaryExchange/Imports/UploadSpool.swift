import HTTP1
import Reactor
import Synchronization
import Web

/// Where uploads wait until they are whole: a short one in memory, of a long one a piece, the rest of it in a file without a
/// name. So unfinished uploads take little memory, and of memory and disk no more than they are given. One for the process.
package final class UploadSpool: Sendable {
    /// Writes the files. Not the threads that read them: a large import would hold up every upload.
    package let threads: Offload
    private let limit: Int
    private let space: Int
    private let uploads = Atomic<Int>(0)
    private let used = Atomic<Int>(0)

    /// Bytes that are gathered in memory.
    private static let piece = 64 * 1024

    /// - Parameters:
    ///   - limit: uploads at a time; each takes 64 KiB of memory at most.
    ///   - space: bytes of all files together.
    /// - Throws: `SystemError` where there is no place for a file: better told at the start than by the first long upload.
    package init(limit: Int = 1000, space: Int = 1 << 30) throws {
        _ = try TemporaryFile()
        self.limit = limit
        self.space = space
        threads = try Offload(name: "uploads", threads: 1, limit: limit)
    }

    /// Bytes in files now.
    package var bytes: Int { used.load(ordering: .relaxed) }

    /// The request's content, as it comes.
    ///
    /// - Parameter limit: bytes, where they are not the server's own limit.
    func receive(_ request: Request, atMost limit: Int? = nil) async throws -> Upload {
        let upload = Upload(self)
        guard uploads.add(1, ordering: .relaxed).newValue <= self.limit else { throw Self.full }
        var gathered: [UInt8] = []
        var file: TemporaryFile?
        while let piece = try await request.nextPiece(atMost: limit) {
            gathered += piece
            guard gathered.count >= Self.piece else { continue }
            try upload.claim(gathered.count)
            let (target, bytes) = (file, gathered)
            do {
                file = try await threads.run {
                    let file = try target ?? TemporaryFile()
                    try file.append(bytes)
                    return file
                }
            } catch is SystemError {
                // The disk is full, or too many files are open.
                throw Self.full
            }
            gathered.removeAll(keepingCapacity: true)
        }
        upload.finish(file, gathered)
        return upload
    }

    fileprivate func take(_ bytes: Int) -> Bool {
        if used.add(bytes, ordering: .relaxed).newValue <= space { return true }
        used.subtract(bytes, ordering: .relaxed)
        return false
    }

    fileprivate func give(_ bytes: Int) {
        used.subtract(bytes, ordering: .relaxed)
        uploads.subtract(1, ordering: .relaxed)
    }

    fileprivate static let full = Problem(.overloaded, headers: [("Retry-After", "5")])
}

/// An upload that came whole. Its room in the spool is free with its last reference.
///
/// Sendable: the core that receives it hands it over when it is whole, and nothing changes afterwards.
final class Upload: @unchecked Sendable {
    private let spool: UploadSpool
    private var claimed = 0
    private var file: TemporaryFile?
    private var rest: [UInt8] = []

    fileprivate init(_ spool: UploadSpool) { self.spool = spool }

    deinit { spool.give(claimed) }

    fileprivate func claim(_ bytes: Int) throws(Problem) {
        guard spool.take(bytes) else { throw UploadSpool.full }
        claimed += bytes
    }

    fileprivate func finish(_ file: TemporaryFile?, _ rest: [UInt8]) {
        self.file = file
        self.rest = rest
    }

    /// All of it. Reads the file: for a thread that may block.
    func contents() throws -> [UInt8] { try file.map { try $0.contents() + rest } ?? rest }
}
