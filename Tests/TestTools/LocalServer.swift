import Glibc
import Reactor

/// A listening socket on 127.0.0.1 whose connections are served one after the other, on a thread for blocking work.
enum LocalServer {
    struct Failure: Error {
        let code: Int32
    }

    /// - Parameter port: 0 picks a free one.
    static func listen(_ port: UInt16) throws -> (descriptor: Int32, port: UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && Glibc.listen(listener, 64) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw Failure(code: errno) }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    /// Until somebody shuts the socket down.
    static func run(_ listener: Int32, _ serve: @escaping @Sendable (_ connection: Int32) -> Void) {
        Task {
            try? await threads.run {
                while true {
                    let connection = accept(listener, nil, nil)
                    if connection < 0, errno == EINTR { continue }
                    guard connection >= 0 else { break }
                    serve(connection)
                    close(connection)
                }
                close(listener)
            }
        }
    }

    static func write(_ connection: Int32, _ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(connection, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }
}
