import CLinux
import Glibc
import Synchronization

/// A listening TCP socket on one core. `accepted` receives each connection.
package final class Listener {
    /// A connection that its core has not taken over yet.
    package struct Accepted: Sendable {
        package let descriptor: Int32
        /// The numeric address at the other end.
        package let peer: String
        /// This is the process's last descriptor and is needed to refuse the next connection: refuse this one and close
        /// it before the call returns.
        package let isLast: Bool
    }

    package let port: UInt16
    private var descriptor: Int32
    /// A reserved descriptor. When there are no others, closing it lets one connection be accepted and refused
    /// properly.
    private var spare: Int32
    private let poller: Poller
    private let retry: Deadline
    private var token: Poller.Token?
    private let accepted: (Accepted) -> Void

    /// - Parameter port: 0 lets the kernel choose one.
    package init(
        host: String, port: UInt16, poller: Poller, deadlines: Deadlines, accepted: @escaping (Accepted) -> Void
    ) throws {
        (descriptor, self.port) = try Self.bind(host: host, port: port)
        spare = Self.anyDescriptor()
        self.poller = poller
        self.accepted = accepted
        var resume: () -> Void = {}
        retry = deadlines.make { resume() }
        resume = { [unowned self] in arm() }
        arm()
    }

    deinit { close() }

    package func close() {
        guard descriptor >= 0 else { return }
        if let token { poller.remove(token) }
        token = nil
        retry.cancel()
        Glibc.close(descriptor)
        descriptor = -1
        if spare >= 0 { Glibc.close(spare) }
        spare = -1
    }

    private func arm() {
        token = try? poller.add(descriptor, .readable) { [unowned self] _ in acceptAll() }
        if token == nil { retry.set(after: .milliseconds(100)) }
    }

    private func acceptAll() {
        for _ in 0..<64 where descriptor >= 0 {
            if accept(isLast: false) { continue }
            switch lyceum_errno() {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE:
                if spare >= 0 { Glibc.close(spare) }
                let isTold = spare >= 0 && accept(isLast: true)
                let isAgain = !isTold && lyceum_errno() == EAGAIN
                spare = Self.anyDescriptor()
                if isAgain { return }
                if !isTold { return pause() }
            case ENOBUFS, ENOMEM: return pause()
            default: return
            }
        }
    }

    /// False if there is none; errno has the reason.
    private func accept(isLast: Bool) -> Bool {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let connection = unsafe lyceum_accept(descriptor, &address, &length)
        if connection < 0 { return false }
        var one: Int32 = 1
        unsafe setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        accepted(Accepted(descriptor: connection, peer: Self.text(of: &address, length), isLast: isLast))
        return true
    }

    /// Nothing can be accepted now, and level-triggered readiness would spin. Tries again soon.
    private func pause() {
        if let token { poller.remove(token) }
        token = nil
        retry.set(after: .milliseconds(100))
    }

    /// A descriptor without a purpose, to be held as a reserve; -1 if there is none.
    private static func anyDescriptor() -> Int32 { eventfd(0, Int32(EFD_CLOEXEC)) }

    private static func bind(host: String, port: UInt16) throws -> (Int32, UInt16) {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, String(port), &hints, &found) == 0, let info = unsafe found else {
            throw SystemError(call: "listen address \(host) (a numeric address is needed)", code: EINVAL)
        }
        defer { unsafe freeaddrinfo(info) }
        let descriptor = try systemCall("socket") {
            unsafe socket(
                info.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        }
        do {
            var one: Int32 = 1
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
            _ = try systemCall("bind") { unsafe Glibc.bind(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) }
            _ = try systemCall("listen") { listen(descriptor, 4096) }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        // sin_port and sin6_port have the same offset.
        let bound = unsafe withUnsafeBytes(of: &address) { unsafe $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self) }
        return (descriptor, UInt16(bigEndian: bound))
    }

    private static func text(of address: inout sockaddr_storage, _ length: socklen_t) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let code = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe getnameinfo($0, length, buffer.baseAddress, 64, nil, 0, NI_NUMERICHOST)
                }
            }
            return code == 0 ? unsafe String(cString: buffer.baseAddress!) : "0.0.0.0"
        }
    }
}
