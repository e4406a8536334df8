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

    @Test func namesMatchInAnyCase() {
        #expect(FieldName.equal("vary", "Vary"))
        #expect(!FieldName.equal("Vary ", "Vary"))
        #expect(FieldName.equal("", ""))
    }
}
