import Glibc

/// `getaddrinfo`. It blocks, so call it on a thread of the offload pool.
enum NameLookUp {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// All addresses of a host, in the system's order of preference.
    static func addresses(of host: String) throws(Failure) -> [String] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &hints, &found)
        guard code == 0 else {
            throw Failure(description: "\(host): \(unsafe String(cString: gai_strerror(code)))")
        }
        defer { unsafe freeaddrinfo(found) }
        var addresses: [String] = []
        var next = unsafe found
        while let info = unsafe next {
            if let text = unsafe text(info.pointee) { addresses.append(text) }
            unsafe next = unsafe info.pointee.ai_next
        }
        return addresses
    }

    private static func text(_ info: addrinfo) -> String? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { buffer in
            let code = unsafe getnameinfo(
                info.ai_addr, info.ai_addrlen, buffer.baseAddress, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST)
            return code == 0 ? unsafe String(cString: buffer.baseAddress!) : nil
        }
    }
}
