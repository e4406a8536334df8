import Crypto

/// Replaces a code of the authenticator app once, when the app is lost. It is shown once and kept as a hash.
///
/// Sixteen characters have 79 bits of entropy, more than an activation code: a recovery code lives for years, and a
/// copy of the table must not reveal it.
struct RecoveryCode: Sendable, Equatable {
    private let code: PaperCode

    private static let length = 16
    /// The number of codes that a person gets.
    static let count = 10

    init() { code = PaperCode(length: Self.length) }

    /// Parses typed text. Nil when it cannot be a code.
    init?(_ typed: String) {
        guard let code = PaperCode(typed, length: Self.length) else { return nil }
        self.code = code
    }

    /// `XXXX-XXXX-XXXX-XXXX`, shown only to the person.
    var shown: String { code.shown }

    /// The value of `recovery_codes.code_hash`: SHA-256, bound to the person.
    func hash(school: Int, user: String) throws(CryptoError) -> [UInt8] {
        try SHA256.hash(Array("recovery\n\(school)\n\(user)\n".utf8) + code.characters)
    }
}

/// Keeps the code out of log lines and crash reports.
extension RecoveryCode: CustomStringConvertible, CustomReflectable {
    var description: String { "RecoveryCode(***)" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
