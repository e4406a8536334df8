import Crypto

/// A2: the one-time code with which a person opens an account. It is shown once and kept as a hash.
///
/// Twelve characters: 59 bits of chance.
package struct ActivationCode: Sendable, Equatable {
    private let code: PaperCode

    private static let length = 12

    /// A new one.
    package init() { code = PaperCode(length: Self.length) }

    /// What a person typed. Nil when it can't be a code.
    package init?(_ typed: String) {
        guard let code = PaperCode(typed, length: Self.length) else { return nil }
        self.code = code
    }

    /// `XXXX-XXXX-XXXX`, for the person alone.
    package var shown: String { code.shown }

    /// What `activation_codes.code_hash` holds: SHA-256, bound to the school.
    package func hash(school code: String) throws(CryptoError) -> [UInt8] {
        try SHA256.hash(Array("activation\n\(code)\n".utf8) + self.code.characters)
    }
}

/// A log line or a crash report must not show it.
extension ActivationCode: CustomStringConvertible, CustomReflectable {
    package var description: String { "ActivationCode(***)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
