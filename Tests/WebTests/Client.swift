import Glibc
import JSON
import Reactor
import TestTools
import Testing

/// A blocking socket: bytes in, bytes out. Reads give up after 20 seconds.
final class Client: @unchecked Sendable {
    struct Refused: Error {}
    /// The connection ended, or nothing came, before the answer was complete.
    struct Incomplete: Error {
        let received: String
    }

    struct Answer: Sendable {
        let status: Int
        let fields: [(name: String, value: String)]
        let body: [UInt8]
        /// The lengths of the chunks of a chunked answer, and the fields after them.
        var chunks: [Int] = []
        var trailers: [(name: String, value: String)] = []

        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSONValue? { try? JSONValue(parsing: body) }
        var closes: Bool { self["Connection"] == "close" }

        subscript(name: String) -> String? {
            fields.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        /// A text member of the JSON body.
        func member(_ name: String) -> String? {
            guard case .string(let text)? = json?[name] else { return nil }
            return text
        }
    }

    private let descriptor: Int32
    /// Received bytes that belong to no answer yet. Used by one call at a time.
    private var rest: [UInt8] = []
    /// Whether the server reset the connection; known after `remainder`.
    private(set) var wasReset = false

    /// - Parameter receiveBuffer: the size of the kernel's buffer, for a slow reader.
    init(_ port: UInt16, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
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

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            // If the server has closed, the test looks at its answer.
            if count < 0 { return }
            sent += count
        }
    }

    /// Announces that no more will be sent.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Sends a request without a body and returns its answer.
    func get(_ path: String, _ fields: String...) async throws -> Answer {
        send("GET \(path) HTTP/1.1\r\nHost: a\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
        return try await answer()
    }

    /// The next answer, final or 1xx.
    ///
    /// - Parameter hasBody: false for the answer to HEAD.
    func answer(hasBody: Bool = true) async throws -> Answer {
        try await threads.run { [self] in try takeAnswer(hasBody: hasBody) }
    }

    /// Everything until the server ends the connection; nil if it does not.
    func remainder() async throws -> String? {
        try await threads.run { [self] in
            while true {
                let count = receive()
                if count < 0 {
                    wasReset = errno == ECONNRESET
                    return wasReset ? String(decoding: rest, as: UTF8.self) : nil
                }
                if count == 0 { return String(decoding: rest, as: UTF8.self) }
            }
        }
    }

    private func takeAnswer(hasBody: Bool) throws -> Answer {
        let end = Array("\r\n\r\n".utf8)
        var head = 0
        while true {
            if let found = rest.indices.first(where: { rest[$0...].starts(with: end) }) {
                head = found
                break
            }
            try more()
        }
        let lines = String(decoding: rest[..<head], as: UTF8.self).split(separator: "\r\n").map { String($0) }
        rest.removeSubrange(..<(head + 4))
        let fields = lines.dropFirst().map { Self.field($0) }
        let status = Int(lines[0].split(separator: " ")[1])!
        if hasBody, fields.contains(where: { $0.name == "Transfer-Encoding" && $0.value == "chunked" }) {
            var answer = Answer(status: status, fields: fields, body: [])
            try takeChunks(&answer)
            return answer
        }
        let length = fields.first { $0.name == "Content-Length" }.flatMap { Int($0.value) } ?? 0
        let count = hasBody && status != 304 ? length : 0
        while rest.count < count { try more() }
        let body = Array(rest.prefix(count))
        rest.removeFirst(count)
        return Answer(status: status, fields: fields, body: body)
    }

    private func takeChunks(_ answer: inout Answer) throws {
        var body: [UInt8] = []
        while let size = Int(try line(), radix: 16), size > 0 {
            while rest.count < size + 2 { try more() }
            body += rest[..<size]
            rest.removeFirst(size + 2)
            answer.chunks.append(size)
        }
        while case let line = try line(), !line.isEmpty { answer.trailers.append(Self.field(line)) }
        answer = Answer(
            status: answer.status, fields: answer.fields, body: body, chunks: answer.chunks, trailers: answer.trailers)
    }

    private func line() throws -> String {
        while true {
            if let end = rest.firstIndex(of: 13), end + 1 < rest.count {
                defer { rest.removeSubrange(...(end + 1)) }
                return String(decoding: rest[..<end], as: UTF8.self)
            }
            try more()
        }
    }

    private static func field(_ line: String) -> (name: String, value: String) {
        let colon = line.firstIndex(of: ":")!
        return (name: String(line[..<colon]), value: String(line[line.index(after: colon)...].drop { $0 == " " }))
    }

    /// Sends that many meaningless bytes.
    func send(bytes: Int) async throws {
        try await threads.run { [self] in
            let piece = [UInt8](repeating: 120, count: 64 * 1024)
            var rest = bytes
            while rest > 0 {
                let count = Glibc.send(descriptor, piece, min(piece.count, rest), Int32(MSG_NOSIGNAL))
                if count < 0 { return }
                rest -= count
            }
        }
    }

    /// Waits until something can be read, without reading it.
    func waitForBytes() async throws -> Bool {
        try await threads.run { [self] in
            var byte: UInt8 = 0
            return recv(descriptor, &byte, 1, Int32(MSG_PEEK)) == 1
        }
    }

    /// Reads to the end, or until `finish`, and keeps nothing.
    func discard() async throws -> Int {
        try await threads.run { [self] in
            var bytes = [UInt8](repeating: 0, count: 65536)
            var total = 0
            while case let count = recv(descriptor, &bytes, bytes.count, 0), count > 0 { total += count }
            return total
        }
    }

    private func more() throws {
        if receive() <= 0 { throw Incomplete(received: String(decoding: rest.prefix(500), as: UTF8.self)) }
    }

    private func receive() -> Int {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        if count > 0 { rest.append(contentsOf: bytes.prefix(count)) }
        return count
    }
}
