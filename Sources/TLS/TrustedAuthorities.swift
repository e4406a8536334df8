import COpenSSL

/// Certificates of authorities that a client trusts.
package enum TrustedAuthorities {
    /// The number of certificates that OpenSSL can read, up to the first one that is damaged.
    package static func count(inPEM bytes: [UInt8]) -> Int {
        ERR_clear_error()
        defer { ERR_clear_error() }
        return unsafe bytes.withUnsafeBytes { bytes in
            guard let file = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return 0 }
            defer { unsafe BIO_free(file) }
            var count = 0
            while let certificate = unsafe PEM_read_bio_X509(file, nil, nil, nil) {
                unsafe X509_free(certificate)
                count += 1
            }
            return count
        }
    }
}
