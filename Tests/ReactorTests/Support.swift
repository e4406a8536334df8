import Glibc
import Reactor
import Testing

extension Core {
    /// Runs a body on this core and returns its result.
    func run<Value: Sendable>(
        _ body: @Sendable (isolated Core) async throws -> Value
    ) async rethrows -> Value {
        try await body(self)
    }
}

/// A blocking descriptor of the test, closed with the last reference. Reads give up after 20 seconds.
final class Wire: Sendable {
    let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Connects to a port of this machine; nil if the connection is refused.
    convenience init?(port: UInt16) {
        self.init(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        guard connect(port) else { return nil }
    }

    /// Connects to a port of this machine; false if the connection is refused.
    func connect(_ port: UInt16) -> Bool {
        var address = loopback(port)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    func write(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// Resets the connection instead of ending it.
    func reset() {
        var atOnce = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &atOnce, socklen_t(MemoryLayout<linger>.size))
        // The number stays taken until `deinit` closes it.
        let other = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        dup2(other, descriptor)
        close(other)
    }

    /// The received bytes, at most `count`; empty at the end or after 20 seconds.
    func read(atMost count: Int = 65536) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = recv(descriptor, &bytes, count, 0)
        return Array(bytes.prefix(max(received, 0)))
    }
}

func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}

/// The two ends of a connection: a descriptor that the reactor takes over, and one for the test.
func connectedPair() -> (ours: Int32, theirs: Wire) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            #expect(bind(listener, $0, length) == 0)
            #expect(listen(listener, 1) == 0)
            getsockname(listener, $0, &length)
        }
    }
    let theirs = Wire(port: UInt16(bigEndian: address.sin_port))!
    let ours = accept(listener, nil, nil)
    _ = fcntl(ours, F_SETFL, O_NONBLOCK)
    return (ours, theirs)
}
