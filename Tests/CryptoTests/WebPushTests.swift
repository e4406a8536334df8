import Testing

@testable import Crypto

/// Vectors of the RFCs that Web Push rests on.
@Suite struct WebPushTests {
    private func bytes(_ text: String) -> [UInt8] { Base64.url.decode(text)! }

    /// RFC 5869 appendix A, test cases 1, 2 and 3.
    @Test(
        arguments: [
            (
                [UInt8](repeating: 0x0B, count: 22), Array(0x00...0x0C) as [UInt8], Array(0xF0...0xF9) as [UInt8],
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
            ),
            (
                Array(0x00...0x4F) as [UInt8], Array(0x60...0xAF) as [UInt8], Array(0xB0...0xFF) as [UInt8],
                """
                b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8\
                367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87
                """
            ),
            (
                [UInt8](repeating: 0x0B, count: 22), [], [],
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
            ),
        ] as [([UInt8], [UInt8], [UInt8], String)])
    func hkdf(_ secret: [UInt8], _ salt: [UInt8], _ info: [UInt8], _ output: String) throws {
        let key = try HKDF.extract(salt: salt, from: secret)
        #expect(Hexadecimal.encode(try HKDF.expand(key, info: info, count: output.utf8.count / 2)) == output)
    }

    /// RFC 8188 section 3.1.
    @Test func contentIsEncrypted() throws {
        let message = try EncryptedContent.encrypt(
            Array("I am the walrus".utf8), secret: bytes("yqdlZ-tYemfogSmv7Ws5PQ"),
            salt: bytes("I1BsxtFttlv3u_Oo94xnmw"), keyID: [])
        #expect(
            Base64.url.encode(message) == "I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg")
    }

    @Test(arguments: [0, 1, 200, 256])
    func paddedContentHasOneLength(_ length: Int) throws {
        let secret = Random.bytes(16)
        let salt = Random.bytes(16)
        let content = [UInt8](repeating: 0x61, count: length)
        let message = try EncryptedContent.encrypt(content, secret: secret, salt: salt, keyID: [1], paddedTo: 256)
        #expect(message.count == 16 + 4 + 1 + 1 + 256 + 1 + 16)
        let pseudorandom = try HKDF.extract(salt: salt, from: secret)
        let key = try HKDF.expand(pseudorandom, info: Array("Content-Encoding: aes128gcm\0".utf8), count: 16)
        let nonce = try HKDF.expand(pseudorandom, info: Array("Content-Encoding: nonce\0".utf8), count: 12)
        let record = try #require(AESGCM.open(message[22...], key: key, nonce: nonce, context: []))
        #expect(record == content + [2] + [UInt8](repeating: 0, count: 256 - length))
    }

    // RFC 8291 section 5 and appendix A
    private let recipient =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    private let sender = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"

    @Test func keysAgree() throws {
        let key = try P256.PrivateKey(bytes(sender))
        #expect(
            Base64.url.encode(key.publicKey.bytes)
                == "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8")
        let secret = try key.sharedSecret(with: P256.PublicKey(bytes(recipient)))
        #expect(Base64.url.encode(secret) == "kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs")
        let other = try P256.PrivateKey(bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
        #expect(Base64.url.encode(other.publicKey.bytes) == recipient)
        #expect(try other.sharedSecret(with: key.publicKey) == secret)
    }

    @Test func aMessageIsEncryptedForItsSubscription() throws {
        let message = try WebPushMessage.encrypt(
            Array("When I grow up, I want to be a watermelon".utf8), for: P256.PublicKey(bytes(recipient)),
            auth: bytes("BTBZMqHH6r4Tts7J_aSIgg"), sender: P256.PrivateKey(bytes(sender)),
            salt: bytes("DGv6ra1nlYgDCS1FRnbzlw"))
        #expect(
            Base64.url.encode(message)
                == """
                DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl\
                7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN
                """)
    }

    @Test func theLongestContentFitsIntoTheBody() throws {
        let recipient = try P256.PublicKey(bytes(recipient))
        let content = [UInt8](repeating: 0x20, count: WebPushMessage.longestContent)
        let message = try WebPushMessage.encrypt(content, for: recipient, auth: Random.bytes(16), paddedTo: 0)
        #expect(message.count == 4096)
    }

    /// RFC 7515 appendix A.3, an example of ES256; RFC 8292 signs in the same way.
    @Test func signaturesAreVerified() throws {
        let key = try P256.PrivateKey(bytes("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"))
        let point =
            [4] + bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")
            + bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
        #expect(key.publicKey.bytes == point)
        let message = Array(
            """
            eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ
            """.utf8)
        let example = bytes(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
        #expect(try key.publicKey.verifies(example, of: message))
        for _ in 0..<20 {
            let signature = try key.sign(message)
            #expect(signature.count == 64)
            #expect(try key.publicKey.verifies(signature, of: message))
            #expect(try !key.publicKey.verifies(signature, of: message + [0]))
        }
        #expect(try !key.publicKey.verifies(Array(example.reversed()), of: message))
        #expect(try !key.publicKey.verifies(Array(example.dropLast()), of: message))
    }

    /// RFC 8292 section 2: claims, and the key in the same field.
    @Test func theServerIdentifiesItself() throws {
        let key = try P256.PrivateKey.make()
        let vapid = VAPID(key, subject: "mailto:\"a\"@example.com")
        let field = try vapid.authorization(audience: "https://push.example.net", expiry: 1_453_523_768)
        let match = try #require(field.wholeMatch(of: /vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), k=([\w-]+)/)).output
        #expect(bytes(String(match.1)) == Array(#"{"typ":"JWT","alg":"ES256"}"#.utf8))
        #expect(
            String(decoding: bytes(String(match.2)), as: UTF8.self)
                == #"{"aud":"https://push.example.net","exp":1453523768,"sub":"mailto:\"a\"@example.com"}"#)
        #expect(try key.publicKey.verifies(bytes(String(match.3)), of: Array("\(match.1).\(match.2)".utf8)))
        #expect(bytes(String(match.4)) == key.publicKey.bytes)
    }

    @Test func wrongKeysAreRefused() throws {
        let order = Hexadecimal.decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")!
        for scalar in [[], [1], [UInt8](repeating: 0, count: 32), order, [UInt8](repeating: 0xFF, count: 32)] {
            #expect(throws: P256.KeyError.notAScalar) { try P256.PrivateKey(scalar) }
        }
        var last = order
        last[31] -= 1
        _ = try P256.PrivateKey(last)
        var point = bytes(recipient)
        for wrong in [[], [0], Array(point.dropLast()), point + [0], [4] + [UInt8](repeating: 0, count: 64)] {
            #expect(throws: P256.KeyError.notAPoint) { try P256.PublicKey(wrong) }
        }
        point[64] ^= 1
        #expect(throws: P256.KeyError.notAPoint) { try P256.PublicKey(point) }
        // The compressed form of the same point
        #expect(throws: P256.KeyError.notAPoint) { try P256.PublicKey([2] + point[1...32]) }
    }
}
