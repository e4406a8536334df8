import Testing

@testable import Crypto

@Suite struct SealingKeysTests {
    private static let old = "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"
    private static let new = "k2:MTEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"

    private func keys(_ configuration: String) throws -> SealingKeys {
        try SealingKeys(TokenKeys(configuration: configuration))
    }

    /// The GCM specification of McGrew and Viega, test case 16.
    @Test func opensATestVector() throws {
        func bytes(_ text: String) throws -> [UInt8] { try #require(Hexadecimal.decode(text)) }
        let key = try bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
        let context = try bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2")
        let plain = try bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                + "b16aedf5aa0de657ba637b39")
        let sealed = try bytes(
            "cafebabefacedbaddecaf888"
                + "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
                + "c5f61e6393ba7a0abcc9f662"
                + "76fc6ece0f4e1768cddf8853bb2d551b")
        #expect(AES256GCM.open(sealed, key: key, context: context) == plain)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(AES256GCM.open(changed, key: key, context: context) == nil, "byte \(index)")
        }
        #expect(AES256GCM.open(sealed, key: key, context: []) == nil)
        #expect(AES256GCM.open(Array(sealed.prefix(27)), key: key, context: context) == nil)
    }

    @Test func sealedTextOpensOnlyInItsContext() throws {
        let keys = try keys(Self.old)
        for count in [0, 1, 20, 100] {
            let secret = Random.bytes(count)
            let sealed = try keys.seal(secret, for: "a")
            #expect(try sealed != keys.seal(secret, for: "a"), "a nonce each time")
            #expect(sealed.hasPrefix("k1:"))
            #expect(keys.open(sealed, for: "a")?.secret == secret)
            #expect(keys.open(sealed, for: "a")?.isOld == false)
            #expect(keys.open(sealed, for: "b") == nil)
        }
    }

    @Test func keysRotate() throws {
        let sealed = try keys(Self.old).seal([1, 2, 3], for: "")
        for configuration in ["\(Self.old),\(Self.new)", "\(Self.new),\(Self.old)"] {
            let opened = try #require(try keys(configuration).open(sealed, for: ""))
            #expect(opened.secret == [1, 2, 3])
            #expect(opened.isOld == configuration.hasPrefix("k2"))
        }
        #expect(try keys(Self.new).open(sealed, for: "") == nil, "the key is gone")
        #expect(try keys(Self.new.replacing("k2", with: "k1")).open(sealed, for: "") == nil, "another key of that name")
    }

    @Test(arguments: ["", "k1", "k1:", "k1:AAAA", ":AAAA", "k9:AAAA", "k1:!"])
    func otherTextsAreNotOpened(_ text: String) throws {
        #expect(try keys(Self.old).open(text, for: "") == nil)
    }
}
