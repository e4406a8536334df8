import Crypto
import Foundation
import Glibc

/// `SHA256SUMS`: the hash of every other file of an archive, in the format of sha256sum(1), and `SHA256SUMS.hmac`: the
/// code of that file in the format of `openssl dgst -r`.
enum ArchiveSums {
    static let file = "SHA256SUMS"
    static let signatureFile = "SHA256SUMS.hmac"

    /// - Parameter names: paths from the directory.
    static func text(of names: [String], in directory: String) throws -> String {
        try names.sorted().map { "\(try hash(of: "\(directory)/\($0)"))  \($0)\n" }.joined()
    }

    static func signature(of sums: [UInt8], _ keys: ArchiveKeys) throws -> String {
        "\(Hexadecimal.encode(try keys.sign(sums))) *\(file)\n"
    }

    /// Hashes by path; nil if the text has another format or names a path twice.
    static func parse(_ text: String) -> [String: String]? {
        var sums: [String: String] = [:]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let hash = line.prefix(64)
            let rest = line.dropFirst(64)
            guard hash.utf8.count == 64, Hexadecimal.decode(String(hash)) != nil, rest.hasPrefix("  ") else {
                return nil
            }
            guard sums.updateValue(hash.lowercased(), forKey: String(rest.dropFirst(2))) == nil else { return nil }
        }
        return text.hasSuffix("\n") ? sums : nil
    }

    /// The code in `SHA256SUMS.hmac`.
    static func code(_ text: String) -> [UInt8]? {
        let suffix = " *\(file)\n"
        guard text.hasSuffix(suffix) else { return nil }
        return Hexadecimal.decode(String(text.dropLast(suffix.count)))
    }

    /// The file is read in pieces.
    static func hash(of path: String) throws -> String {
        let handle = try FileHandle(forReadingFrom: URL(filePath: path))
        defer { try? handle.close() }
        let stream = try SHA256.Stream()
        while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { try stream.add(Array(piece)) }
        return Hexadecimal.encode(try stream.hash())
    }
}
