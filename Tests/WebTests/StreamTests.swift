import Compression
import HTTP1
import Reactor
import TestTools
import Testing

@testable import Web

@Suite struct StreamTests {
    private func server(
        compresses: Bool = false, _ change: (inout ServerLimits) -> Void = { _ in }
    ) async throws -> TestServer {
        var limits = ServerLimits()
        change(&limits)
        return try await TestServer(limits: limits) { offload in
            var features = Features()
            if compresses { features.compression = CompressionPolicy(offload: offload) }
            return features
        }
    }

    private func ends(_ server: TestServer) async -> [String: Int] {
        let samples = await server.server.metrics().first { $0.name == "lyceum_http_streams_total" }?.samples ?? []
        let pairs = samples.filter { $0.value > 0 }.map { ($0.labels, Int($0.value)) }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    private func number(_ server: TestServer, _ name: String) async -> Double? {
        await server.server.metrics().first { $0.name == name }?.samples.first?.value
    }

    // MARK: Framing

    @Test func chunksAndTheLastOne() async throws {
        let server = try await server()
        let client = try server.client()
        client.send("GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let text = try #require(try await client.remainder())
        let (head, body) = try #require(text.split(separator: "\r\n\r\n", maxSplits: 1).pair)
        #expect(head.contains("\r\nTransfer-Encoding: chunked\r\n") && !head.contains("Content-Length"))
        #expect(body == "5\r\naaaaa\r\n5\r\nbbbbb\r\n5\r\nccccc\r\n0\r\n\r\n")
        #expect(server.streams.held == 0 && server.streams.closed == 1)
        #expect(await ends(server) == [#"{end="complete"}"#: 1])
        #expect(await number(server, "lyceum_http_streams_in_flight") == 0)
    }

    @Test func trailersAreAnnouncedAndSent() async throws {
        let server = try await server()
        let client = try server.client()
        let answer = try await client.get("/stream?trailers=1")
        #expect(answer["Trailer"] == "Lyceum-Rows, Lyceum-Sum")
        #expect(answer.body == Letters.whole(3, 5))
        #expect(answer.trailers.map { "\($0.name): \($0.value)" } == ["Lyceum-Rows: 3", "Lyceum-Sum: x"])
        #expect(try await client.get("/stream")["Trailer"] == nil)
    }

    @Test func theConnectionGoesOnBehindAStream() async throws {
        let server = try await server()
        let client = try server.client()
        client.send(
            "GET /stream?pieces=40&size=3000 HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                + "GET /stream?pieces=0 HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.answer().body == Letters.whole(40, 3000))
        #expect(try await client.answer().text == "hello nobody")
        #expect(try await client.answer().body == [])
        #expect(try await client.answer().text == "hello nobody")
    }

    @Test func emptyAndLongPieces() async throws {
        let server = try await server()
        let client = try server.client()
        #expect(try await client.get("/stream?size=0").body == [])
        // Split, so that each part has the reader's full time.
        let long = try await client.get("/stream?pieces=2&size=200000")
        #expect(long.body == Letters.whole(2, 200_000))
        #expect(long.chunks == [65536, 65536, 65536, 3392, 65536, 65536, 65536, 3392])
    }

    @Test func headAndConditionsTakeNoPiece() async throws {
        let server = try await server()
        let client = try server.client()
        client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        let head = try await client.answer(hasBody: false)
        #expect(head.status == 200 && head["Transfer-Encoding"] == "chunked" && head["Content-Type"] == "text/plain")
        let same = try await client.get("/stream/tagged", "If-None-Match: \"v1\"")
        #expect(same.status == 304 && same["Transfer-Encoding"] == nil && same["ETag"] == "\"v1\"")
        #expect(try await client.get("/stream/tagged", "If-Match: \"v2\"").status == 412)
        #expect(server.streams.asked == 0)
        #expect(server.streams.held == 0 && server.streams.closed == 3)
        #expect(try await client.get("/stream/tagged", "If-None-Match: \"v0\"").body == Letters.whole(3, 5))
    }

    @Test func underHTTP10TheEndOfTheConnectionIsTheEnd() async throws {
        let server = try await server()
        let client = try server.client()
        client.send("GET /stream?trailers=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        let text = try #require(try await client.remainder())
        let (head, body) = try #require(text.split(separator: "\r\n\r\n", maxSplits: 1).pair)
        #expect(!head.contains("Transfer-Encoding") && !head.contains("Content-Length") && !head.contains("Trailer"))
        #expect(head.contains("\r\nConnection: close"))
        #expect(body == "aaaaabbbbbccccc")
        #expect(!client.wasReset)
    }

    @Test func aFieldThatCannotBeSentIsA500AndTheStreamIsClosed() async throws {
        let server = try await server()
        let client = try server.client()
        #expect(try await client.get("/stream/bad-field").status == 500)
        #expect(server.streams.held == 0)
        #expect(try await client.get("/hello").status == 200)
    }

    // MARK: Errors

    @Test func anErrorBeforeTheFirstPieceIsAnAnswer() async throws {
        let server = try await server()
        let client = try server.client()
        let refused = try await client.get("/stream?refuse=0")
        #expect(refused.status == 503 && refused["Retry-After"] == "1" && refused.member("code") == "overloaded")
        #expect(try await client.get("/stream?fail=0").status == 500)
        #expect(try await client.get("/hello").status == 200)
        #expect(server.streams.held == 0)
    }

    @Test(arguments: ["", "&trailers=1"])
    func errorInTheMiddleDiffersFromTheEnd(_ more: String) async throws {
        let server = try await server()
        let client = try server.client()
        client.send("GET /stream?fail=2\(more) HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        let text = try #require(try await client.remainder())
        #expect(text.hasSuffix("5\r\naaaaa\r\n5\r\nbbbbb\r\n"), "\(text)")
        #expect(!client.wasReset, "what was sent arrives")
        #expect(server.streams.held == 0)
        #expect(await ends(server) == [#"{end="failed"}"#: 1])
        #expect(await eventually { server.log.text.contains(#""aborted":"failed""#) })
        #expect(server.log.text.contains(#""message":"stream broken""#))
    }

    @Test func underHTTP10ABrokenStreamIsAReset() async throws {
        let server = try await server()
        let client = try server.client()
        client.send("GET /stream?fail=2 HTTP/1.0\r\n\r\n")
        _ = try await client.remainder()
        #expect(client.wasReset)
        #expect(server.streams.held == 0)
    }

    // MARK: Readers

    /// Pieces are requested as they are taken, and not all at once.
    @Test func nextPieceIsRequestedWhenTheOneBeforeIsTaken() async throws {
        let server = try await server()
        let slow = try Client(server.port, receiveBuffer: 4096)
        slow.send("GET /stream?pieces=100000&size=16384 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { server.streams.asked > 1 })
        let quick = try server.client()
        var before = 0
        // Until the kernel's buffers are full.
        let isStill = try await eventually {
            for _ in 0..<20 { _ = try await quick.get("/hello") }
            let asked = server.streams.asked
            defer { before = asked }
            return asked == before
        }
        #expect(isStill)
        #expect(before < 500, "\(before) pieces of 16 KiB for a reader that reads nothing")
    }

    @Test func aQuickReaderOfAQuickStreamDoesNotTakeTheCore() async throws {
        let server = try await server()
        let quick = try server.client()
        quick.send("GET /stream?pieces=20000&size=16384 HTTP/1.1\r\nHost: a\r\n\r\n")
        async let bytes = quick.discard()
        let other = try server.client()
        for _ in 0..<20 { #expect(try await other.get("/hello").status == 200) }
        #expect(server.streams.held == 1, "the others were served while it was on its way")
        quick.finish()
        #expect(try await bytes > 0)
    }

    @Test func aReaderBelowTheRateIsDropped() async throws {
        let server = try await server { $0.write = .milliseconds(100) }
        let slow = try Client(server.port, receiveBuffer: 4096)
        slow.send("GET /stream?pieces=100000&size=16384 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { server.streams.closed == 1 })
        #expect(server.streams.cancelled == 1)
        #expect(await ends(server) == [#"{end="too_slow"}"#: 1])
        let text = try #require(try await slow.remainder())
        #expect(!text.hasSuffix("0\r\n\r\n"))
        #expect(await eventually { server.log.text.contains(#""aborted":"too_slow""#) })
    }

    @Test func takenContentEarnsTime() {
        var patience = Patience(.seconds(30), rate: 1000)
        patience.spend(.seconds(20))
        #expect(patience.left == .seconds(10))
        patience.earn(5000)
        #expect(patience.left == .seconds(15))
        // Never more than at first: a fast reader cannot stop for long.
        patience.earn(1_000_000_000)
        #expect(patience.left == .seconds(30))
        // One byte per minute.
        var minutes = 0
        while patience.left > 0 {
            patience.spend(.seconds(60))
            patience.earn(1)
            minutes += 1
            if minutes > 2 { break }
        }
        #expect(patience.left < .milliseconds(5))
    }

    @Test func aReaderThatLeavesIsNoticedWhileTheStreamWaits() async throws {
        let server = try await server()
        do {
            let client = try server.client()
            client.send("GET /stream?hang=1&size=1000 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await eventually { server.streams.asked == 2 })
            // The first piece has arrived unread, so closing resets the connection.
            #expect(try await client.waitForBytes())
        }
        #expect(await eventually { server.streams.closed == 1 })
        #expect(server.streams.cancelled == 1)
        #expect(await ends(server) == [#"{end="reader_left"}"#: 1])
    }

    @Test func aReaderThatLeavesIsNoticedAtTheNextWrite() async throws {
        let server = try await server()
        do {
            let client = try Client(server.port, receiveBuffer: 4096)
            client.send("GET /stream?pieces=1000000&size=16384 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await eventually { server.streams.asked > 1 })
        }
        #expect(await eventually { server.streams.closed == 1 })
        #expect(await ends(server) == [#"{end="reader_left"}"#: 1])
    }

    /// A client that sends no more may still read.
    @Test func halfCloseIsNotADisconnect() async throws {
        let server = try await server()
        let client = try server.client()
        client.send("GET /stream?pieces=300&size=16384 HTTP/1.1\r\nHost: a\r\n\r\n")
        client.finish()
        #expect(try await client.answer().body == Letters.whole(300, 16384))
    }

    @Test func unreadContentOfTheRequestEndsTheConnectionBehindTheStream() async throws {
        let server = try await server()
        let client = try server.client()
        client.send("POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789")
        let answer = try await client.answer()
        #expect(answer.body == Letters.whole(3, 5) && answer.closes)
        #expect(try await client.remainder() == "")
    }

    // MARK: The end of the server

    @Test func aStreamInFlightMayFinish() async throws {
        let server = try await server()
        let client = try Client(server.port, receiveBuffer: 4096)
        client.send("GET /stream?pieces=500&size=16384 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { server.streams.asked > 1 })
        async let isClean = server.server.shutDown(graceSeconds: 20)
        #expect(try await client.answer().body == Letters.whole(500, 16384))
        #expect(await isClean)
    }

    @Test(arguments: ["1.0", "1.1"])
    func aStreamBeyondTheGraceIsBrokenOff(_ version: String) async throws {
        let server = try await server()
        let client = try server.client()
        client.send("GET /stream?hang=2 HTTP/\(version)\r\nHost: a\r\n\r\n")
        #expect(await eventually { server.streams.asked == 3 })
        #expect(await server.server.shutDown(graceSeconds: 0.05))
        let text = try #require(try await client.remainder())
        #expect(client.wasReset && !text.hasSuffix("0\r\n\r\n"))
        #expect(server.streams.held == 0)
        #expect(await eventually { server.log.text.contains(#""aborted":"stopped""#) })
    }

    // MARK: gzip

    @Test func streamsAreCompressed() async throws {
        let server = try await server(compresses: true)
        let client = try server.client()
        for (pieces, size) in [(0, 0), (1, 1), (3, 5), (50, 20_000), (2, 300_000)] {
            let path = "/stream?pieces=\(pieces)&size=\(size)&trailers=1"
            let answer = try await client.get(path, "Accept-Encoding: gzip")
            #expect(answer["Content-Encoding"] == "gzip" && answer["Vary"] == "Accept-Encoding")
            #expect(try Gunzip.decode(answer.body) == Letters.whole(pieces, size))
            #expect(answer.trailers.first?.value == "\(pieces)")
            if size > 10_000 { #expect(answer.body.count < pieces * size / 20) }
        }
        let plain = try await client.get("/stream")
        #expect(plain["Content-Encoding"] == nil && plain["Vary"] == "Accept-Encoding")
    }

    @Test func conditionsAndRefusalsOfCompressedStreams() async throws {
        let server = try await server(compresses: true)
        let client = try server.client()
        let answer = try await client.get("/stream/tagged", "Accept-Encoding: gzip")
        let tag = try #require(answer["ETag"])
        #expect(tag == "\"v1+gzip\"" || tag != "\"v1\"")
        let same = try await client.get("/stream/tagged", "Accept-Encoding: gzip", "If-None-Match: \(tag)")
        #expect(same.status == 304 && same["ETag"] == tag && same["Vary"] == "Accept-Encoding")
        #expect(try await client.get("/stream", "Accept-Encoding: identity;q=0, br").status == 406)
        client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
        #expect(try await client.answer(hasBody: false)["Content-Encoding"] == "gzip")
        #expect(server.streams.held == 0)
        #expect(try await client.get("/stream?fail=0", "Accept-Encoding: gzip").status == 500)
    }

    @Test func aCompressedStreamThatBreaksHasNoEnd() async throws {
        let server = try await server(compresses: true)
        let client = try server.client()
        client.send("GET /stream?pieces=9&fail=8&size=60000 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
        let text = try #require(try await client.remainder())
        #expect(!text.hasSuffix("0\r\n\r\n"))
        #expect(await ends(server) == [#"{end="failed"}"#: 1])
    }
}

extension [Substring] {
    fileprivate var pair: (Substring, Substring)? { count == 2 ? (self[0], self[1]) : nil }
}
