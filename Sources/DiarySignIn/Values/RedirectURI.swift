/// A registered address to which an app's people are sent back (RFC 6749 section 3.1.2, RFC 8252 section 7).
///
/// Allowed are `https` with a host; `http` only to the device itself, `127.0.0.1` or `[::1]`; and a scheme of the app's
/// own, which contains a dot because it is a reversed domain name. Only bytes of RFC 3986, so that the address can be
/// put unchanged into a header field or a policy; no fragment and no user information.
package struct RedirectURI: Sendable, Equatable {
    package let text: String
    package let scheme: Substring
    /// With the port; nil for a scheme of the app's own.
    package let authority: Substring?

    package static let longest = 1000

    package init?(_ text: String) {
        guard (1...Self.longest).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed),
            let colon = text.firstIndex(of: ":")
        else { return nil }
        let scheme = text[..<colon]
        guard let first = scheme.utf8.first, (0x61...0x7A).contains(first), scheme.utf8.allSatisfy(Self.isOfScheme)
        else { return nil }
        let rest = text[text.index(after: colon)...]
        switch scheme {
        case "https", "http":
            guard rest.hasPrefix("//") else { return nil }
            let authority = rest.dropFirst(2).prefix { !"/?".contains($0) }
            guard scheme == "https" ? Self.isHost(authority) : Self.isLoopback(authority) else { return nil }
            self.authority = authority
        default:
            guard scheme.contains("."), !rest.isEmpty else { return nil }
            authority = nil
        }
        self.text = text
        self.scheme = scheme
    }

    /// Whether a request may use `asked` where this address is registered: they are the same, character by character,
    /// except for the port on the device itself, which an app does not know in advance (RFC 8252 section 7.3).
    package func allows(_ asked: RedirectURI) -> Bool {
        if text == asked.text { return true }
        guard scheme == "http", asked.scheme == "http", let own = authority, let other = asked.authority else {
            return false
        }
        return Self.withoutPort(own) == Self.withoutPort(other) && afterAuthority == asked.afterAuthority
    }

    /// A source of Content-Security-Policy. A policy cannot name an IPv6 address, so that becomes its scheme.
    package var policySource: String {
        guard let authority, !authority.hasPrefix("[") else { return "\(scheme):" }
        return "\(scheme)://\(authority)"
    }

    /// The destination that people see: a host, or nil for the device itself.
    package var host: String? { scheme == "https" ? authority.map { String($0) } : nil }

    private var afterAuthority: Substring { authority.map { text[$0.endIndex...] } ?? text[...] }

    private static func withoutPort(_ authority: Substring) -> Substring {
        guard let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") else { return authority }
        return authority[..<colon]
    }

    /// A name or an IPv4 address, with an optional port.
    private static func isHost(_ authority: Substring) -> Bool {
        let host = withoutPort(authority)
        let isName = host.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x2E
        }
        return isName && host.first != "." && host.first != "-" && !host.isEmpty && !host.contains("..")
            && hasPort(authority)
    }

    private static func isLoopback(_ authority: Substring) -> Bool {
        ["127.0.0.1", "[::1]"].contains(withoutPort(authority)) && hasPort(authority)
    }

    /// Nothing follows the host, or a port does.
    private static func hasPort(_ authority: Substring) -> Bool {
        let host = withoutPort(authority)
        guard host.endIndex < authority.endIndex else { return true }
        let port = authority[host.endIndex...].dropFirst()
        return UInt16(port).map { $0 > 0 && String($0) == port } ?? false
    }

    private static func isOfScheme(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E].contains(byte)
    }

    /// Unreserved, percent-encoded and reserved bytes, without `#`, `;`, `,`, `'`, `*` and `@`: addresses do not need
    /// them, and they have a meaning in header fields and policies.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-._~%:/?[]!$&()+=".utf8.contains(byte)
        }
    }
}
