import HTTP1
import Reactor
import Synchronization
import TestTools
import Testing

@testable import Web

@Suite struct ServerTests {
    private func server(cores: Int = 1, _ change: (inout ServerLimits) -> Void) async throws -> TestServer {
        var limits = ServerLimits()
        change(&limits)
        return try await TestServer(cores: cores, limits: limits)
    }

    private func open(_ server: TestServer) -> Int {
        server.cores.map { $0.load.load(ordering: .relaxed) }.reduce(0, +)
    }

    // MARK: Deadlines

    @Test func slowHeadIsTimedOut() async throws {
        let server = try await server { $0.head = .milliseconds(50) }
        let client = try server.client()
        client.send("GET /hello HTTP/1.1\r\nHost: a\r\n")
        let answer = try await client.answer()
        #expect(answer.status == 408)
        #expect(answer.closes)
        #expect(answer.member("code") == "request_timeout")
        #expect(try await client.remainder() == "")
    }

    /// More bytes do not postpone the deadline.
    @Test(arguments: ["GET /", "GET /hello HTTP/1.1\r\nHost: a\r\nX: "])
    func trickledHeadIsTimedOut(start: String) async throws {
        let server = try await server {
            $0.head = .milliseconds(100)
            $0.idle = .milliseconds(200)
        }
        let client = try server.client()
        client.send(start)
        #expect(await eventually { open(server) == 1 })
        async let answer = client.answer()
        #expect(
            await eventually {
                client.send("x")
                return open(server) == 0
            })
        #expect(try await answer.status == 408)
    }

    @Test func slowHeadBehindAnotherRequestIsTimedOut() async throws {
        let server = try await server { $0.head = .milliseconds(50) }
        let client = try server.client()
        client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHo")
        #expect(try await client.answer().status == 200)
        #expect(try await client.answer().status == 408)
        #expect(try await client.remainder() == "")
    }

    @Test func slowBodyIsTimedOut() async throws {
        let server = try await server { $0.body = .milliseconds(50) }
        let client = try server.client()
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        let answer = try await client.answer()
        #expect(answer.status == 408)
        #expect(answer.closes)
        #expect(try await client.remainder() == "")
    }

    @Test func trickledBodyIsTimedOut() async throws {
        let server = try await server { $0.body = .milliseconds(100) }
        let client = try server.client()
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        #expect(await eventually { open(server) == 1 })
        async let answer = client.answer()
        #expect(
            await eventually {
                client.send("x")
                return open(server) == 0
            })
        #expect(try await answer.status == 408)
    }

    /// Content that arrives fast enough earns time: here two seconds for each byte.
    @Test func bodyEarnsItsTime() async throws {
        let server = try await server {
            $0.body = .milliseconds(50)
            $0.bodyRate = 1
        }
        let client = try server.client()
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\n0123456789")
        // The time of another body ends after the first limit of this one.
        let other = try server.client()
        other.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\n")
        #expect(try await other.answer().status == 408)
        client.send("01234567890123456789")
        #expect(try await client.answer().text == "012345678901234567890123456789")
    }

    @Test func idleConnectionEndsQuietly() async throws {
        let server = try await server { $0.idle = .milliseconds(50) }
        let fresh = try server.client()
        let used = try server.client()
        #expect(try await used.get("/hello").status == 200)
        #expect(try await fresh.remainder() == "")
        #expect(try await used.remainder() == "")
        #expect(await eventually { open(server) == 0 })
    }

    /// No task waits: it is served again, is not idle for longer, and ends with the server.
    @Test func parkedConnectionIsServedAgain() async throws {
        let server = try await server {
            $0.idle = .milliseconds(400)
            $0.waiting = .milliseconds(1)
        }
        let kept = try server.client()
        for _ in 0..<5 {
            let other = try server.client()
            other.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await other.answer().status == 200)
            // Lets deadlines pass that are later than the waiting time of `kept`.
            for core in server.cores { await core.run { await $0.sleep(.milliseconds(5)) } }
            #expect(try await kept.get("/hello").text == "hello nobody")
        }
        kept.send("GET /hello HTTP/1.1\r\nHo")
        for core in server.cores { await core.run { await $0.sleep(.milliseconds(5)) } }
        kept.send("st: a\r\n\r\n")
        #expect(try await kept.answer().status == 200)
        #expect(try await kept.remainder() == "")
        #expect(await eventually { open(server) == 0 })
    }

    @Test func parkedConnectionsEndWithTheServer() async throws {
        let server = try await server(cores: 2) { $0.waiting = .milliseconds(1) }
        let clients = try (0..<4).map { _ in try server.client() }
        for client in clients { #expect(try await client.get("/hello").status == 200) }
        for core in server.cores { await core.run { await $0.sleep(.milliseconds(20)) } }
        #expect(await server.server.shutDown(graceSeconds: 20))
        for client in clients { #expect(try await client.remainder() == "") }
        #expect(open(server) == 0)
    }

    @Test func leavingWhileParkedIsSeen() async throws {
        let server = try await server { $0.waiting = .milliseconds(1) }
        do {
            let client = try server.client()
            #expect(try await client.get("/hello").status == 200)
            await server.cores[0].run { await $0.sleep(.milliseconds(20)) }
            #expect(open(server) == 1)
        }
        #expect(await eventually { open(server) == 0 })
    }

    @Test func handlerMayTakeItsTime() async throws {
        let server = try await server {
            $0.head = .milliseconds(20)
            $0.idle = .milliseconds(20)
            $0.body = .milliseconds(20)
        }
        let slow = try server.client()
        slow.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { server.gate.waiting == 1 })
        // The idle deadline of another connection is set later and passes first.
        #expect(try await server.client().remainder() == "")
        server.gate.open()
        #expect(try await slow.answer().text == "let go")
    }

    // MARK: Slow readers

    @Test func slowReaderHoldsUpNobody() async throws {
        let server = try await server { _ in }
        let slow = try Client(server.port, receiveBuffer: 4096)
        slow.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        let quick = try server.client()
        for _ in 0..<20 { #expect(try await quick.get("/hello").status == 200) }
        let answer = try await slow.answer()
        #expect(answer.status == 200)
        let isWhole = answer.body == TestServer.large
        #expect(isWhole)
    }

    /// A pipeline is answered at the speed of its reader: one answer waits, not all.
    @Test func slowReaderHasOneAnswerInMemory() async throws {
        let server = try await server { _ in }
        let slow = try Client(server.port, receiveBuffer: 4096)
        slow.send(String(repeating: "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", count: 50))
        #expect(await eventually { server.visits.home.load(ordering: .relaxed) == 3 })
        let quick = try server.client()
        for _ in 0..<50 { #expect(try await quick.get("/hello").status == 200) }
        #expect(server.visits.home.load(ordering: .relaxed) == 3 + 50 * 3)
        #expect(try await slow.answer().body.count == 8 << 20)
    }

    @Test func readerThatNeverReadsIsDropped() async throws {
        let server = try await server { $0.write = .milliseconds(50) }
        let slow = try Client(server.port, receiveBuffer: 4096)
        slow.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { server.visits.home.load(ordering: .relaxed) == 3 })
        #expect(await eventually { open(server) == 0 })
        await #expect(throws: Client.Incomplete.self) { try await slow.answer() }
    }

    // MARK: Connections

    @Test func connectionsSpreadOverCores() async throws {
        let server = try await server(cores: 2) { _ in }
        let clients = try (0..<10).map { _ in try server.client() }
        #expect(await eventually { open(server) == 10 })
        #expect(server.cores.map { $0.load.load(ordering: .relaxed) } == [5, 5])
        for client in clients { #expect(try await client.get("/hello").status == 200) }
    }

    @Test func leavingClientsAreForgotten() async throws {
        let server = try await server(cores: 2) { _ in }
        do {
            let clients = try (0..<20).map { _ in try server.client() }
            for client in clients { #expect(try await client.get("/hello").status == 200) }
            #expect(open(server) == 20)
        }
        #expect(await eventually { open(server) == 0 })
    }

    // MARK: The end

    @Test func drainFinishesWhatIsInFlight() async throws {
        let server = try await server(cores: 2) { _ in }
        let fresh = try server.client()
        let idle = try server.client()
        #expect(try await idle.get("/hello").status == 200)
        let busy = [try server.client(), try server.client()]
        for client in busy { client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n") }
        #expect(await eventually { server.gate.waiting == 2 })

        async let end = server.server.shutDown(graceSeconds: 20)
        #expect(try await idle.remainder() == "")
        #expect(try await fresh.remainder() == "")
        #expect(throws: Client.Refused.self) { try server.client() }

        server.gate.open()
        for client in busy {
            let answer = try await client.answer()
            #expect(answer.text == "let go")
            #expect(answer.closes)
            client.finish()
            #expect(try await client.remainder() == "")
        }
        #expect(await end)
        #expect(open(server) == 0)
    }

    @Test func drainFinishesAPipelineWithTheRequestInFlight() async throws {
        let server = try await server { _ in }
        let client = try server.client()
        client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { server.gate.waiting == 1 })
        async let end = server.server.shutDown(graceSeconds: 20)
        #expect(await eventually { (try? server.client()) == nil })
        // After the listener has closed, the workers drain; this waits in the same queue.
        server.cores[0].spawn { _ in server.gate.open() }
        let answer = try await client.answer()
        #expect(answer.text == "let go")
        client.finish()
        #expect(await end)
    }

    /// The answer was sent. The client still sends bytes that nobody reads, and would lose the answer by a reset.
    @Test func drainLetsALingeringCloseEnd() async throws {
        let server = try await server { $0.linger = .seconds(60) }
        let client = try server.client()
        client.send("POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
        #expect(try await client.answer().text == "ignored")
        #expect(try await client.remainder() == "")
        async let end = server.server.shutDown(graceSeconds: 20)
        #expect(await eventually { (try? server.client()) == nil })
        // After the listener has closed, the worker drains; this is behind it in the same queue.
        await withCheckedContinuation { done in server.cores[0].executor.post { done.resume() } }
        #expect(open(server) == 1)
        client.finish()
        #expect(await end)
    }

    @Test func drainEndsAConnectionWhoseAnswerIsOnItsWay() async throws {
        let server = try await server { _ in }
        let slow = try Client(server.port, receiveBuffer: 4096)
        slow.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { server.visits.home.load(ordering: .relaxed) == 3 })
        async let end = server.server.shutDown(graceSeconds: 20)
        #expect(await eventually { (try? server.client()) == nil })
        #expect(try await slow.answer().body.count == 8 << 20)
        #expect(try await slow.remainder() == "")
        slow.finish()
        #expect(await end)
        #expect(server.visits.home.load(ordering: .relaxed) == 3)
    }

    @Test func graceEnds() async throws {
        let server = try await server { _ in }
        let client = try server.client()
        client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { server.gate.waiting == 1 })
        #expect(await server.server.shutDown(graceSeconds: 0.05) == false)
        server.gate.open()
        #expect(try await client.answer().closes)
    }

    @Test func saysWhenItIsReady() async throws {
        let server = try await server { _ in }
        #expect(await server.server.waitUntilReady(seconds: 1) == nil)
    }

    // MARK: Cores

    @Test func handlersBeginAndEndOnTheirCore() async throws {
        let server = try await server(cores: 2) { _ in }
        let clients = try (0..<4).map { _ in try server.client() }
        for client in clients {
            for path in ["/hello", "/far", "/items/1", "/tagged", "/problem", "/unforeseen", "/far"] {
                _ = try await client.get(path)
            }
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
            client.send("0123456789")
            #expect(try await client.answer().text == "0123456789")
        }
        #expect(server.visits.home.load(ordering: .relaxed) == 4 * 8 * 3)
        #expect(server.visits.astray.load(ordering: .relaxed) == 0)
    }
}

extension Core {
    fileprivate func run(_ body: @Sendable (isolated Core) async -> Void) async { await body(self) }
}
