import DiarySignIn
import Glibc
import JSON
import Reactor

/// A blocking HTTP/1.1 client on one connection, which it reopens when the server has closed it. For one thread at a
/// time.
final class HTTPClient {
    /// There was no answer: the connection was refused or broke, or nothing came in time.
    enum NoAnswer: Error, Equatable {
        case refused
        case broken
        case hung
    }

    struct Answer: Sendable {
        let status: Int
        let fields: [String: String]
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
        /// The problem's code.
        var code: String? { json["code"]?.string }
        var retryAfter: Int? { fields["retry-after"].flatMap { Int($0) } }
    }

    private let port: UInt16
    private let patience: Int
    private var descriptor: Int32?
    var token: String?

    /// - Parameter patience: seconds without an answer after which the server counts as hung.
    init(port: UInt16, token: String? = nil, patience: Int = 30) {
        self.port = port
        self.token = token
        self.patience = patience
    }

    deinit { close() }

    func close() {
        if let descriptor { Glibc.close(descriptor) }
        descriptor = nil
    }

    func send(
        _ method: String, _ path: String, fields: [(String, String)] = [], json: String? = nil
    ) throws(NoAnswer) -> Answer {
        let descriptor = try connection()
        do throws(NoAnswer) {
            guard Loopback.sendAll(descriptor, request(method, path, fields, json)) else { throw NoAnswer.broken }
            let answer = try read(descriptor)
            if answer.fields["connection"]?.lowercased() == "close" { close() }
            return answer
        } catch {
            close()
            throw error
        }
    }

    /// Sends a request, or its first bytes, and leaves after a while.
    func abandon(
        _ method: String, _ path: String, json: String? = nil, after count: Int? = nil, afterMilliseconds: Int
    ) throws(NoAnswer) {
        let bytes = request(method, path, [], json)
        _ = Loopback.sendAll(try connection(), Array(bytes.prefix(count ?? bytes.count)))
        usleep(UInt32(afterMilliseconds) * 1000)
        close()
    }

    private func connection() throws(NoAnswer) -> Int32 {
        // If the server has closed the connection meanwhile, losing a request on it would not be the server's fault.
        if let descriptor {
            var byte: UInt8 = 0
            let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
            if count < 0 && errno == EAGAIN { return descriptor }
            close()
        }
        guard let made = Loopback.connect(port) else { throw .refused }
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        descriptor = made
        return made
    }

    private func request(_ method: String, _ path: String, _ fields: [(String, String)], _ json: String?) -> [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: lyceum.test\r\n"
        if let token { head += "Authorization: Bearer \(token)\r\n" }
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        if let json { head += "Content-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n" }
        return Array((head + "\r\n" + (json ?? "")).utf8)
    }

    private func read(_ descriptor: Int32) throws(NoAnswer) -> Answer {
        var bytes: [UInt8] = []
        var head: (status: Int, fields: [String: String], length: Int)?
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            if head == nil, let end = Self.end(of: bytes) {
                head = Self.parse(bytes[..<end])
                bytes.removeFirst(end + 4)
            }
            if let head, bytes.count >= head.length {
                return Answer(status: head.status, fields: head.fields, body: bytes)
            }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { throw .hung }
            guard count > 0 else { throw .broken }
            bytes += buffer[..<count]
        }
    }

    private static func end(of bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (0...bytes.count - 4).first {
            bytes[$0] == 13 && bytes[$0 + 1] == 10 && bytes[$0 + 2] == 13 && bytes[$0 + 3] == 10
        }
    }

    private static func parse(_ bytes: ArraySlice<UInt8>) -> (Int, [String: String], Int) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            fields[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        let status = Int(lines[0].split(separator: " ")[1]) ?? 0
        let length = status == 204 || status == 304 ? 0 : Int(fields["content-length"] ?? "0") ?? 0
        return (status, fields, length)
    }
}

extension JSONValue {
    var string: String? { if case .string(let text) = self { text } else { nil } }
    var int: Int? { if case .number(let text) = self { Int(text) } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var array: [JSONValue] { if case .array(let items) = self { items } else { [] } }
}
