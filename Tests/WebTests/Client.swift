import Glibc
import JSON
import Reactor
import TestTools
import Testing

/// A blocking socket: bytes in, bytes out. Reads give up after 20 seconds.
final class Client: @unchecked Sendable {
    struct Refused: Error {}
    /// The connection ended, or nothing came, before the answer was whole.
    struct Incomplete: Error {
        let received: String
    }

    struct Answer: Sendable {
        let status: Int
        let fields: [(name: String, value: String)]
        let body: [UInt8]

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
    /// What came and belongs to no answer yet. Used by one call at a time.
    private var rest: [UInt8] = []

    /// - Parameter receiveBuffer: the kernel's buffer, for a slow reader.
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
            // A server that closed has had its reason; the test looks at the answer.
            if count < 0 { return }
            sent += count
        }
    }

    /// Says that no more will be sent.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// A request without a body, with these fields, and its answer.
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

    /// What comes until the server ends the connection; nil when it does not end it.
    func remainder() async throws -> String? {
        try await threads.run { [self] in
            while true {
                let count = receive()
                if count < 0 { return errno == ECONNRESET ? String(decoding: rest, as: UTF8.self) : nil }
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
        let lines = String(decoding: rest[..<head], as: UTF8.self).split(separator: "\r\n")
        rest.removeSubrange(..<(head + 4))
        let fields = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":")!
            return (name: String(line[..<colon]), value: String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        let status = Int(lines[0].split(separator: " ")[1])!
        let length = fields.first { $0.name == "Content-Length" }.flatMap { Int($0.value) } ?? 0
        let count = hasBody && status != 304 ? length : 0
        while rest.count < count { try more() }
        let body = Array(rest.prefix(count))
        rest.removeFirst(count)
        return Answer(status: status, fields: fields, body: body)
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
