import Compression
import HTTP1
import Testing

@testable import Web

@Suite(.serialized) struct CompressionTests {
    private static let server = Task {
        try await TestServer { offload in
            var features = Features()
            features.compression = CompressionPolicy(offload: offload)
            return features
        }
    }

    private func client() async throws -> Client { try await Self.server.value.client() }

    // MARK: Which answers

    @Test(arguments: ["/text", "/weak", "/untagged", "/long", "/constant", "/long-constant"])
    func textIsCompressed(_ path: String) async throws {
        let client = try await client()
        let plain = try await client.get(path)
        let gzip = try await client.get(path, "Accept-Encoding: gzip, deflate, br")
        #expect(plain["Content-Encoding"] == nil)
        #expect(gzip["Content-Encoding"] == "gzip")
        #expect(gzip.body.count < plain.body.count / 2)
        #expect(try Gunzip.decode(gzip.body) == plain.body)
        #expect(gzip["Content-Type"] == plain["Content-Type"])
        // Both name the fields that they depend on, and the handler's own Vary is kept.
        #expect(plain["Vary"] == gzip["Vary"])
        #expect(gzip["Vary"]?.hasSuffix("Accept-Encoding") == true)
        if path == "/text" { #expect(gzip["Vary"] == "Authorization, Accept-Encoding") }
    }

    @Test(arguments: ["/constant", "/long-constant"])
    func constantsAreTaggedByCoding(_ path: String) async throws {
        let client = try await client()
        let plain = try await client.get(path)
        let gzip = try await client.get(path, "Accept-Encoding: gzip")
        let tags = [try #require(plain["ETag"]), try #require(gzip["ETag"])]
        #expect(tags[0] != tags[1])
        if path == "/long-constant" { #expect(plain.body == FeatureRoutes.long) }
        for coding in ["identity", "gzip"] {
            let tag = coding == "gzip" ? tags[1] : tags[0]
            let unchanged = try await client.get(path, "Accept-Encoding: \(coding)", "If-None-Match: \(tag)")
            #expect(unchanged.status == 304 && unchanged.body == [] && unchanged["ETag"] == tag)
            #expect(unchanged["Content-Encoding"] == nil)
            let failed = try await client.get(path, "Accept-Encoding: \(coding)", "If-Match: \"other\"")
            #expect(failed.status == 412)
        }
    }

    @Test(arguments: ["/small", "/image", "/coded", "/final", "/partial", "/empty"])
    func theRestIsNot(_ path: String) async throws {
        let client = try await client()
        let plain = try await client.get(path)
        let asked = try await client.get(path, "Accept-Encoding: gzip")
        #expect(asked.body == plain.body)
        #expect(asked["Content-Encoding"] == plain["Content-Encoding"])
        #expect(asked["Vary"] == nil)
    }

    @Test func longProblemsAreCompressedToo() async throws {
        let client = try await client()
        let path = "/" + String(repeating: "x", count: 2000)
        let answer = try await client.get(path, "Accept-Encoding: gzip")
        #expect(answer.status == 404)
        #expect(answer["Content-Encoding"] == "gzip")
        #expect(answer["Vary"] == "Accept-Language, Accept-Encoding")
        #expect(String(decoding: try Gunzip.decode(answer.body), as: UTF8.self).contains("not_found"))
    }

    // MARK: Which coding

    @Test func qualityDecides() async throws {
        let client = try await client()
        for (field, coding) in [
            ("gzip;q=0", nil), ("identity, gzip;q=0.5", nil), ("gzip;q=0.5, identity;q=0.1", "gzip"), ("*", "gzip"),
            ("br", nil), ("", nil),
        ] as [(String, String?)] {
            let answer = try await client.get("/text", "Accept-Encoding: \(field)")
            #expect(answer.status == 200)
            #expect(answer["Content-Encoding"] == coding, "\(field)")
        }
        // Two fields form one list.
        let answer = try await client.get("/text", "Accept-Encoding: br", "Accept-Encoding: gzip")
        #expect(answer["Content-Encoding"] == "gzip")
    }

    @Test func identityRefused() async throws {
        let client = try await client()
        // Then gzip is used even for content that is not worth it.
        let small = try await client.get("/small", "Accept-Encoding: gzip, identity;q=0")
        #expect(small["Content-Encoding"] == "gzip")
        #expect(small["Vary"] == "Accept-Encoding")
        #expect(try Gunzip.decode(small.body) == Array("{}".utf8))
        let none = try await client.get("/text", "Accept-Encoding: br, *;q=0")
        #expect(none.status == 406)
        #expect(none.member("code") == "not_acceptable")
        #expect(none["Vary"] == "Accept-Language, Accept-Encoding")
        // The effect of the request stays, and an error stays readable.
        client.send("POST /text HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nAccept-Encoding: *;q=0\r\n\r\n")
        #expect(try await client.answer().status == 200)
        #expect(try await client.get("/nowhere", "Accept-Encoding: *;q=0").member("code") == "not_found")
    }

    // MARK: Tags

    @Test func eachCodingHasItsStrongTag() async throws {
        let client = try await client()
        #expect(try await client.get("/text")["ETag"] == "\"v7\"")
        #expect(try await client.get("/text", "Accept-Encoding: gzip")["ETag"] == "\"v7-gz\"")
        #expect(try await client.get("/weak")["ETag"] == "W/\"v7\"")
        #expect(try await client.get("/weak", "Accept-Encoding: gzip")["ETag"] == "W/\"v7\"")
    }

    @Test(arguments: ["\"v7\"", "\"v7-gz\"", "W/\"v7\"", "*"])
    func eitherTagIsNotModified(_ tag: String) async throws {
        let client = try await client()
        for coding in ["gzip", "identity"] {
            let full = try await client.get("/text", "Accept-Encoding: \(coding)")
            let answer = try await client.get("/text", "Accept-Encoding: \(coding)", "If-None-Match: \(tag)")
            #expect(answer.status == 304)
            #expect(answer.body.isEmpty)
            #expect(answer["Content-Encoding"] == nil)
            for field in ["ETag", "Cache-Control", "Vary"] { #expect(answer[field] == full[field], "\(field)") }
        }
    }

    @Test func headTellsWhatGetTells() async throws {
        let client = try await client()
        for path in ["/text", "/long", "/small"] {
            let full = try await client.get(path, "Accept-Encoding: gzip")
            client.send("HEAD \(path) HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            let head = try await client.answer(hasBody: false)
            let telling = { (answer: Client.Answer) in
                answer.fields.filter { $0.name != "Date" && $0.name != "X-Request-Id" }.map {
                    "\($0.name): \($0.value)"
                }
            }
            #expect(telling(head) == telling(full))
        }
    }

    // MARK: The coder

    @Test func contentsFollowEachOther() throws {
        let encoder = GzipEncoder(level: 1)
        for count in [0, 1, 100, 70_000, 3, 1_000_000] {
            let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
            #expect(try Gunzip.decode(encoder.encode(content)) == content)
            #expect(encoder.encode(content) == encoder.encode(content))
        }
    }
}
