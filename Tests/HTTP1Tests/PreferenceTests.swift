import HTTP1
import Testing

@Suite struct PreferenceTests {
    @Test(
        arguments: [
            ("ru", "ru"), ("en", "en"), ("en-GB", "en"), ("EN-us,ru;q=0.9", "en"), ("ru;q=0.5, en;q=0.8", "en"),
            ("en;q=0.8, ru;q=0.8", "en"), ("ru;q=0.8, en;q=0.8", "ru"), ("de, *;q=0.1", "ru"), ("*", "ru"),
            ("ru;q=0, *", "en"), ("de", nil), ("", nil), ("en;q=0", nil), ("*;q=0", nil), ("en;q=2, ru;q=0.1", "ru"),
            ("en;q=x, ru", "ru"), ("en ; q=0.3 , ru;Q=0.200", "en"), ("en;q=1.000", "en"),
            ("en;q=1.001, ru;q=0.1", "ru"),
            ("e n, ru", "ru"), ("russian", nil), ("en;q=0.5, *;q=0.9", "ru"), (",,ru,", "ru"),
        ] as [(String, String?)])
    func language(_ header: String, _ best: String?) {
        #expect(AcceptLanguage(header).best(of: ["ru", "en"]) == best)
    }

    @Test func looksAtThirtyTwoMembers() {
        let others = String(repeating: "de,", count: 31)
        #expect(AcceptLanguage(others + "en").best(of: ["ru", "en"]) == "en")
        #expect(AcceptLanguage(others + "de,en").best(of: ["ru", "en"]) == nil)
    }

    @Test func generalRangeTakesSpecialTag() {
        #expect(AcceptLanguage("en").best(of: ["en-GB"]) == "en-GB")
    }

    @Test(
        arguments: [
            ("*", EntityTagList.any), (" * ", .any), ("\"v7\"", .tags([EntityTag("v7")])),
            ("W/\"v7\"", .tags([EntityTag("v7", isWeak: true)])), ("\"\"", .tags([EntityTag("")])),
            ("\"a\", W/\"b\",\"c,d\"", .tags([EntityTag("a"), EntityTag("b", isWeak: true), EntityTag("c,d")])),
            (",\"a\",,", .tags([EntityTag("a")])), ("", nil), ("v7", nil), ("\"v7", nil), ("w/\"v7\"", nil),
            ("W/v7", nil),
            ("W", nil), ("\"a\" \"b\"", nil), ("\"a\"\"b\"", nil), ("*, \"a\"", nil), ("\"a b\"", nil), ("W/", nil),
            (",", nil),
        ] as [(String, EntityTagList?)])
    func entityTags(_ header: String, _ list: EntityTagList?) {
        #expect(EntityTagList(header) == list)
    }

    /// The table of RFC 9110 section 8.8.3.2.
    @Test(arguments: [
        ("W/\"1\"", EntityTag("1", isWeak: true), false, true), ("W/\"1\"", EntityTag("2", isWeak: true), false, false),
        ("W/\"1\"", EntityTag("1"), false, true), ("\"1\"", EntityTag("1"), true, true),
        ("\"1\"", EntityTag("1", isWeak: true), false, true), ("*", EntityTag("1"), true, true),
        ("\"2\", \"1\"", EntityTag("1"), true, true), ("\"2\"", EntityTag("1"), false, false),
    ])
    func compares(_ header: String, _ tag: EntityTag, _ strongly: Bool, _ weakly: Bool) throws {
        let list = try #require(EntityTagList(header))
        #expect(list.matchesStrongly(tag) == strongly)
        #expect(list.matchesWeakly(tag) == weakly)
    }

    /// Conditions match the tags of both codings of a representation.
    @Test(arguments: [
        ("\"v7-gz\"", EntityTag("v7"), true, true), ("\"v7\"", EntityTag("v7-gz"), true, true),
        ("\"v7-gz\"", EntityTag("v7-gz"), true, true), ("\"v8-gz\"", EntityTag("v7"), false, false),
        ("W/\"v7-gz\"", EntityTag("v7"), false, true), ("\"v7-gzip\"", EntityTag("v7"), false, false),
    ])
    func comparesCodings(_ header: String, _ tag: EntityTag, _ strongly: Bool, _ weakly: Bool) throws {
        let list = try #require(EntityTagList(header))
        #expect(list.matchesStrongly(tag) == strongly)
        #expect(list.matchesWeakly(tag) == weakly)
    }

    @Test func gzipTag() {
        #expect(EntityTag("v7").gzip == EntityTag("v7-gz"))
        #expect(EntityTag("v7", isWeak: true).gzip == EntityTag("v7", isWeak: true))
    }

    @Test(
        arguments: [
            ("gzip", .gzip), ("GZip", .gzip), ("x-gzip", .gzip), ("gzip, deflate, br", .gzip), ("*", .gzip),
            ("", .identity), ("br", .identity), ("identity", .identity), ("gzip;q=0", .identity),
            ("gzip;q=0, *", .identity), ("br;q=1, *;q=0.1", .gzip), ("gzip;q=0.5, identity", .identity),
            ("gzip;q=0.5, identity;q=0.5", .gzip), ("gzip;q=0.1, *;q=0.5", .identity), ("gzip;q=0.001", .gzip),
            ("identity;q=0", nil), ("identity;q=0, gzip", .gzip), ("*;q=0", nil), ("*;q=0, gzip;q=0.2", .gzip),
            ("*;q=0, identity;q=0.2", .identity), ("gzip;q=2", .identity), ("gzip;level=9", .identity),
            (" gzip ; q=1.000 ", .gzip), ("gzip;q=0;q=1", .identity), (",,gzip,", .gzip), ("gzip;q=0, gzip", .identity),
            ("gzipped", .identity),
        ] as [(String, ContentCoding?)])
    func contentCoding(_ header: String, _ preferred: ContentCoding?) {
        #expect(AcceptEncoding(header).preferred == preferred)
    }

    @Test func withoutAcceptEncodingNothingIsCoded() {
        #expect(AcceptEncoding().preferred == .identity)
        #expect(AcceptEncoding().acceptsIdentity)
        #expect(!AcceptEncoding("identity;q=0").acceptsIdentity)
        #expect(!AcceptEncoding("*;q=0").acceptsIdentity)
    }

    @Test func tagText() {
        #expect(EntityTag("v7").text == "\"v7\"")
        #expect(EntityTag("v7", isWeak: true).text == "W/\"v7\"")
    }
}
