import Glibc
import JSON

/// A simple blocking HTTP/1.1 client with one connection per request.
package struct TestClient: Sendable {
    package let port: UInt16
    package var token: String?
    package var language: String?

    package init(port: UInt16, token: String? = nil, language: String? = nil) {
        self.port = port
        self.token = token
        self.language = language
    }

    package struct Answer: Sendable {
        package let status: Int
        package let headers: [(name: String, value: String)]
        package let body: [UInt8]
        /// The trailers of a chunked answer.
        package let trailers: [(name: String, value: String)]

        init(
            status: Int, headers: [(name: String, value: String)], body: [UInt8],
            trailers: [(name: String, value: String)] = []
        ) {
            self.status = status
            self.headers = headers
            self.body = body
            self.trailers = trailers
            json = (try? JSONValue(parsing: body)) ?? .null
        }

        package var text: String { String(decoding: body, as: UTF8.self) }
        /// The body as JSON; null when it is not JSON.
        package let json: JSONValue
        /// The problem's code.
        package var code: String? { json["code"]?.string }

        package subscript(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    package func get(_ path: String, headers: [(String, String)] = []) throws -> Answer {
        try send("GET", path, headers: headers)
    }

    package func post(_ path: String, json: String, headers: [(String, String)] = []) throws -> Answer {
        try send("POST", path, headers: headers + [("Content-Type", "application/json")], body: Array(json.utf8))
    }

    package func patch(_ path: String, json: String, headers: [(String, String)] = []) throws -> Answer {
        try send("PATCH", path, headers: headers + [("Content-Type", "application/json")], body: Array(json.utf8))
    }

    package func put(_ path: String, json: String, headers: [(String, String)] = []) throws -> Answer {
        try send("PUT", path, headers: headers + [("Content-Type", "application/json")], body: Array(json.utf8))
    }

    package func delete(_ path: String) throws -> Answer { try send("DELETE", path) }

    package func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) throws -> Answer {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        if let token { head += "Authorization: Bearer \(token)\r\n" }
        if let language { head += "Accept-Language: \(language)\r\n" }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        return try Self.parse(exchange(Array((head + "\r\n").utf8) + (body ?? [])), isHead: method == "HEAD")
    }

    /// Sends bytes and reads until the server closes.
    private func exchange(_ bytes: [UInt8]) throws -> [UInt8] {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw TestFailure("connect: errno \(errno)") }
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { return answer }
            answer += buffer[..<count]
        }
    }

    private static func parse(_ bytes: [UInt8], isHead: Bool) throws -> Answer {
        let end = Array("\r\n\r\n".utf8)
        guard let position = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else {
            throw TestFailure("no answer: \(String(decoding: bytes, as: UTF8.self))")
        }
        let lines = String(decoding: bytes[..<position], as: UTF8.self).split(separator: "\r\n")
        let headers = lines.dropFirst().map { field($0) }
        let body = bytes[(position + 4)...]
        let status = Int(lines[0].split(separator: " ")[1]) ?? 0
        if !isHead, headers.contains(where: { $0.name == "Transfer-Encoding" }) {
            let (content, trailers) = try chunks(body)
            return Answer(status: status, headers: headers, body: content, trailers: trailers)
        }
        let answer = Answer(status: status, headers: headers, body: Array(body))
        if let length = answer["Content-Length"].flatMap({ Int($0) }), !isHead, answer.status != 304,
            length != body.count
        {
            throw TestFailure("Content-Length \(length), body \(body.count)")
        }
        return answer
    }

    private static func field(_ line: some StringProtocol) -> (name: String, value: String) {
        let parts = line.split(separator: ":", maxSplits: 1)
        return (name: String(parts[0]), value: parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
    }

    private static func chunks(_ bytes: ArraySlice<UInt8>) throws -> ([UInt8], [(name: String, value: String)]) {
        var rest = bytes
        func line() throws -> String {
            guard let end = rest.firstIndex(of: 10) else { throw TestFailure("an answer without its last chunk") }
            defer { rest = rest[(end + 1)...] }
            return String(decoding: rest[..<(end - 1)], as: UTF8.self)
        }
        var content: [UInt8] = []
        while let size = Int(try line(), radix: 16), size > 0 {
            guard rest.count > size + 2 else { throw TestFailure("an answer without its last chunk") }
            content += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        var trailers: [(name: String, value: String)] = []
        while case let text = try line(), !text.isEmpty { trailers.append(field(text)) }
        return (content, trailers)
    }
}

extension JSONValue {
    package var string: String? { if case .string(let text) = self { text } else { nil } }
    package var int: Int? { if case .number(let text) = self { Int(text) } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var array: [JSONValue] { if case .array(let items) = self { items } else { [] } }
    package var isNull: Bool { if case .null = self { true } else { false } }
    package var keys: [String] { if case .object(let members) = self { members.map { $0.key } } else { [] } }

    package subscript(_ index: Int) -> JSONValue? { array.indices.contains(index) ? array[index] : nil }
}
