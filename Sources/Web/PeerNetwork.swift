/// Whom an address belongs to, for counting.
enum PeerNetwork {
    /// An IPv4 address alone; of an IPv6 address the first 64 bits, since a household or a phone has that many addresses for
    /// itself. An IPv4 address mapped into IPv6 is one of IPv4.
    ///
    /// - Parameter peer: numeric, as getnameinfo(3) writes it.
    static func of(_ peer: String) -> String {
        guard peer.utf8.contains(UInt8(ascii: ":")) else { return peer }
        if peer.utf8.contains(UInt8(ascii: ".")), let last = peer.split(separator: ":").last { return String(last) }
        let address = peer.prefix { $0 != "%" }
        // "::" stands for as many zero groups as are missing.
        let zeros = max(0, 8 - address.split(separator: ":").count)
        var groups: [Substring] = []
        for part in address.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false) {
            if !groups.isEmpty || part.startIndex != address.startIndex {
                groups += repeatElement("0", count: zeros)
            }
            groups += part.split(separator: ":")
        }
        return groups.prefix(4).joined(separator: ":") + "::/64"
    }
}
