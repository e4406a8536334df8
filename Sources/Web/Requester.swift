import HTTP1

/// The origin of a request: the client's address, and how it reached the server according to trusted proxies.
struct Requester {
    /// A numeric address.
    var address: String
    var scheme: String
    /// Nil if no proxy reports another host than the request itself.
    var host: String?
}

/// The other end of a connection.
package struct ConnectionPeer: Sendable {
    /// A numeric address.
    package let address: String
    let scheme: String
    /// Nil unless the peer is a trusted proxy.
    let proxies: TrustedProxies?

    /// The client that sent a request.
    func requester(_ head: RequestHead) -> Requester {
        let peer = Requester(address: address, scheme: scheme)
        return proxies?.requester(head, behind: peer) ?? peer
    }
}

/// Proxies that are trusted to report where a request comes from.
package struct TrustedProxies: Sendable {
    private let blocks: [AddressBlock]

    package init(_ blocks: [AddressBlock] = []) { self.blocks = blocks }

    func contain(_ address: IPAddress) -> Bool { blocks.contains { $0.contains(address) } }

    /// Follows the proxies from the nearest to the first that is not trusted, because everything before that can be
    /// forged. `Forwarded` (RFC 7239) takes precedence over `X-Forwarded-For`, `-Proto` and `-Host`.
    func requester(_ head: RequestHead, behind peer: Requester) -> Requester {
        var client = peer
        let follow = { (element: Forwarded.Element) in
            client.scheme = element.scheme ?? client.scheme
            client.host = element.host ?? client.host
            guard let address = element.client else { return false }
            client.address = address.description
            return contain(address)
        }
        let standard = head.values(of: "Forwarded")
        if standard.isEmpty {
            Forwarded.walk(
                addresses: head.values(of: "X-Forwarded-For"), schemes: head.values(of: "X-Forwarded-Proto"),
                hosts: head.values(of: "X-Forwarded-Host"), follow)
        } else {
            Forwarded.walk(standard, follow)
        }
        return client
    }
}
