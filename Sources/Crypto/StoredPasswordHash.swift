/// The parts of a stored password hash. Parameters are limited, so that a bad row can't use up the server's memory.
struct StoredPasswordHash {
    let parameters: PasswordHash.Parameters
    let salt: [UInt8]
    let hash: [UInt8]

    init(_ text: String) throws(PasswordHashError) {
        guard text.utf8.count <= 512 else { throw .malformed }
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { throw .malformed }
        let values = parts[2].split(separator: ",", omittingEmptySubsequences: false)
        guard values.count == 3,
            let logN = StoredPasswordHash.number(values[0], "ln=", 1...15),
            let r = StoredPasswordHash.number(values[1], "r=", 1...8),
            let p = StoredPasswordHash.number(values[2], "p=", 1...4),
            let salt = Base64.standard.decode(String(parts[3])), (8...64).contains(salt.count),
            let hash = Base64.standard.decode(String(parts[4])), (16...64).contains(hash.count)
        else { throw .malformed }
        parameters = PasswordHash.Parameters(logN: logN, r: r, p: p)
        self.salt = salt
        self.hash = hash
    }

    /// Reads digits only; `Int.init` would accept a sign.
    private static func number(_ text: Substring, _ name: String, _ range: ClosedRange<Int>) -> Int? {
        guard text.hasPrefix(name) else { return nil }
        let digits = text.dropFirst(name.count)
        guard (1...2).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.utf8.first != 0x30, let number = Int(digits), range.contains(number)
        else { return nil }
        return number
    }
}
