import Crypto

/// The one-time code with which a person opens an account (A2). It is shown once and kept as a hash.
///
/// Twelve characters have 59 bits of entropy.
package struct ActivationCode: Sendable, Equatable {
    private let code: PaperCode

    private static let length = 12

    package init() { code = PaperCode(length: Self.length) }

    /// Parses typed text. Nil when it cannot be a code.
    package init?(_ typed: String) {
        guard let code = PaperCode(typed, length: Self.length) else { return nil }
        self.code = code
    }

    /// `XXXX-XXXX-XXXX`, shown only to the person.
    package var shown: String { code.shown }

    /// The value of `activation_codes.code_hash`: SHA-256, bound to the school.
    package func hash(school code: String) throws(CryptoError) -> [UInt8] {
        try SHA256.hash(Array("activation\n\(code)\n".utf8) + self.code.characters)
    }
}

/// Keeps the code out of log lines and crash reports.
extension ActivationCode: CustomStringConvertible, CustomReflectable {
    package var description: String { "ActivationCode(***)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
