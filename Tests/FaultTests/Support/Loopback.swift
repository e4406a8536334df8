import Glibc

/// Sockets on 127.0.0.1 that child processes do not inherit.
enum Loopback {
    static func socket() -> Int32 { Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0) }

    /// - Returns: the port.
    static func bind(_ descriptor: Int32, port: UInt16) throws -> UInt16 {
        var bound = address(port)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &bound) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        guard code == 0 else { throw Failure("bind: errno \(errno)") }
        return UInt16(bigEndian: bound.sin_port)
    }

    static func listen(backlog: Int32) throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket()
        let port = try bind(descriptor, port: 0)
        guard Glibc.listen(descriptor, backlog) == 0 else { throw Failure("listen: errno \(errno)") }
        return (descriptor, port)
    }

    /// A connected socket; nil if the connection was refused.
    static func connect(_ port: UInt16) -> Int32? {
        let descriptor = socket()
        guard start(descriptor, port) == 0 else {
            close(descriptor)
            return nil
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
    }

    static func start(_ descriptor: Int32, _ port: UInt16) -> Int32 {
        var target = address(port)
        return withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }

    static func sendAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}

/// A port that neither accepts nor refuses connections, like a host behind a network that drops everything: its backlog
/// is full, so further handshakes get no answer.
final class Blackhole: Sendable {
    let port: UInt16
    private let descriptors: [Int32]

    init() throws {
        let (listener, port) = try Loopback.listen(backlog: 0)
        self.port = port
        var descriptors = [listener]
        for _ in 0..<4 {
            let filler = Loopback.socket()
            _ = fcntl(filler, F_SETFL, O_NONBLOCK)
            _ = Loopback.start(filler, port)
            descriptors.append(filler)
        }
        self.descriptors = descriptors
    }

    deinit { for descriptor in descriptors { close(descriptor) } }
}
