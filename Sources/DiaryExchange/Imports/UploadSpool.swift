import HTTP1
import Reactor
import Synchronization
import Web

/// Holds uploads until they are complete. A short one stays in memory; a long one has one piece in memory and the rest
/// in an unnamed file. So unfinished uploads take little memory, and no more memory and disk than the limits allow.
/// There is one for the process.
package final class UploadSpool: Sendable {
    /// Write the files. They are not the threads that read them, because a large import would hold up every upload.
    package let threads: Offload
    private let limit: Int
    private let space: Int
    private let uploads = Atomic<Int>(0)
    private let used = Atomic<Int>(0)

    /// Bytes that are collected in memory.
    private static let piece = 64 * 1024

    /// - Parameters:
    ///   - limit: concurrent uploads; each takes at most 64 KiB of memory.
    ///   - space: bytes of all files together.
    /// - Throws: `SystemError` when files can't be created: better at the start than with the first long upload.
    package init(limit: Int = 1000, space: Int = 1 << 30) throws {
        _ = try TemporaryFile()
        self.limit = limit
        self.space = space
        threads = try Offload(name: "uploads", threads: 1, limit: limit)
    }

    /// Bytes in files at present.
    package var bytes: Int { used.load(ordering: .relaxed) }

    /// Receives the request's content piece by piece.
    ///
    /// - Parameter limit: maximum bytes, if different from the server's own limit.
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

/// A complete upload. Its space in the spool is freed with the last reference.
///
/// Sendable: the core that receives it passes it on when it is complete, and it does not change afterwards.
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

    /// The whole content. Reads the file, so it must run on a thread that may block.
    func contents() throws -> [UInt8] { try file.map { try $0.contents() + rest } ?? rest }
}
