import CZlib
import Glibc

/// A client that costs little beside the servers that it tests: it reads into one buffer and looks at few fields.
/// For one thread at a time.
final class StormConnection {
    struct Answer {
        let status: Int
        let entityTag: [UInt8]?
        let isCompressed: Bool
        /// Of the buffer.
        let body: Range<Int>
    }

    private let server: LyceumServer
    private var descriptor: Int32?
    private var buffer = [UInt8](repeating: 0, count: 1 << 20)

    init(_ server: LyceumServer) { self.server = server }

    deinit { close() }

    private func close() {
        if let descriptor { Glibc.close(descriptor) }
        descriptor = nil
    }

    func send(_ request: [UInt8]) throws(HTTPClient.NoAnswer) -> Answer {
        if descriptor == nil {
            guard let made = Loopback.connect(server.port) else { throw .refused }
            var limit = timeval(tv_sec: 30, tv_usec: 0)
            setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            descriptor = made
        }
        do throws(HTTPClient.NoAnswer) {
            guard Loopback.sendAll(descriptor!, request) else { throw .broken }
            return try receive(descriptor!)
        } catch {
            close()
            throw error
        }
    }

    func withBody<Value>(_ answer: Answer, _ look: (UnsafeRawBufferPointer) -> Value) -> Value {
        buffer.withUnsafeBytes { look(UnsafeRawBufferPointer(rebasing: $0[answer.body])) }
    }

    private func receive(_ descriptor: Int32) throws(HTTPClient.NoAnswer) -> Answer {
        var count = 0
        var answer: Answer?
        while true {
            if count + 1 == buffer.count { buffer.append(contentsOf: [UInt8](repeating: 0, count: count)) }
            let room = buffer.count - count - 1
            let received = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress! + count, room, 0) }
            if received < 0 && errno == EINTR { continue }
            if received < 0 && errno == EAGAIN { throw .hung }
            guard received > 0 else { throw .broken }
            count += received
            buffer[count] = 0
            if answer == nil { answer = head(count) }
            if let answer, count >= answer.body.upperBound {
                if answer.status >= 400 { closeIfAsked(answer) }
                return answer
            }
        }
    }

    private func closeIfAsked(_ answer: Answer) {
        let asks = buffer.withUnsafeBytes {
            UnsafeRawBufferPointer(rebasing: $0[..<answer.body.lowerBound]).find(Self.closes) != nil
        }
        if asks { close() }
    }

    /// Once the whole head is there.
    private func head(_ count: Int) -> Answer? {
        buffer.withUnsafeBytes { bytes in
            guard let end = UnsafeRawBufferPointer(rebasing: bytes[..<count]).find(Self.end) else { return nil }
            let head = UnsafeRawBufferPointer(rebasing: bytes[..<(end + 2)])
            let status = (9...11).reduce(0) { $0 * 10 + Int(head[$1]) - 48 }
            var length = 0
            if status != 304, let field = head.find(Self.length) {
                length = strtol(head.baseAddress! + field + Self.length.count - 1, nil, 10)
            }
            let tag = head.find(Self.tag).map { field in
                Array(head[(field + Self.tag.count - 1)..<head.find(Self.newLine, from: field + 2)!])
            }
            return Answer(
                status: status, entityTag: tag, isCompressed: head.find(Self.compressed) != nil,
                body: end + 4..<end + 4 + length)
        }
    }

    private static let end = Array("\r\n\r\n".utf8CString)
    private static let newLine = Array("\r\n".utf8CString)
    private static let length = Array("\r\nContent-Length: ".utf8CString)
    private static let tag = Array("\r\nETag: ".utf8CString)
    private static let compressed = Array("\r\nContent-Encoding: gzip".utf8CString)
    private static let closes = Array("\r\nConnection: close".utf8CString)
}

extension StormConnection {
    /// The content of a compressed body (RFC 1952) and a zero byte; nil when it is damaged.
    static func inflate(_ body: UnsafeRawBufferPointer) -> [UInt8]? {
        // zlib's state points back at the stream, so the stream must not move.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        guard lyceum_gunzip_init(stream) == Z_OK else { return nil }
        defer { inflateEnd(stream) }
        var code = Z_OK
        let content = [UInt8](unsafeUninitializedCapacity: 4 << 20) { output, count in
            stream.pointee.next_in = UnsafeMutablePointer(mutating: body.bindMemory(to: UInt8.self).baseAddress)
            stream.pointee.avail_in = UInt32(body.count)
            stream.pointee.next_out = output.baseAddress
            stream.pointee.avail_out = UInt32(output.count - 1)
            code = CZlib.inflate(stream, Z_FINISH)
            count = output.count - 1 - Int(stream.pointee.avail_out)
            output[count] = 0
            count += 1
        }
        return code == Z_STREAM_END ? content : nil
    }
}
