/// One of the servers that a URL names.
struct ConnectionHost: Equatable, Sendable {
    /// A name, an address, or the directory of a Unix-domain socket; nil means libpq's default.
    var name: String? = nil
    /// An IP address, which needs no lookup.
    var address: String? = nil
    var port: String? = nil

    var isSocket: Bool { name.map { $0.hasPrefix("/") || $0.hasPrefix("@") } ?? true }
    /// libpq would have to look up the name, which blocks.
    var needsLookUp: Bool { address == nil && !isSocket }
}

extension ConnectionURL {
    /// The servers in the URL's order. `host`, `hostaddr` and `port` are parallel lists; a single port applies to all
    /// (PostgreSQL, "Specifying Multiple Hosts").
    func hosts() throws(BlockingConnection.Failure) -> [ConnectionHost] {
        let names = list("host")
        let addresses = list("hostaddr")
        let ports = list("port")
        let count = max(names.count, addresses.count, 1)
        guard [0, count].contains(names.count), [0, count].contains(addresses.count),
            [0, 1, count].contains(ports.count)
        else {
            throw BlockingConnection.Failure(
                message:
                    "the database URL names \(names.count) hosts, \(addresses.count) hostaddr, \(ports.count) ports",
                hint: "give as many of each, or one port for all")
        }
        return (0..<count).map { index in
            ConnectionHost(
                name: names.isEmpty ? nil : names[index], address: addresses.isEmpty ? nil : addresses[index],
                port: ports.isEmpty ? nil : ports[ports.count == 1 ? 0 : index])
        }
    }

    /// Seconds that the URL allows for each host; nil if it does not say.
    var connectTimeout: Double? { self["connect_timeout"].flatMap { Double($0) }.flatMap { $0 > 0 ? $0 : nil } }

    private func list(_ key: String) -> [String?] {
        guard let text = self[key], !text.isEmpty else { return [] }
        return text.split(separator: ",", omittingEmptySubsequences: false).map { $0.isEmpty ? nil : String($0) }
    }
}
