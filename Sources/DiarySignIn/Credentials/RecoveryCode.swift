import Crypto

/// Stands for a code of the authenticator app once, when that is lost. It is shown once and kept as a hash.
///
/// Sixteen characters, 79 bits of chance: unlike an activation code it lives for years, and no copy of the table is to give
/// it away.
struct RecoveryCode: Sendable, Equatable {
    private let code: PaperCode

    private static let length = 16
    /// How many a person gets.
    static let count = 10

    /// A new one.
    init() { code = PaperCode(length: Self.length) }

    /// What a person typed. Nil when it can't be a code.
    init?(_ typed: String) {
        guard let code = PaperCode(typed, length: Self.length) else { return nil }
        self.code = code
    }

    /// `XXXX-XXXX-XXXX-XXXX`, for the person alone.
    var shown: String { code.shown }

    /// What `recovery_codes.code_hash` holds: SHA-256, bound to the person.
    func hash(school: Int, user: String) throws(CryptoError) -> [UInt8] {
        try SHA256.hash(Array("recovery\n\(school)\n\(user)\n".utf8) + code.characters)
    }
}

/// A log line or a crash report must not show it.
extension RecoveryCode: CustomStringConvertible, CustomReflectable {
    var description: String { "RecoveryCode(***)" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
