import Glibc
import Synchronization

/// A server on 127.0.0.1 to which the tested server sends: it records requests and answers as the test wants. It serves
/// one connection at a time, with one request each, and ends with the last reference.
package final class Receiver: Sendable {
    package struct Request: Sendable {
        /// Such as `POST /path HTTP/1.1`.
        package let line: String
        private let fields: [String: String]
        package let body: [UInt8]

        package init?(_ bytes: [UInt8]) {
            let end = Array("\r\n\r\n".utf8)
            guard let head = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { return nil }
            let lines = String(decoding: bytes[..<head], as: UTF8.self).split(separator: "\r\n")
            line = String(lines[0])
            var fields: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                fields[parts[0].lowercased()] = parts.count < 2 ? "" : String(parts[1].drop { $0 == " " })
            }
            let length = fields["content-length"].flatMap { Int($0) } ?? 0
            guard bytes.count >= head + 4 + length else { return nil }
            self.fields = fields
            body = Array(bytes[(head + 4)..<(head + 4 + length)])
        }

        package var text: String { String(decoding: body, as: UTF8.self) }
        package subscript(_ name: String) -> String? { fields[name.lowercased()] }
    }

    package enum Answer: Sendable {
        case status(Int, headers: [(String, String)] = [], body: [UInt8] = [])
        /// The connection is closed without an answer.
        case silence
        /// Nothing is sent, and the connection stays open until the other side closes it.
        case stall

        package static let ok = Answer.status(200)
    }

    package typealias Answering = @Sendable (_ request: Request, _ number: Int) -> Answer

    package let port: UInt16
    private let listener: Int32
    private let record = Record()

    private final class Record: Sendable {
        private let requests = Mutex<[Request]>([])

        var all: [Request] { requests.withLock { $0 } }
        /// Returns the number of the request, from 0.
        func add(_ request: Request) -> Int {
            requests.withLock { requests in
                requests.append(request)
                return requests.count - 1
            }
        }
    }

    package var requests: [Request] { record.all }
    package var url: String { "http://127.0.0.1:\(port)/hooks" }

    /// - Parameter port: 0 picks a free one.
    package init(port: UInt16 = 0, answer: @escaping Answering = { _, _ in .ok }) throws {
        (listener, self.port) = try LocalServer.listen(port)
        let (listener, record) = (listener, record)
        LocalServer.run(listener) { Self.serve($0, record, answer) }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func serve(_ connection: Int32, _ record: Record, _ answer: Answering) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        var parsed: Request?
        while parsed == nil {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            bytes += buffer[..<count]
            parsed = Request(bytes)
        }
        guard let request = parsed else { return }
        switch answer(request, record.add(request)) {
        case .silence: return
        case .stall: while recv(connection, &buffer, buffer.count, 0) > 0 {}
        case .status(let status, let headers, let body):
            var head = "HTTP/1.1 \(status) Status\r\nContent-Length: \(body.count)\r\nConnection: close\r\n"
            for (name, value) in headers { head += "\(name): \(value)\r\n" }
            let answer = Array((head + "\r\n").utf8) + body
            LocalServer.write(connection, answer)
            shutdown(connection, Int32(SHUT_WR))
            while recv(connection, &buffer, buffer.count, 0) > 0 {}
        }
    }
}
