import HTTP1
import Testing

@testable import Transfer

/// Which addresses requests may reach.
@Suite struct AddressGuardTests {
    @Test(arguments: [
        "0.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.1.2.3",
        "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::7f00:1", "fe80::1", "fc00::1", "fdff::1", "ff02::1", "fec0::1", "2001:db8::1", "2001::1",
        "2002:7f00:1::",
        "3fff::1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1", "4000::1",
    ])
    func notPublic(_ text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(!AddressGuard(allowing: []).admits(address))
        #expect(AddressGuard(allowing: [try #require(AddressBlock(text))]).admits(address), "allowed by configuration")
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255",
        "128.0.0.1",
        "172.15.255.255", "172.32.0.1", "192.167.255.255", "192.169.0.1", "223.255.255.255",
        "2606:4700:4700::1111", "2a00:1450::1", "64:ff9b::8.8.8.8",
    ])
    func isPublic(_ text: String) throws {
        #expect(AddressGuard(allowing: []).admits(try #require(IPAddress(text))))
    }

    /// The bytes of a socket's address. A mapped address is never public, whatever IPv4 address it has.
    @Test func mappedAddressesAreRefused() throws {
        let prefix = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        let guarded = AddressGuard(allowing: [])
        #expect(!guarded.admits(prefix + [127, 0, 0, 1]))
        #expect(!guarded.admits(prefix + [8, 8, 8, 8]))
        #expect(guarded.admits([8, 8, 8, 8]))
        #expect(!guarded.admits([127, 0, 0, 1]))
        #expect(!guarded.admits([]))
        let local = AddressGuard(allowing: [try #require(AddressBlock("127.0.0.0/8"))])
        #expect(local.admits(prefix + [127, 0, 0, 1]))
        #expect(local.admits([127, 255, 0, 1]))
        #expect(!local.admits([10, 0, 0, 1]))
    }

    /// Every spelling of such an address in a URL.
    @Test(arguments: [
        "https://127.0.0.1/", "https://127.0.0.1./", "https://127.1/", "https://2130706433/", "https://0x7f000001/",
        "https://0x7f.1/", "https://0177.0.0.1/", "https://017700000001/", "https://0/", "https://127.0.0.1:8443/x",
        "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/",
        "https://[fd00::1]:8443/", "https://localhost/", "https://LOCALHOST./", "https://diary.localhost/",
        "https://169.254.169.254/latest/meta-data/", "https://10.1.2.3", "https://%31%32%37.0.0.1/",
        "https://127。0。0。1/",
    ])
    func spelling(_ url: String) throws {
        let fault = try Transfer().fault(in: url)
        #expect(fault == .forbiddenAddress || fault == .invalid, "\(String(describing: fault))")
    }

    @Test(
        arguments: [
            ("https://receiver.example/hooks?a=b", nil), ("https://receiver.example:8443/", nil),
            ("https://8.8.8.8/", nil),
            ("https://[2606:4700:4700::1111]/", nil), ("http://receiver.example/", .scheme),
            ("ftp://receiver.example/", .scheme), ("file:///etc/passwd", .invalid), ("gopher://127.0.0.1:70/", .scheme),
            ("receiver.example", .invalid), ("", .invalid), ("https://", .invalid),
            ("HTTPS://receiver.example/", .invalid),
            ("https:/receiver.example/", .invalid), ("https:///receiver.example/", .invalid),
            ("https://receiver.example/a b", .invalid), ("https://receiver.example/\r\nX: y", .invalid),
            ("https://user@receiver.example/", .credentials), ("https://user:password@receiver.example/", .credentials),
            ("https://receiver.example:99999/", .invalid),
        ] as [(String, URLFault?)])
    func url(_ text: String, _ fault: URLFault?) throws {
        #expect(try Transfer().fault(in: text) == fault)
    }

    @Test func plainHTTPWhereTheConfigurationAllowsIt() throws {
        var configuration = Transfer.Configuration()
        configuration.allowsPlainHTTP = true
        let transfer = try Transfer(configuration)
        #expect(transfer.fault(in: "http://receiver.example/") == nil)
        #expect(transfer.fault(in: "http://127.0.0.1/") == .forbiddenAddress)
    }
}
