import Crypto
import Testing

@Suite struct TokenTests {
    private static let payload = Array(#"{"sub":"0197c2f0","exp":1}"#.utf8)
    private static let secret = Array(UInt8(0)..<32)
    private static let other = [UInt8](repeating: 9, count: 32)

    private func keys() throws -> TokenKeys { try TokenKeys([("k1", TokenTests.secret)]) }

    /// A token with any header, signed with the right secret.
    private func forge(header: String, payload: [UInt8] = payload, secret: [UInt8] = secret) throws -> String {
        let input = Base64.url.encode(Array(header.utf8)) + "." + Base64.url.encode(payload)
        return input + "." + Base64.url.encode(try HMACSHA256(key: secret).authenticate(Array(input.utf8)))
    }

    private func error(_ token: String, _ keys: TokenKeys? = nil) throws -> TokenError? {
        let keys = try keys ?? self.keys()
        do throws(TokenError) {
            _ = try Token.verify(token, keys: keys)
            return nil
        } catch {
            return error
        }
    }

    @Test func roundTrips() throws {
        let token = try Token.sign(payload: TokenTests.payload, keys: keys())
        #expect(token.hasPrefix(Base64.url.encode(Array(#"{"alg":"HS256","typ":"JWT","kid":"k1"}"#.utf8)) + "."))
        #expect(try Token.verify(token, keys: keys()) == TokenTests.payload)
    }

    /// RFC 7515 appendix A.1 signs with HS256. Its header has no kid, so only the signature can be compared.
    @Test func signatureOfTheRFC() throws {
        let key = try #require(
            Base64.url.decode(
                "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"))
        let input =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
            + "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        let code = try HMACSHA256(key: key).authenticate(Array(input.utf8))
        #expect(Base64.url.encode(code) == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        #expect(try error(input + "." + Base64.url.encode(code), TokenKeys([("k", key)])) == .unknownKey)
    }

    @Test(
        arguments: [
            (#"{"alg":"HS256","typ":"JWT","kid":"k1"}"#, nil), (#"{"alg":"HS256","kid":"k1"}"#, nil),
            ("{ \"kid\" : \"k1\" ,\r\n\t\"alg\": \"HS256\" }\n", nil),
            (#"{"alg":"none","kid":"k1"}"#, .wrongAlgorithm), (#"{"alg":"None","kid":"k1"}"#, .wrongAlgorithm),
            (#"{"alg":"hs256","kid":"k1"}"#, .wrongAlgorithm), (#"{"alg":"HS512","kid":"k1"}"#, .wrongAlgorithm),
            (#"{"alg":"RS256","kid":"k1"}"#, .wrongAlgorithm), (#"{"alg":"","kid":"k1"}"#, .wrongAlgorithm),
            (#"{"kid":"k1"}"#, .wrongAlgorithm), (#"{"alg":"HS256"}"#, .unknownKey),
            (#"{"alg":"HS256","kid":"k2"}"#, .unknownKey), (#"{"alg":"HS256","kid":""}"#, .unknownKey),
            (#"{"alg":"HS256","kid":"K1"}"#, .unknownKey), (#"{"alg":"HS256","kid":"../k1"}"#, .unknownKey),
            (#"{"alg":"HS256","kid":"k1","typ":"at+jwt"}"#, .malformed),
            (#"{"alg":"HS256","kid":"k1","crit":["exp"]}"#, .malformed),
            (#"{"alg":"HS256","kid":"k1","jku":"http://a"}"#, .malformed),
            (#"{"alg":"HS256","alg":"none","kid":"k1"}"#, .malformed),
            (#"{"alg":"HS256","kid":"k2","kid":"k1"}"#, .malformed), (#"{"alg":["HS256"],"kid":"k1"}"#, .malformed),
            (#"{"alg":"HS256","kid":1}"#, .malformed), (#"{"alg":"HS\u003256","kid":"k1"}"#, .malformed),
            (#"{"alg":"HS256","kid":"k1",}"#, .malformed), (#"{"alg":"HS256","kid":"k1"} x"#, .malformed),
            (#"{"alg":"HS256","kid":"k1""#, .malformed), (#"{"alg":"HS256""kid":"k1"}"#, .malformed),
            ("{}", .malformed),
            ("[]", .malformed), ("", .malformed), ("\"HS256\"", .malformed),
            ("{\"alg\":\"HS256\",\"kid\":\"k1", .malformed),
        ] as [(String, TokenError?)])
    func headers(_ header: String, _ expected: TokenError?) throws {
        #expect(try error(forge(header: header)) == expected)
    }

    @Test func shapes() throws {
        let token = try Token.sign(payload: TokenTests.payload, keys: keys())
        let parts = token.split(separator: ".").map(String.init)
        #expect(try error("") == .malformed)
        #expect(try error(".") == .malformed)
        #expect(try error("..") == .malformed)
        #expect(try error(parts[0] + "." + parts[1]) == .malformed)
        #expect(try error(token + ".") == .malformed)
        #expect(try error(token + "." + parts[2]) == .malformed)
        #expect(try error("." + token) == .malformed)
        #expect(try error(parts[0] + "." + parts[1] + ".") == .badSignature)
        #expect(try error(parts[0] + ".." + parts[2]) == .badSignature)
        #expect(try error(token + "=") == .malformed)
        #expect(try error(" " + token) == .malformed)
        #expect(try error(token + "\n") == .malformed)
    }

    /// Changing any byte of a token makes it invalid.
    @Test func tampering() throws {
        let token = Array(try Token.sign(payload: TokenTests.payload, keys: keys()).utf8)
        for position in token.indices {
            var bytes = token
            bytes[position] = bytes[position] == 0x41 ? 0x42 : 0x41
            #expect(try error(String(decoding: bytes, as: UTF8.self)) != nil, "\(position)")
        }
        for end in token.indices {
            #expect(try error(String(decoding: token[..<end], as: UTF8.self)) != nil, "\(end)")
        }
    }

    @Test func foreignKey() throws {
        let header = #"{"alg":"HS256","typ":"JWT","kid":"k1"}"#
        #expect(try error(forge(header: header, secret: TokenTests.other)) == .badSignature)
        let foreign = try TokenKeys([("k9", TokenTests.secret)])
        #expect(try error(Token.sign(payload: TokenTests.payload, keys: foreign)) == .unknownKey)
    }

    @Test func badPayloadIsMalformedOnlyWhenSigned() throws {
        let header = #"{"alg":"HS256","kid":"k1"}"#
        #expect(try error(forge(header: header, payload: [])) == .malformed)
        let input = Base64.url.encode(Array(header.utf8)) + ".*"
        let code = try HMACSHA256(key: TokenTests.secret).authenticate(Array(input.utf8))
        #expect(try error(input + "." + Base64.url.encode(code)) == .malformed)
        #expect(try error(input + "." + Base64.url.encode([1])) == .badSignature)
    }

    @Test func length() throws {
        func token(_ count: Int) throws -> String {
            try Token.sign(payload: [UInt8](repeating: 0x20, count: count), keys: keys())
        }
        // 50 bytes of header with its dot, 4/3 of the payload, a dot and 43 bytes.
        let overhead = try token(3).utf8.count - 4
        let longest = (Token.maximumLength - overhead) / 4 * 3
        #expect(try error(token(longest)) == nil)
        #expect(try error(token(longest + 3)) == .malformed)
    }

    @Test func rotation() throws {
        let old = try Token.sign(payload: TokenTests.payload, keys: keys())
        let rotated = try TokenKeys([("k2", TokenTests.other), ("k1", TokenTests.secret)])
        #expect(try error(old, rotated) == nil)
        let new = try Token.sign(payload: TokenTests.payload, keys: rotated)
        #expect(try error(new, rotated) == nil)
        #expect(try error(new) == .unknownKey)
        #expect(rotated.ids == ["k2", "k1"])
    }
}

@Suite struct TokenKeysTests {
    private static let good = Base64.url.encode([UInt8](repeating: 1, count: 32))
    private static let short = Base64.url.encode([UInt8](repeating: 1, count: 31))

    @Test func readsConfiguration() throws {
        let keys = try TokenKeys(configuration: " k1:\(TokenKeysTests.good) ,\n2026-09.a_b:\(TokenKeysTests.good)\n")
        #expect(keys.ids == ["k1", "2026-09.a_b"])
    }

    @Test(arguments: [
        ("", TokenKeysError.noKeys), (" \n", .noKeys), ("k1", .badEntry(position: 1)),
        ("k1:\(good),", .badEntry(position: 2)), (":\(good)", .badId(position: 1)),
        ("k1:\(good),k 2:\(good)", .badId(position: 2)), ("k\":\(good)", .badId(position: 1)),
        (String(repeating: "k", count: 65) + ":\(good)", .badId(position: 1)), ("k1:\(short)", .tooShort(id: "k1")),
        ("k1:", .tooShort(id: "k1")), ("k1:\(good)=", .badEncoding(id: "k1")), ("k1:a+b", .badEncoding(id: "k1")),
        ("k1:\(good):x", .badEncoding(id: "k1")), ("k1:\(good),k1:\(good)", .repeatedId("k1")),
    ])
    func refuses(_ text: String, _ error: TokenKeysError) {
        #expect(throws: error) { try TokenKeys(configuration: text) }
        #expect(!error.description.contains(TokenKeysTests.good))
    }
}
