import Crypto
import Testing

@testable import DiarySignIn

@Suite struct ActivationCodeTests {
    @Test func a2CodesUseTheAlphabetAndDiffer() {
        let codes = (1...2000).map { _ in ActivationCode().shown }
        #expect(Set(codes).count == codes.count)
        #expect(codes.allSatisfy { $0.contains(/^([A-HJKMNP-Z2-9]{4}-){2}[A-HJKMNP-Z2-9]{4}$/) })
        // Each of the 31 characters occurs about 774 times in 24,000; 600 is more than six deviations away.
        let counts = Dictionary(codes.joined().filter { $0 != "-" }.map { ($0, 1) }, uniquingKeysWith: +)
        #expect(counts.count == 31)
        #expect(counts.values.allSatisfy { (600...950).contains($0) })
    }

    @Test(arguments: [
        "ABCD-EFGH-JK23", "abcdefghjk23", " ab cd-EF-gh--JK23 ", "АВcD–ЕFGН—JК2З", "ab\u{A0}cd\u{2011}efghjk23",
    ])
    func typedInManyWays(_ text: String) {
        #expect(ActivationCode(text)?.shown == "ABCD-EFGH-JK23")
    }

    @Test(arguments: [
        "", "ABCD-EFGH-JK2", "ABCD-EFGH-JK233", "ABCD-EFGH-JK20", "ABCD-EFGH-JK2I", "ЖBCD-EFGH-JK23",
        "ABCD\u{0}EFGHJK23",
        "ABCD_EFGH_JK23",
    ])
    func othersAreNone(_ text: String) {
        #expect(ActivationCode(text) == nil)
    }

    /// `printf 'activation\nlyceum29\nABCDEFGHJK23' | sha256sum`
    @Test func hashIsBoundToTheSchool() throws {
        let code = try #require(ActivationCode("abcd-efgh-jk23"))
        #expect(
            Hexadecimal.encode(try code.hash(school: "lyceum29"))
                == "e65120b8a0d67e39cfb19a2c9c604837f094df056c45efc98f19cf04f336e9e9")
        #expect(try code.hash(school: "lyceum30") != code.hash(school: "lyceum29"))
    }

    @Test func isNotPrinted() {
        let code = ActivationCode()
        var printed = "\(code) \(String(reflecting: code)) \([code])"
        dump(code, to: &printed)
        #expect(!printed.contains(code.shown.prefix(4)))
    }
}
