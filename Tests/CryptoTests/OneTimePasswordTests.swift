import Testing

@testable import Crypto

@Suite struct OneTimePasswordTests {
    private static let secret = Array("12345678901234567890".utf8)
    private let password = OneTimePassword(secret: Self.secret)

    /// RFC 4226, appendix D.
    @Test(arguments: [
        (0, "755224"), (1, "287082"), (2, "359152"), (3, "969429"), (4, "338314"), (5, "254676"), (6, "287922"),
        (7, "162583"), (8, "399871"), (9, "520489"),
    ])
    func codesByCount(_ count: UInt64, _ code: String) throws {
        #expect(try password.code(count: count, digits: 6) == code)
    }

    /// RFC 6238 appendix B, SHA-1: eight digits, of which apps show the last six.
    @Test(arguments: [
        (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
    ])
    func codesByTime(_ seconds: Int, _ code: String) throws {
        let step = OneTimePassword.step(at: seconds)
        #expect(try password.code(count: UInt64(step), digits: 8) == code)
        #expect(try password.code(step: step) == String(code.suffix(6)))
        #expect(try password.step(of: String(code.suffix(6)), at: seconds, after: nil) == step)
    }

    @Test func codeIsValidOneStepBeforeAndAfterItsOwn() throws {
        let code = try password.code(step: 100)
        let first = 100 * OneTimePassword.period
        for (seconds, holds) in [
            (first - 31, false), (first - 30, true), (first, true), (first + 29, true), (first + 59, true),
            (first + 60, false),
        ] {
            #expect(try password.step(of: code, at: seconds, after: nil) == (holds ? 100 : nil), "\(seconds)")
        }
    }

    @Test func acceptedAndEarlierStepsCannotBeUsedAgain() throws {
        let now = 100 * OneTimePassword.period
        for step in 99...101 {
            let code = try password.code(step: step)
            for last in 98...102 {
                let found = try password.step(of: code, at: now, after: last)
                #expect(found == (step > last ? step : nil), "\(step) after \(last)")
            }
        }
    }

    @Test(arguments: ["", "1", "75522", "7552240", "abcdef", "٧٥٥٢٢٤", "+55224", " 755224", "755224\0"])
    func otherTextsAreNotAccepted(_ text: String) throws {
        #expect(try password.step(of: text, at: 0, after: nil) == nil)
        #expect(try password.step(of: "755224", at: 0, after: nil) == 0)
    }

    @Test func theURIIsWhatAppsRead() {
        let uri = password.uri(issuer: "Лицей № 29", account: "ivanova.mariya@x")
        let issuer = "%D0%9B%D0%B8%D1%86%D0%B5%D0%B9%20%E2%84%96%2029"
        #expect(
            uri
                == "otpauth://totp/\(issuer):ivanova.mariya%40x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=\(issuer)"
                + "&algorithm=SHA1&digits=6&period=30")
    }

    /// RFC 4648 section 10, without padding.
    @Test(arguments: [
        ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
        ("foobar", "MZXW6YTBOI"),
    ])
    func base32(_ text: String, _ encoded: String) {
        #expect(Base32.encode(Array(text.utf8)) == encoded)
        #expect(Base32.decode(encoded) == Array(text.utf8))
    }

    @Test(arguments: ["M", "MZ", "MY======", "my", "M1", "MZX", "MZXW6Y", " MY", "МY"])
    func base32Refuses(_ text: String) {
        #expect(Base32.decode(text) == nil)
    }
}
