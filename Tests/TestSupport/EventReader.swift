import Glibc

/// A client of a stream of Server-Sent Events on a connection of its own. It parses as WHATWG HTML, section 9.2.6,
/// says. For one thread.
package final class EventReader {
    package struct Event: Equatable, Sendable {
        package let name: String
        package let id: String
        package let data: String
    }

    package enum Failure: Error, Equatable {
        case notConnected
        /// Nothing came in time.
        case hung
        /// The connection ended before the last chunk.
        case broken
        case malformed(String)
    }

    package private(set) var status = 0
    package private(set) var fields: [String: String] = [:]
    /// The id of the last event.
    package private(set) var lastEventID: String
    package private(set) var retry: Int?
    package private(set) var comments = 0
    /// The content so far of an answer that is not a stream.
    package private(set) var content: [UInt8] = []
    private let descriptor: Int32
    private var received: [UInt8] = []
    private var lines: [UInt8] = []
    private var isAtEnd = false

    /// Connects and reads the head.
    ///
    /// - Parameters:
    ///   - method: of a request without a body.
    ///   - receiveBuffer: the size of the kernel's buffer, for a slow reader.
    package init(
        port: UInt16, token: String?, after lastEventID: String? = nil, _ path: String = "/v1/events",
        method: String = "GET", version: String = "1.1", receiveBuffer: Int32? = nil
    ) throws {
        self.lastEventID = lastEventID ?? ""
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
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
        guard code == 0 else {
            close(descriptor)
            throw Failure.notConnected
        }
        var head = "\(method) \(path) HTTP/\(version)\r\nHost: lyceum.test\r\n"
        if let token { head += "Authorization: Bearer \(token)\r\n" }
        if let lastEventID { head += "Last-Event-ID: \(lastEventID)\r\n" }
        let bytes = Array((head + "\r\n").utf8)
        _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        try readHead(seconds: 20)
    }

    deinit { close(descriptor) }

    /// The next event; nil at the end of the stream.
    package func next(seconds: Double = 10) throws -> Event? {
        let end = Self.now + seconds
        var (name, data, hasData) = ("message", "", false)
        while let line = try line(by: end) {
            if line.isEmpty {
                guard hasData else {
                    name = "message"
                    continue
                }
                return Event(name: name, id: lastEventID, data: data)
            }
            guard line.first != ":" else {
                comments += 1
                continue
            }
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            var value = line[colon...].dropFirst()
            if value.first == " " { value = value.dropFirst() }
            switch line[..<colon] {
            case "event": name = String(value)
            case "id": lastEventID = String(value)
            case "retry": retry = Int(value)
            case "data":
                data += hasData ? "\n\(value)" : String(value)
                hasData = true
            default: throw Failure.malformed(line)
            }
        }
        return nil
    }

    /// Waits for a comment.
    package func waitForComment(seconds: Double = 30) throws {
        let end = Self.now + seconds
        let before = comments
        while comments == before {
            guard let line = try line(by: end) else { throw Failure.broken }
            if line.first == ":" { comments += 1 }
        }
    }

    /// All content of an answer that is not a stream, or of one that has ended.
    package func rest(seconds: Double = 10) throws -> String {
        while try more(by: Self.now + seconds) {}
        return String(decoding: lines, as: UTF8.self)
    }

    /// Resets the connection.
    package func reset() {
        var immediately = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &immediately, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private func line(by end: Double) throws -> String? {
        while true {
            if let feed = lines.firstIndex(of: 10) {
                defer { lines.removeSubrange(...feed) }
                return String(decoding: lines[..<feed], as: UTF8.self)
            }
            guard try more(by: end) else { return nil }
        }
    }

    /// Decodes more content. False at the end.
    private func more(by end: Double) throws -> Bool {
        if isAtEnd { return false }
        guard fields["transfer-encoding"] == "chunked" else {
            let length = fields["content-length"].flatMap { Int($0) }
            if let length, lines.count >= length { return false }
            if received.isEmpty {
                guard try receive(by: end) else {
                    isAtEnd = true
                    return false
                }
            }
            lines += received
            received = []
            return true
        }
        while true {
            if let feed = received.firstIndex(of: 10) {
                guard let size = Int(String(decoding: received[..<(feed - 1)], as: UTF8.self), radix: 16) else {
                    throw Failure.malformed("a chunk")
                }
                if received.count >= feed + 1 + size + 2 {
                    lines += received[(feed + 1)..<(feed + 1 + size)]
                    received.removeSubrange(..<(feed + 1 + size + 2))
                    isAtEnd = size == 0
                    return !isAtEnd
                }
            }
            guard try receive(by: end) else { throw Failure.broken }
        }
    }

    private func readHead(seconds: Double) throws {
        let limit = Self.now + seconds
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let position = received.indices.first(where: { received[$0...].starts(with: end) }) {
                let head = String(decoding: received[..<position], as: UTF8.self).split(separator: "\r\n")
                received.removeSubrange(..<(position + 4))
                status = Int(head[0].split(separator: " ")[1]) ?? 0
                for line in head.dropFirst() {
                    let parts = line.split(separator: ":", maxSplits: 1)
                    fields[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
                }
                return
            }
            guard try receive(by: limit) else { throw Failure.broken }
        }
    }

    /// False at the end of the connection.
    private func receive(by end: Double) throws -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let left = Int32(max(0, (end - Self.now) * 1000))
        guard poll(&item, 1, left) > 0 else { throw Failure.hung }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0 { throw Failure.broken }
        received += buffer[..<count]
        return count > 0
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
