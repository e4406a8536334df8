import HTTP1
import TestTools
import Testing

@testable import Web

@Suite struct TrustedProxiesTests {
    private static let proxies = TrustedProxies(["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"].map { AddressBlock($0)! })

    private static let servers = (
        trusting: Task { try await TestServer(proxies: proxies) },
        wary: Task { try await TestServer(proxies: TrustedProxies([AddressBlock("10.0.0.0/8")!])) }
    )

    @Test(
        arguments: [
            ([], "127.0.0.1 http://a"),
            (["X-Forwarded-For: 192.0.2.1"], "192.0.2.1 http://a"),
            (["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"], "192.0.2.1 https://a"),
            (
                ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: b.example"],
                "192.0.2.1 https://b.example"
            ),
            (["X-Forwarded-Proto: https"], "127.0.0.1 https://a"),
            // Everything before the first untrusted proxy may be forged by the client.
            (["X-Forwarded-For: 1.1.1.1, 192.0.2.1, 10.0.0.9"], "192.0.2.1 http://a"),
            (["X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 192.0.2.1"], "192.0.2.1 http://a"),
            (["X-Forwarded-For: 10.0.0.1, 10.0.0.2"], "10.0.0.1 http://a"),
            (["X-Forwarded-For: 192.0.2.1, nonsense, 10.0.0.2"], "10.0.0.2 http://a"),
            (["X-Forwarded-For: nonsense"], "127.0.0.1 http://a"),
            (["X-Forwarded-For: 2001:DB8:0::1, fd00::1"], "2001:db8::1 http://a"),
            (["X-Forwarded-For: ::ffff:192.0.2.1"], "192.0.2.1 http://a"),
            (["Forwarded: for=192.0.2.1;proto=https;host=b.example"], "192.0.2.1 https://b.example"),
            (["Forwarded: for=1.1.1.1, for=192.0.2.1;proto=https, for=10.0.0.9;proto=http"], "192.0.2.1 https://a"),
            (["Forwarded: for=192.0.2.1, for=10.0.0.9;host=b.example"], "192.0.2.1 http://b.example"),
            (["Forwarded: for=192.0.2.1, for=unknown;proto=https"], "127.0.0.1 https://a"),
            (["Forwarded: for=192.0.2.1, for=_x, for=10.0.0.9"], "10.0.0.9 http://a"),
            (["Forwarded: for=\"[2001:db8::7]:80\""], "2001:db8::7 http://a"),
            // The standard field wins, even if it contains nothing useful.
            (["X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.2"], "192.0.2.2 http://a"),
            (["X-Forwarded-For: 192.0.2.1", "Forwarded: nonsense"], "127.0.0.1 http://a"),
        ])
    func trustedProxiesAreBelieved(fields: [String], expected: String) async throws {
        let client = try await Self.servers.trusting.value.client()
        client.send("GET /peer HTTP/1.1\r\nHost: a\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
        #expect(try await client.answer().text == expected)
    }

    @Test(arguments: [
        "X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1;proto=https;host=b.example", "X-Forwarded-Proto: https",
        "X-Forwarded-Host: b.example",
    ])
    func otherPeersAreNotBelieved(field: String) async throws {
        let client = try await Self.servers.wary.value.client()
        #expect(try await client.get("/peer", field).text == "127.0.0.1 http://a")
    }

    @Test func logNamesTheClient() async throws {
        let server = try await Self.servers.trusting.value
        _ = try await server.client().get("/hello", "X-Forwarded-For: 192.0.2.77")
        #expect(await eventually { server.log.text.contains(#""peer":"192.0.2.77""#) })
    }
}
