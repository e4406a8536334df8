import COpenSSL

/// An OpenSSL function failed; the reason if OpenSSL gave one.
package struct TLSError: Error, Sendable, Equatable, CustomStringConvertible {
    package let function: String
    package let reason: String?
    /// The peer speaks plain HTTP.
    var isPlainHTTP = false

    package var description: String { "\(function): \(reason ?? "the connection broke")" }

    init(_ function: String, reason: String?) {
        self.function = function
        self.reason = reason
    }

    /// Takes the reason from the oldest entry of the thread's error queue, which is the cause.
    init(_ function: String) {
        let code = ERR_peek_error()
        self.init(function, reason: Self.reason(code))
        isPlainHTTP = ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST
    }

    static func reason(_ code: UInt) -> String? {
        unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) }
    }
}
