import Crypto
import Testing

@Suite struct EncodingTests {
    /// RFC 4648 section 10, without padding.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ])
    func base64(_ text: String, _ encoded: String) {
        #expect(Base64.url.encode(Array(text.utf8)) == encoded)
        #expect(Base64.url.decode(encoded) == Array(text.utf8))
    }

    @Test func base64AllBytes() {
        let all = Array(UInt8.min...UInt8.max)
        for length in 0...all.count {
            let bytes = Array(all.suffix(length))
            #expect(Base64.url.decode(Base64.url.encode(bytes)) == bytes)
        }
        #expect(Base64.url.encode([0xFB, 0xEF, 0xFF]) == "--__")
    }

    @Test(arguments: ["Z", "Zg==", "Zh", "Zm9=", "Zm9", "Zm+v", "Zm/v", "Zm9v ", "\nZm9v", "Zm9vY", "Zmя"])
    func base64Refuses(_ text: String) {
        #expect(Base64.url.decode(text) == nil)
    }

    @Test func hexadecimal() {
        #expect(Hexadecimal.encode([0x00, 0x1F, 0xA0, 0xFF]) == "001fa0ff")
        #expect(Hexadecimal.decode("001fA0Ff") == [0x00, 0x1F, 0xA0, 0xFF])
        for bad in ["0", "0g", "0x", " 0", "я"] { #expect(Hexadecimal.decode(bad) == nil, "\(bad)") }
    }

    @Test func comparesInFull() {
        #expect(constantTimeEquals([], []))
        #expect(constantTimeEquals([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEquals([0, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEquals([1, 2], [1, 2, 3]))
        #expect(!constantTimeEquals([], [0]))
    }

    @Test func randomBytesDiffer() {
        #expect(Random.bytes(0).isEmpty)
        let (first, second) = (Random.bytes(32), Random.bytes(32))
        #expect(first.count == 32)
        #expect(first != second)
    }
}
