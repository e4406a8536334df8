import HTTP1

/// Who sent a request, and how the client reached the server, as far as trusted proxies say.
struct Requester {
    /// Numeric.
    var address: String
    var scheme: String
    /// Nil where no proxy names another than the request itself.
    var host: String?
}

/// The other end of a connection.
package struct ConnectionPeer: Sendable {
    /// Numeric.
    package let address: String
    let scheme: String
    /// Nil unless the peer is one of them.
    let proxies: TrustedProxies?

    /// The client that a request comes from.
    func requester(_ head: RequestHead) -> Requester {
        let peer = Requester(address: address, scheme: scheme)
        return proxies?.requester(head, behind: peer) ?? peer
    }
}

/// Proxies whose word is taken for where a request comes from.
package struct TrustedProxies: Sendable {
    private let blocks: [AddressBlock]

    package init(_ blocks: [AddressBlock] = []) { self.blocks = blocks }

    func contain(_ address: IPAddress) -> Bool { blocks.contains { $0.contains(address) } }

    /// Goes from the nearest proxy to the first one that is not trusted: what stands behind that is anybody's invention.
    /// `Forwarded` (RFC 7239) is taken before `X-Forwarded-For`, `-Proto` and `-Host`.
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
