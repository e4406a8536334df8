import COpenSSL

/// OpenSSL refused: the function, and its reason where it gave one.
package struct TLSError: Error, Sendable, Equatable, CustomStringConvertible {
    package let function: String
    package let reason: String?
    /// The peer speaks HTTP in the clear.
    var isPlainHTTP = false

    package var description: String { "\(function): \(reason ?? "the connection broke")" }

    init(_ function: String, reason: String?) {
        self.function = function
        self.reason = reason
    }

    /// From the oldest entry of the thread's error queue, which is the cause.
    init(_ function: String) {
        let code = ERR_peek_error()
        self.init(function, reason: Self.reason(code))
        isPlainHTTP = ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST
    }

    static func reason(_ code: UInt) -> String? {
        unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) }
    }
}
