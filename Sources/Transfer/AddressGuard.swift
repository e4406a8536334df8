import CCurl
import HTTP1

/// Decides which addresses the server connects to when others name the destination: only public ones, and those of the
/// networks that the configuration allows. Otherwise a webhook could reach services inside the school's network, or
/// those of the machine itself (server-side request forgery).
///
/// The decision is made about the address of each connection, after the name was resolved (docs/decisions/0060).
package struct AddressGuard: Sendable {
    private let allowed: [AddressBlock]

    package init(allowing allowed: [AddressBlock]) { self.allowed = allowed }

    /// IANA, "IPv4 Special-Purpose Address Registry", and multicast.
    private static let notPublic = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    ].map { AddressBlock($0)! }

    /// RFC 4291 section 2.4: public addresses of IPv6 are inside this block.
    private static let global = AddressBlock("2000::/3")!
    /// IANA, "IPv6 Special-Purpose Address Registry": inside that block, but not public. Teredo and 6to4 lead to IPv4
    /// addresses.
    private static let notGlobal = ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"].map {
        AddressBlock($0)!
    }
    /// RFC 6052: the last 32 bits are an IPv4 address. Networks without IPv4 reach all IPv4 servers through it.
    private static let translated = AddressBlock("64:ff9b::/96")!

    func admits(_ address: IPAddress) -> Bool {
        if allowed.contains(where: { $0.contains(address) }) { return true }
        if address.isIPv4 { return !Self.notPublic.contains { $0.contains(address) } }
        if Self.translated.contains(address) {
            return admits(IPAddress(high: 0, low: 0xFFFF_0000_0000 | address.low & 0xFFFF_FFFF))
        }
        return Self.global.contains(address) && !Self.notGlobal.contains { $0.contains(address) }
    }

    /// - Parameter bytes: 4 or 16 bytes of a socket's address.
    func admits(_ bytes: [UInt8]) -> Bool {
        let number = { (bytes: ArraySlice<UInt8>) in bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: return admits(IPAddress(high: 0, low: 0xFFFF_0000_0000 | number(bytes[...])))
        case 16:
            let address = IPAddress(high: number(bytes[..<8]), low: number(bytes[8...]))
            // No public server is reached in this way (RFC 4291 section 2.5.5.2).
            if address.isIPv4 { return allowed.contains { $0.contains(address) } }
            return admits(address)
        default: return false
        }
    }

    /// Whether the host of a URL may be reached, as far as its text tells: an address that is not admitted and the
    /// names of the machine itself are refused. All other names are decided when they are resolved.
    func admits(host: String) -> Bool {
        var host = host.lowercased()
        while host.hasSuffix(".") { host.removeLast() }
        if host == "localhost" || host.hasSuffix(".localhost") { host = "127.0.0.1" }
        if host.hasPrefix("["), host.hasSuffix("]") {
            // A zone belongs to a link-local address.
            let text = host.dropFirst().dropLast().prefix { $0 != "%" }
            guard let address = IPAddress(text) else { return false }
            return admits(address)
        }
        var number: UInt32 = 0
        guard unsafe lyceum_ipv4_literal(host, &number) == 1 else { return true }
        return admits(IPAddress(high: 0, low: 0xFFFF_0000_0000 | UInt64(number)))
    }
}
