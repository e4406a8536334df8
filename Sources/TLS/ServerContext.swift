import COpenSSL
import Glibc

/// A certificate with its key and the TLS settings of a server: TLS 1.2 and 1.3, ciphers with forward secrecy, and
/// `http/1.1` for clients that negotiate a protocol (RFC 7301). All cores share one context; a new context applies to
/// new connections.
@safe package final class ServerContext: @unchecked Sendable {
    let pointer: OpaquePointer
    /// Whole days until the certificate expires; negative after that.
    package let daysLeft: Int
    /// Sent unencrypted, once, to a client that speaks HTTP without TLS. If empty, nothing is sent.
    package let plainAnswer: [UInt8]

    /// - Parameters:
    ///   - certificate: path of a PEM file: the server's certificate, then its issuers' certificates up to the root.
    ///   - key: path of a PEM file with the private key, not encrypted.
    package init(certificate: String, key: String, plainAnswer: [UInt8] = []) throws(CertificateError) {
        ERR_clear_error()
        guard let context = unsafe SSL_CTX_new(TLS_server_method()) else {
            throw CertificateError(certificate, "cannot be used: OpenSSL cannot create a context")
        }
        unsafe pointer = context
        self.plainAnswer = plainAnswer
        do throws(CertificateError) {
            try unsafe Self.set(context)
            try unsafe Self.load(context, certificate, key)
        } catch {
            unsafe SSL_CTX_free(context)
            throw error
        }
        var days: Int32 = 0
        var seconds: Int32 = 0
        let end = unsafe X509_get0_notAfter(SSL_CTX_get0_certificate(context))
        unsafe ASN1_TIME_diff(&days, &seconds, nil, end)
        daysLeft = seconds < 0 ? Int(days) - 1 : Int(days)
    }

    deinit { unsafe SSL_CTX_free(pointer) }

    private static func set(_ context: OpaquePointer) throws(CertificateError) {
        guard unsafe lyceum_server_settings(context) == 1,
            unsafe SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1,
            unsafe SSL_CTX_set_num_tickets(context, 1) == 1
        else { throw CertificateError("OpenSSL", "refuses the server's settings: \(TLSError("SSL_CTX").reason ?? "")") }
        unsafe SSL_CTX_set_alpn_select_cb(
            context,
            { _, chosen, length, offers, count, _ in
                unsafe ServerContext.choose(chosen, length, UnsafeBufferPointer(start: offers, count: Int(count)))
            }, nil)
    }

    /// Selects `http/1.1` from the client's list of length-prefixed protocol names. Otherwise ends the handshake with
    /// `no_application_protocol`.
    private static func choose(
        _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ length: UnsafeMutablePointer<UInt8>?,
        _ offers: UnsafeBufferPointer<UInt8>
    ) -> Int32 {
        var index = 0
        while index < offers.count {
            let count = unsafe Int(offers[index])
            let name = index + 1
            guard name + count <= offers.count else { break }
            if unsafe offers[name..<name + count].elementsEqual("http/1.1".utf8) {
                unsafe chosen?.pointee = offers.baseAddress! + name
                unsafe length?.pointee = UInt8(count)
                return SSL_TLSEXT_ERR_OK
            }
            index = name + count
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }

    private static func load(_ context: OpaquePointer, _ certificate: String, _ key: String) throws(CertificateError) {
        for path in [certificate, key] where unsafe access(path, R_OK) != 0 {
            throw CertificateError(path, "can't be read: \(unsafe String(cString: strerror(errno)))")
        }
        ERR_clear_error()
        guard unsafe SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
            throw CertificateError(certificate, "holds no usable certificate in PEM form", because: ERR_peek_error())
        }
        ERR_clear_error()
        guard unsafe SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
            let code = ERR_peek_last_error()
            if ERR_GET_LIB(code) == ERR_LIB_X509 {
                throw CertificateError(key, "is not the key of the certificate \(certificate)")
            }
            throw CertificateError(
                key, "holds no private key in PEM form without a password", because: ERR_peek_error())
        }
        ERR_clear_error()
        guard unsafe SSL_CTX_check_private_key(context) == 1 else {
            throw CertificateError(key, "is not the key of the certificate \(certificate)")
        }
    }
}

/// A certificate or key that cannot be used: the file, and what is wrong with it.
package struct CertificateError: Error, Sendable, Equatable, CustomStringConvertible {
    package let path: String
    package let problem: String

    package var description: String { "\(path) \(problem)" }

    init(_ path: String, _ problem: String, because code: UInt = 0) {
        self.path = path
        self.problem = problem + (TLSError.reason(code).map { " (\($0))" } ?? "")
    }
}
