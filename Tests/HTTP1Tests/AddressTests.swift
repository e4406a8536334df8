import HTTP1
import Testing

@Suite struct AddressTests {
    @Test(
        arguments: [
            ("192.0.2.1", 0, 0xFFFF_C000_0201), ("0.0.0.0", 0, 0xFFFF_0000_0000), ("::", 0, 0), ("::1", 0, 1),
            ("1::", 0x0001_0000_0000_0000, 0), ("2001:db8::1", 0x2001_0db8_0000_0000, 1),
            ("2001:DB8:1:2:3:4:5:6", 0x2001_0db8_0001_0002, 0x0003_0004_0005_0006),
            ("::ffff:192.0.2.1", 0, 0xFFFF_C000_0201),
            ("1:2:3:4:5:6:7::", 0x0001_0002_0003_0004, 0x0005_0006_0007_0000),
            ("::2:3:4:5:6:7:8", 0x0000_0002_0003_0004, 0x0005_0006_0007_0008),
            ("64:ff9b::192.0.2.33", 0x0064_ff9b_0000_0000, 0xC000_0221),
            ("fe80::a:b", 0xfe80_0000_0000_0000, 0x000a_000b),
        ] as [(String, UInt64, UInt64)])
    func addresses(_ text: String, _ high: UInt64, _ low: UInt64) {
        #expect(IPAddress(text) == IPAddress(high: high, low: low))
    }

    @Test(arguments: [
        "", ".", ":", ":::", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4",
        "1.2.3.",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1::2::3", "12345::", "g::",
        "::1%eth0", "[::1]", "1.2.3.4::", "::1.2.3.4:5", ":1::", "1:", "::1:", "1:2", "0x7f.1", "127.1", "2130706433",
        "localhost",
    ])
    func notAddresses(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        "192.0.2.1", "0.0.0.0", "::", "::1", "1::", "2001:db8::1", "2001:db8:1:2:3:4:5:6", "1:0:3:4:5:6:7:8",
        "1::4:0:0:7:8",
        "1:0:0:4::8", "::2:3:4:5:6:7", "fe80::a:b", "1:2:3:4:5:6::",
    ])
    func canonicalFormsRoundTrip(_ text: String) {
        #expect(IPAddress(text)?.description == text)
    }

    @Test func otherFormsAreNormalized() {
        #expect(IPAddress("::ffff:192.0.2.1")?.description == "192.0.2.1")
        #expect(IPAddress("2001:0DB8:0:0::1")?.description == "2001:db8::1")
        #expect(IPAddress("1:0:0:4:0:0:7:8")?.description == "1::4:0:0:7:8")
        #expect(IPAddress("0:2:3:4:5:6:7:8")?.description == "0:2:3:4:5:6:7:8")
    }

    @Test(
        arguments: [
            ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.0.0.0/8", "a00::", false),
            ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.0.0.2", false), ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "8.8.8.8", true), ("::/0", "2001:db8::1", true),
            ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::1", false),
            ("2001:db8::/65", "2001:db8::7fff:0:0:1", true),
            ("2001:db8::/65", "2001:db8::8000:0:0:1", false), ("::1", "::1", true), ("::1/128", "::2", false),
            ("192.0.2.128/25", "192.0.2.127", false), ("192.0.2.128/25", "::ffff:192.0.2.129", true),
            ("::ffff:10.0.0.0/104", "10.1.2.3", true),
        ])
    func blocks(_ block: String, _ address: String, _ isInside: Bool) throws {
        #expect(try #require(AddressBlock(block)).contains(#require(IPAddress(address))) == isInside)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.1/8", "fd00::/129", "fd00::1/8",
        "10.0.0.0/8/8", "10.0.0.0/+8", "all", "10.0.0/8",
    ])
    func notBlocks(_ text: String) {
        #expect(AddressBlock(text) == nil)
    }
}
