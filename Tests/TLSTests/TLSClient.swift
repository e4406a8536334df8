import COpenSSL
import Glibc
import Reactor
import TestTools

/// A blocking TCP connection. Reads give up after 20 seconds.
final class PlainClient: @unchecked Sendable {
    struct Refused: Error {}

    let descriptor: Int32

    init(_ port: UInt16, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw Refused() }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 { return }
            sent += count
        }
    }

    /// The received bytes; empty at the end, nil if the connection was reset or nothing came.
    func receive() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    /// Everything until the end or a reset.
    func remainder() async throws -> String {
        try await threads.run { [self] in
            var all: [UInt8] = []
            while let bytes = receive(), !bytes.isEmpty { all += bytes }
            return String(decoding: all, as: UTF8.self)
        }
    }
}

/// OpenSSL's client over a blocking connection. The test can read and change the encrypted bytes.
final class TLSClient: @unchecked Sendable {
    struct Options: Sendable {
        var lowest: Int32?
        var highest: Int32?
        var protocols: [String] = []
        /// The size of each write in bytes.
        var piece = Int.max
        var receiveBuffer: Int32?
    }

    /// OpenSSL's reason.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let wire: PlainClient
    /// Accepts old versions and weak ciphers, so that it is the server that refuses them.
    private nonisolated(unsafe) static let context: OpaquePointer = {
        let context = SSL_CTX_new(TLS_client_method())!
        SSL_CTX_set_security_level(context, 0)
        SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0")
        return context
    }()
    let ssl: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private let piece: Int
    private var rest: [UInt8] = []

    var version: String { String(cString: SSL_get_version(ssl)) }

    var isResumed: Bool { SSL_session_reused(ssl) == 1 }

    /// The negotiated protocol.
    var applicationProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &count)
        return name.map { String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self) }
    }

    /// The name in the server's certificate.
    var serverName: String? {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        var text = [CChar](repeating: 0, count: 256)
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, &text, 256)
        return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// The number of certificates that the server sent.
    var chainLength: Int { Int(OPENSSL_sk_num(SSL_get_peer_cert_chain(ssl))) }

    /// Connects and does the handshake.
    ///
    /// - Parameter session: a session of an earlier client to resume.
    static func connect(
        _ port: UInt16, _ options: Options = Options(), session: OpaquePointer? = nil
    ) async throws -> TLSClient {
        nonisolated(unsafe) let session = session
        return try await threads.run {
            let client = try TLSClient(port, options, session: session)
            try client.attempt { SSL_connect(client.ssl) }
            return client
        }
    }

    init(_ port: UInt16, _ options: Options = Options(), session: OpaquePointer? = nil) throws {
        wire = try PlainClient(port, receiveBuffer: options.receiveBuffer)
        ssl = SSL_new(Self.context)
        if let lowest = options.lowest { SSL_ctrl(ssl, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(lowest), nil) }
        if let highest = options.highest { SSL_ctrl(ssl, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(highest), nil) }
        if !options.protocols.isEmpty {
            let list = options.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
            SSL_set_alpn_protos(ssl, list, UInt32(list.count))
        }
        incoming = BIO_new(BIO_s_mem())
        outgoing = BIO_new(BIO_s_mem())
        piece = options.piece
        SSL_set_bio(ssl, incoming, outgoing)
        SSL_set_connect_state(ssl)
        if let session { SSL_set_session(ssl, session) }
    }

    deinit { SSL_free(ssl) }

    func write(_ text: String) async throws { try await write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) async throws {
        _ = try await threads.run { [self] in try attempt { SSL_write(ssl, bytes, Int32(bytes.count)) } }
    }

    /// Reads until there are `count` bytes, or to the end.
    func read(_ count: Int = .max) async throws -> [UInt8] {
        try await threads.run { [self] in try readNow(count) }
    }

    func readText(_ count: Int = .max) async throws -> String {
        String(decoding: try await read(count), as: UTF8.self)
    }

    /// The next answer: its head and body.
    func answer() async throws -> (head: String, body: [UInt8]) {
        try await threads.run { [self] in
            let separator = Array("\r\n\r\n".utf8)
            var end: Int?
            while end == nil {
                end = rest.indices.first { rest[$0...].starts(with: separator) }
                if end == nil {
                    let more = try some()
                    if more.isEmpty { throw Failure(description: "the end within a head") }
                    rest += more
                }
            }
            let head = String(decoding: rest[..<end!], as: UTF8.self)
            rest.removeSubrange(..<(end! + 4))
            let length = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
            let count = length.flatMap { Int($0.dropFirst(16)) } ?? 0
            return (head, try readNow(count))
        }
    }

    /// The content of a chunked answer after its head, without trailers.
    func chunks() async throws -> [UInt8] {
        try await threads.run { [self] in
            var content: [UInt8] = []
            while true {
                while rest.firstIndex(of: 10) == nil { rest += try some() }
                let end = rest.firstIndex(of: 10)!
                let size = Int(String(decoding: rest[..<(end - 1)], as: UTF8.self), radix: 16)!
                rest.removeSubrange(...end)
                content += try readNow(size)
                _ = try readNow(2)
                if size == 0 { return content }
            }
        }
    }

    /// Sends `close_notify`: the client will write no more.
    func finish() throws {
        SSL_shutdown(ssl)
        flush()
    }

    /// Whether the server has sent `close_notify`.
    var wasClosedProperly: Bool { SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 }

    private func readNow(_ count: Int) throws -> [UInt8] {
        while rest.count < count {
            let more = try some()
            if more.isEmpty { break }
            rest += more
        }
        defer { rest.removeFirst(min(count, rest.count)) }
        return Array(rest.prefix(count))
    }

    private func some() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = try attempt { SSL_read(ssl, &bytes, Int32(bytes.count)) }
        return Array(bytes.prefix(Int(count)))
    }

    /// Zero at the end.
    @discardableResult
    private func attempt(_ body: () -> Int32) throws -> Int32 {
        while true {
            ERR_clear_error()
            let result = body()
            let reason = SSL_get_error(ssl, result)
            let failure = ERR_peek_error()
            flush()
            if result > 0 { return result }
            switch reason {
            case SSL_ERROR_WANT_READ:
                guard let bytes = wire.receive() else { throw Failure(description: "reset") }
                if bytes.isEmpty { throw Failure(description: "cut off") }
                BIO_write(incoming, bytes, Int32(bytes.count))
            case SSL_ERROR_ZERO_RETURN: return 0
            default:
                throw Failure(description: ERR_reason_error_string(failure).map { String(cString: $0) } ?? "unknown")
            }
        }
    }

    private func flush() {
        var bytes = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = BIO_read(outgoing, &bytes, Int32(bytes.count))
            guard count > 0 else { return }
            var part = bytes[..<Int(count)]
            while !part.isEmpty {
                wire.send(Array(part.prefix(piece)))
                part = part.dropFirst(piece)
            }
        }
    }
}
