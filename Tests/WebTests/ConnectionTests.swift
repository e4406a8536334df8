import HTTP1
import JSON
import TestTools
import Testing

@testable import Web

@Suite struct ConnectionTests {
    let server: TestServer
    let client: Client

    init() async throws {
        server = try await TestServer.shared.value
        client = try server.client()
    }

    // MARK: Framing

    @Test func keepsTheConnection() async throws {
        for name in ["Anna", "Boris", "Vera"] {
            let answer = try await client.get("/hello", "X-Name: \(name)")
            #expect(answer.status == 200)
            #expect(answer.text == "hello \(name)")
            #expect(answer["Connection"] == nil)
            #expect(answer["Content-Length"] == "\(answer.body.count)")
            #expect(answer["Date"]?.hasSuffix(" GMT") == true)
        }
    }

    @Test func answersPipelinedRequestsInOrder() async throws {
        client.send(
            """
            GET /hello HTTP/1.1\r\nHost: a\r\nX-Name: first\r\n\r\n\
            POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nsecond\
            GET /far HTTP/1.1\r\nHost: a\r\n\r\n\
            POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfou\r\n3\r\nrth\r\n0\r\n\r\n\
            GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
            """)
        #expect(try await client.answer().text == "hello first")
        #expect(try await client.answer().text == "second")
        #expect(try await client.answer().text == "false")
        #expect(try await client.answer().text == "fourth")
        #expect(try await client.answer().closes)
        #expect(try await client.remainder() == "")
    }

    @Test func readsARequestByteByByte() async throws {
        let request =
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nпр\r\n0\r\nA: b\r\n\r\n"
        for byte in request.utf8 {
            if byte < 128 {
                client.send(String(UnicodeScalar(byte)))
            } else if byte == 0xD0 {
                client.send("п")
            } else if byte == 0xD1 {
                client.send("р")
            }
        }
        #expect(try await client.answer().text == "пр")
        #expect(try await client.get("/hello").text == "hello nobody")
    }

    @Test func echoesChunks() async throws {
        let part = String(repeating: "школа ", count: 3000)
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 0..<10 { client.send("\(String(part.utf8.count, radix: 16))\r\n\(part)\r\n") }
        client.send("0\r\n\r\n")
        let answer = try await client.answer()
        #expect(answer.text.utf8.count == part.utf8.count * 10)
        #expect(answer.text == String(repeating: part, count: 10))
    }

    @Test func emptyBodies() async throws {
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        #expect(try await client.answer().body == [])
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        #expect(try await client.answer().body == [])
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.answer().body == [])
        #expect(try await client.get("/hello").status == 200)
    }

    @Test func bodyThatNobodyReadsEndsTheConnection() async throws {
        client.send("POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 27\r\n\r\nGET /hello HTTP/1.1\r\nHost:a")
        let answer = try await client.answer()
        #expect(answer.text == "ignored")
        #expect(answer.closes)
        client.finish()
        #expect(try await client.remainder() == "")
    }

    @Test func bodylessPostThatNobodyReadsKeepsIt() async throws {
        client.send("POST /ignore HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.answer()["Connection"] == nil)
        #expect(try await client.get("/hello").status == 200)
    }

    @Test func halfClosedClientGetsItsAnswer() async throws {
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        client.finish()
        #expect(try await client.answer().text == "hello")
        #expect(try await client.remainder() == "")
    }

    @Test func halfClosedClientGetsASlowAnswer() async throws {
        let server = try await TestServer()
        let client = try server.client()
        client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        client.finish()
        #expect(await eventually { server.gate.waiting == 1 })
        server.gate.open()
        #expect(try await client.answer().text == "let go")
        #expect(try await client.remainder() == "")
    }

    @Test func bodyCutShortIsRefused() async throws {
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
        client.finish()
        let answer = try await client.answer()
        #expect(answer.status == 400)
        #expect(answer.closes)
        #expect(try await client.remainder() == "")
    }

    @Test func headCutShortGetsNothing() async throws {
        client.send("GET /hello HTTP/1.1\r\nHo")
        client.finish()
        #expect(try await client.remainder() == "")
    }

    // MARK: Methods

    @Test func headHasTheFieldsOfGet() async throws {
        client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try await client.answer(hasBody: false)
        #expect(answer.status == 200)
        #expect(answer["Content-Length"] == "12")
        #expect(answer["Content-Type"] == "text/plain")
        client.send("HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.answer(hasBody: false).status == 404)
        #expect(try await client.get("/hello").text == "hello nobody")
    }

    @Test func optionsListTheMethods() async throws {
        client.send("OPTIONS /tagged HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try await client.answer()
        #expect(answer.status == 204)
        #expect(answer["Allow"] == "GET, POST, HEAD, OPTIONS")
        #expect(answer["Content-Length"] == nil)
        client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.answer().status == 204)
        client.send("OPTIONS /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.answer().status == 404)
        #expect(try await client.get("/hello").status == 200)
    }

    @Test func wrongMethodNamesTheRightOnes() async throws {
        client.send("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try await client.answer()
        #expect(answer.status == 405)
        #expect(answer["Allow"] == "GET, HEAD, OPTIONS")
        #expect(answer.member("code") == "method_not_allowed")
        client.send("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.answer().status == 501)
        client.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.answer()["Allow"] == "POST, OPTIONS")
    }

    @Test func unknownPathIsNotFound() async throws {
        let answer = try await client.get("/nothing?a=b")
        #expect(answer.status == 404)
        #expect(answer["Content-Type"] == "application/problem+json")
        #expect(answer.member("instance") == "/nothing")
        #expect(try await client.get("/hello/").status == 404)
        #expect(try await client.get("/locked").status == 404)
    }

    @Test func parametersAreDecoded() async throws {
        #expect(try await client.get("/items/a%2Fb%20%D0%AF").text == "a/b Я")
        #expect(try await client.get("/items/%FF").status == 404)
        client.send("GET http://school.example/items/7 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.answer().text == "7")
    }

    // MARK: HTTP/1.0

    @Test func oldClientsAreClosed() async throws {
        client.send("GET /hello HTTP/1.0\r\n\r\n")
        let answer = try await client.answer()
        #expect(answer.text == "hello nobody")
        #expect(answer.closes)
        #expect(try await client.remainder() == "")
    }

    @Test func oldClientsMayAskToStay() async throws {
        for _ in 0..<2 {
            client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try await client.answer()["Connection"] == "keep-alive")
        }
    }

    // MARK: 100-continue

    /// RFC 9110 section 10.1.1: Expect is a list.
    @Test(arguments: [
        "100-continue", "100-CONTINUE", ", 100-continue ,,", "100-continue,100-Continue", "\r\nExpect: 100-continue",
    ])
    func continueIsSentWhenTheBodyIsWanted(expectation: String) async throws {
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: \(expectation)\r\n\r\n")
        #expect(try await client.answer().status == 100)
        client.send("hello")
        let answer = try await client.answer()
        #expect(answer.status == 200)
        #expect(answer.text == "hello")
        #expect(try await client.get("/hello").status == 200)
    }

    /// One member that is not known fails the request, wherever it stands: the content is neither asked for nor read.
    @Test(arguments: [
        "200-ok", "100-continue, x", "x,100-continue", "100-continue\r\nExpect: x", "100-continue=1",
        "100-continue;q=1", "100-continue x", "x=\"a, 100-continue\"", "x=\",100-continue,\"",
    ])
    func anExpectationThatIsNotKnownFails(expectation: String) async throws {
        client.send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: \(expectation)\r\n\r\n")
        let answer = try await client.answer()
        #expect(answer.status == 417)
        #expect(answer.member("code") == "expectation_failed")
        #expect(answer.closes)
        // Content that comes all the same is no request, and does not break the connection before the answer is read.
        client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        client.finish()
        #expect(try await client.remainder() == "")
        #expect(!client.wasReset)
    }

    @Test func anExpectationThatIsNotKnownFailsWithoutContentToo() async throws {
        #expect(try await client.get("/hello", "Expect: 200-ok").status == 417)
    }

    @Test(arguments: [("/ignore", 200), ("/nothing", 404), ("/hello", 405)])
    func finalStatusComesWithoutContinue(path: String, status: Int) async throws {
        client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        let answer = try await client.answer()
        #expect(answer.status == status)
        #expect(answer.closes)
        #expect(try await client.remainder() == "")
    }

    @Test func tooLargeABodyIsNotAskedFor() async throws {
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n\r\n")
        let answer = try await client.answer()
        #expect(answer.status == 413)
        #expect(answer.closes)
    }

    @Test func bodyThatCameAlreadyIsNotAskedFor() async throws {
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello")
        #expect(try await client.answer().text == "hello")
    }

    // MARK: Conditional

    @Test func unchangedIsNotSentAgain() async throws {
        let first = try await client.get("/tagged")
        let tag = try #require(first["ETag"])
        #expect(first.text == #"{"mark":5}"#)
        for field in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
            let again = try await client.get("/tagged", "If-None-Match: \(field)")
            #expect(again.status == 304)
            #expect(again["ETag"] == tag)
            #expect(again["Content-Length"] == nil)
            #expect(again["Cache-Control"] == "private, no-cache")
        }
        #expect(try await client.get("/tagged", "If-None-Match: \"other\"").text == #"{"mark":5}"#)
        #expect(try await client.get("/tagged", "If-None-Match: nonsense").status == 200)
    }

    @Test func onlyReadingIsConditional() async throws {
        client.send("POST /tagged HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n")
        let answer = try await client.answer()
        #expect(answer.status == 200)
        #expect(answer.text == #"{"mark":5}"#)
    }

    // MARK: Request ids

    @Test(arguments: ["1", "12345678", "a.b-c_d-EFGH", String(repeating: "x", count: 64)])
    func validRequestIDIsKept(id: String) async throws {
        let answer = try await client.get("/request-id", "X-Request-Id: \(id)")
        #expect(answer["X-Request-Id"] == id)
        #expect(answer.text == id)
    }

    @Test(arguments: [
        "", "has space", "quote\"quote", "[brackets]", "длинный-номер", String(repeating: "x", count: 65),
    ])
    func otherRequestIDIsReplaced(id: String) async throws {
        let answer = try await client.get("/request-id", "X-Request-Id: \(id)")
        #expect(answer.text != id)
        #expect(answer.text.utf8.count == 16)
        #expect(answer["X-Request-Id"] == answer.text)
        #expect(try await client.get("/request-id").text != answer.text)
    }
}
