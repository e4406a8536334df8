import HTTP1
import JSON
import Reactor
import TestTools
import Testing

@testable import Web

@Suite struct RefusalTests {
    let server: TestServer
    let client: Client

    init() async throws {
        server = try await TestServer.shared.value
        client = try server.client()
    }

    /// A request for each reason to refuse one.
    static let requests: [ParseError: String] = [
        .badRequestLine: "GET HTTP/1.1\r\nHost: a\r\n\r\n",
        .badMethod: "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
        .badTarget: "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
        .badVersion: "GET / http/1.1\r\nHost: a\r\n\r\n",
        .bareLineFeed: "GET / HTTP/1.1\nHost: a\r\n\r\n",
        .bareCarriageReturn: "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
        .badFieldName: "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        .badFieldValue: "GET / HTTP/1.1\r\nHost: a\r\nA: b\0c\r\n\r\n",
        .foldedField: "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n",
        .missingHost: "GET / HTTP/1.1\r\n\r\n",
        .repeatedHost: "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        .badHost: "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        .badContentLength: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n",
        .repeatedContentLength: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        .lengthAndTransferCoding:
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        .badTransferCoding: "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        .unknownExpectation: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue, x\r\n\r\n",
        .unknownTransferCoding: "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        .badChunk: "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
        .chunkExtensionsTooLong:
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a=\(String(repeating: "b", count: 1100))\r\n",
        .contentTooLarge: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n",
        .targetTooLong: "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n",
        .headTooLarge: "GET / HTTP/1.1\r\nHost: a\r\nA: \(String(repeating: "b", count: 17000))\r\n\r\n",
        .tooManyFields: "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "A: b\r\n", count: 100))\r\n",
        .methodTooLong: "\(String(repeating: "A", count: 33)) / HTTP/1.1\r\nHost: a\r\n\r\n",
        .unsupportedVersion: "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    ]

    @Test(arguments: ParseError.allCases) func malformedRequestIsAnsweredOnceAndClosed(error: ParseError) async throws {
        let request = try #require(Self.requests[error])
        // The request after it must not be read.
        client.send(request + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try await client.answer()
        #expect(answer.status == error.status.code)
        #expect(answer.closes)
        #expect(answer["Content-Type"] == "application/problem+json")
        #expect(answer.json?["status"] == .number("\(error.status.code)"))
        #expect(answer.member("request_id") == answer["X-Request-Id"])
        #expect(answer.member("detail")?.contains(answer["Content-Language"] == "en" ? error.text : error.code) == true)
        client.finish()
        #expect(try await client.remainder() == "")
    }

    @Test func malformedRequestBehindAGoodOne() async throws {
        client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n")
        #expect(try await client.answer().status == 200)
        let answer = try await client.answer()
        #expect(answer.status == 400)
        #expect(answer.closes)
    }

    @Test func chunksBeyondTheLimitAreRefused() async throws {
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        let part = String(repeating: "x", count: 65536)
        for _ in 0..<17 { client.send("10000\r\n\(part)\r\n") }
        let answer = try await client.answer()
        #expect(answer.status == 413)
        #expect(answer.member("code") == "content_too_large")
        #expect(answer.closes)
    }

    // MARK: Problems

    @Test(arguments: [
        (nil, "ru", "Нужно.") as (String?, String, String), ("ru", "ru", "Нужно."), ("en", "en", "Needed."),
        ("en-GB, ru;q=0.5", "en", "Needed."),
        ("de, *;q=0.1", "ru", "Нужно."), ("fr", "ru", "Нужно."), ("ru;q=0.2, en;q=0.8", "en", "Needed."),
    ]) func problemsSpeakTheClientsLanguage(accept: String?, language: String, detail: String) async throws {
        let fields = accept.map { "Accept-Language: \($0)" } ?? "A: b"
        let answer = try await client.get("/problem", fields)
        #expect(answer.status == 422)
        #expect(answer["Content-Language"] == language)
        #expect(answer["Vary"] == "Accept-Language")
        #expect(answer["Cache-Control"] == "no-store")
        #expect(answer.member("title") == ProblemKind.validationFailed.title[Language(rawValue: language)!])
        #expect(answer.member("type") == "/problems/validation_failed")
        guard case .array(let items)? = answer.json?["errors"] else {
            Issue.record("no errors in \(answer.text)")
            return
        }
        #expect(items.count == 1)
        #expect(items[0]["pointer"] == .string("/a~1b"))
        #expect(items[0]["detail"] == .string(detail))
    }

    @Test func unforeseenErrorTellsNothing() async throws {
        let answer = try await client.get("/unforeseen", "Accept-Language: en", "X-Request-Id: unforeseen-1")
        #expect(answer.status == 500)
        #expect(answer.member("code") == "internal_error")
        #expect(answer.member("request_id") == "unforeseen-1")
        #expect(!answer.text.contains("swordfish"))
        #expect(try await client.get("/hello").status == 200)
        // The log contains it in full.
        #expect(await eventually { server.log.text.contains("swordfish") })
    }

    @Test func fieldThatWouldSplitTheAnswerIsABareError() async throws {
        let answer = try await client.get("/bad-field", "X-Request-Id: bad-field-1")
        #expect(answer.status == 500)
        #expect(answer["X-Injected"] == nil)
        #expect(answer.member("code") == "internal_error")
        #expect(await eventually { server.log.text.contains("X-Split") })
        #expect(try await client.get("/hello").status == 200)
    }

    @Test(arguments: [
        ("application/json", #"{"a":1}"#, 200), ("Application/JSON; charset=utf-8", #"{"a":1}"#, 200),
        ("text/plain", #"{"a":1}"#, 415), ("", #"{"a":1}"#, 415), ("application/json", #"{"a":1,}"#, 400),
        ("application/json", "", 400), ("application/json", #"{"a":1,"a":2}"#, 400),
        ("application/json", #"{"a":"\u0000"}"#, 422),
    ]) func bodyHasToBeStrictJSON(type: String, body: String, status: Int) async throws {
        client.send(
            "POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        let answer = try await client.answer()
        #expect(answer.status == status)
        // A body refused unread ends the connection; one that was read does not.
        #expect(answer.closes == (status == 415))
    }

    @Test(arguments: [
        ("application/x-www-form-urlencoded", "a=1&b=%D0%AF+x", 200, "a=1;b=Я x")
            as (String, String, Int, String?),
        ("application/json", #"{"a":"1","b":"2"}"#, 200, "a=1;b=2"), ("application/json", #"{"a":1}"#, 422, nil),
        ("application/json", "[]", 422, nil), ("application/x-www-form-urlencoded", "a=%zz", 400, nil),
        ("text/plain", "a=1", 415, nil),
    ]) func readsFormsAndFlatJSON(type: String, body: String, status: Int, text: String?) async throws {
        client.send(
            "POST /fields HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        let answer = try await client.answer()
        #expect(answer.status == status)
        if let text { #expect(answer.text == text) }
    }
}
