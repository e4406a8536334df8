import HTTP1
import Testing

/// RFC 9110 sections 5.1 and 5.6.1.
@Suite struct FieldListTests {
    @Test func membersMatchWholeAndInAnyCase() {
        let list = FieldList("Accept-Language,\tACCEPT-encoding ,, Cookie")
        for name in ["accept-language", "Accept-Encoding", "cookie"] { #expect(list.contains(name), "\(name)") }
        for name in ["Accept", "Language", "Cookies", "*"] { #expect(!list.contains(name), "\(name)") }
    }

    @Test func oneMemberAndNone() {
        #expect(FieldList("no-transform").contains("No-Transform"))
        #expect(!FieldList("").contains("no-transform"))
        #expect(!FieldList("private, max-age=1").contains("max-age"))
    }

    /// RFC 9110 sections 11.1 and 11.4.
    @Test(arguments: [
        ("Bearer x", true, "x"), ("bearer   x y", true, "x y"), ("BEARER", true, ""), ("Bearer ", true, ""),
        ("Basic x", false, "x"), ("Bearer\tx", false, ""), ("Bearerx", false, ""), ("", false, ""),
    ])
    func authorization(_ value: String, _ isBearer: Bool, _ rest: String) {
        #expect(AuthorizationField(value).isScheme("Bearer") == isBearer)
        #expect(AuthorizationField(value).rest == rest)
    }

    @Test func namesMatchInAnyCase() {
        #expect(FieldName.equal("vary", "Vary"))
        #expect(!FieldName.equal("Vary ", "Vary"))
        #expect(FieldName.equal("", ""))
    }
}
