import Crypto

/// Passwords that attackers know, from a file with one password or its SHA-1 per line (40 hexadecimal digits,
/// optionally followed by a colon and a count).
///
/// Only the first 8 bytes of each SHA-1 are kept, sorted: 8 MB for a million. A good password matches one of a million
/// entries with a probability of one in 10^13.
package struct BreachedPasswords: Sendable {
    private let prefixes: [UInt64]

    package var count: Int { prefixes.count }

    package init(_ bytes: [UInt8]) throws(CryptoError) {
        var prefixes: [UInt64] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard !line.isEmpty else { continue }
            if let digest = Self.digest(in: line) {
                prefixes.append(digest)
            } else {
                prefixes.append(Self.prefix(try SHA1.hash(Array(line))))
            }
        }
        prefixes.sort()
        self.prefixes = prefixes
    }

    package func contains(_ password: String) throws(CryptoError) -> Bool {
        let wanted = Self.prefix(try SHA1.hash(Array(password.utf8)))
        var low = 0
        var high = prefixes.count
        while low < high {
            let middle = (low + high) / 2
            if prefixes[middle] < wanted { low = middle + 1 } else { high = middle }
        }
        return low < prefixes.count && prefixes[low] == wanted
    }

    /// The digest in a line that has one.
    private static func digest(in line: ArraySlice<UInt8>) -> UInt64? {
        let digits = line.prefix { $0 != UInt8(ascii: ":") }
        guard digits.count == 40, line.dropFirst(41).allSatisfy({ (0x30...0x39).contains($0) }),
            let digest = Hexadecimal.decode(String(decoding: digits, as: UTF8.self))
        else { return nil }
        return prefix(digest)
    }

    private static func prefix(_ digest: [UInt8]) -> UInt64 { digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
}
