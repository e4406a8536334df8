import CCurl
import Glibc
import HTTP1
import Reactor
import TestTools
import Testing

@testable import Transfer

/// HTTP requests to a server over real sockets.
@Suite struct RequestTests {
    private func transfer(_ change: (inout Transfer.Configuration) -> Void = { _ in }) throws -> Transfer {
        var configuration = Transfer.Configuration()
        configuration.allowedNetworks = [try #require(AddressBlock("127.0.0.0/8"))]
        configuration.allowsPlainHTTP = true
        change(&configuration)
        return try Transfer(configuration)
    }

    private func failure(_ transfer: Transfer, _ request: OutgoingRequest) async throws -> TransferFailure.Kind {
        do throws(TransferFailure) {
            let answer = try await transfer.send(request)
            Issue.record("it was answered with \(answer.status)")
            return .other
        } catch {
            return error.kind
        }
    }

    @Test func requestArrivesAsItWasGiven() async throws {
        let receiver = try Receiver { _, _ in .status(202, headers: [("Retry-After", "17")], body: Array("ok".utf8)) }
        let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        let answer = try await transfer().send(
            OutgoingRequest(
                "POST", receiver.url, headers: [("Content-Type", "application/json"), ("webhook-id", "1")], body: body))
        #expect(answer.status == 202 && answer.retryAfter == 17 && answer.body == Array("ok".utf8))
        let request = try #require(receiver.requests.first)
        #expect(request.line == "POST /hooks HTTP/1.1")
        #expect(request.body == body)
        #expect(request["Content-Type"] == "application/json" && request["webhook-id"] == "1")
        #expect(request["Expect"] == nil)
        #expect(request["Content-Length"] == "100000")
    }

    @Test func methodsWithoutABody() async throws {
        let receiver = try Receiver()
        for method in ["POST", "GET", "DELETE"] {
            #expect(try await transfer().send(OutgoingRequest(method, receiver.url)).status == 200)
        }
        #expect(receiver.requests.map { $0.line.prefix { $0 != " " } } == ["POST", "GET", "DELETE"])
        #expect(receiver.requests[0]["Content-Length"] == "0")
    }

    @Test func anyStatusIsAnAnswerAndRedirectsAreNotFollowed() async throws {
        let statuses = [204, 301, 307, 404, 410, 429, 500]
        let receiver = try Receiver { _, number in .status(statuses[number], headers: [("Location", "/other")]) }
        for status in statuses {
            #expect(try await transfer().send(OutgoingRequest("POST", receiver.url)).status == status)
        }
        #expect(receiver.requests.count == statuses.count)
    }

    @Test func longAnswersAreCut() async throws {
        let receiver = try Receiver { _, _ in .status(200, body: [UInt8](repeating: 0x61, count: 5_000_000)) }
        var request = OutgoingRequest("POST", receiver.url)
        request.largestAnswer = 1000
        let answer = try await transfer().send(request)
        #expect(answer.status == 200 && answer.body.count == 1000)
    }

    @Test func receiverThatDoesNotAnswer() async throws {
        let receiver = try Receiver { _, number in number == 0 ? .silence : .stall }
        var request = OutgoingRequest("POST", receiver.url)
        #expect(try await failure(transfer(), request) == .broken)
        request.timeout = 0.2
        #expect(try await failure(transfer(), request) == .timeout)
    }

    /// A piece of background work has an end, whatever the usual time of a request is.
    @Test func aTransferEndsBeforeItsCallersDeadline() async throws {
        let receiver = try Receiver { _, _ in .stall }
        let mails = try MailReceiver { _ in
            usleep(300_000)
            return "250 ok"
        }
        let transfer = try transfer { $0.threads = 1 }
        let request = OutgoingRequest("POST", receiver.url)
        let began = Clock.now
        await #expect(throws: TransferFailure(.timeout, code: 28)) {
            try await transfer.send(request, before: began + .seconds(0.3))
        }
        let mail = OutgoingMail(
            host: "127.0.0.1", port: Int(mails.port), security: .plain, sender: "diary@school.example",
            recipients: ["a@b.example"], message: [])
        await #expect(throws: TransferFailure(.timeout, code: 28)) {
            try await transfer.send(mail, before: Clock.now + .seconds(0.2))
        }
        #expect(Clock.now - began < .seconds(5))
        // While it waits for a thread, too.
        let first = Task { try? await transfer.send(request, before: Clock.now + .seconds(0.5)) }
        #expect(await eventually { transfer.started == 3 })
        await #expect(throws: TransferFailure(.timeout)) {
            try await transfer.send(request, before: Clock.now + .seconds(0.1))
        }
        _ = await first.value
        #expect(receiver.requests.count == 2)
    }

    @Test func nobodyListens() async throws {
        let port = try Receiver().port
        let request = OutgoingRequest("POST", "http://127.0.0.1:\(port)/")
        #expect(await eventually { (try? await failure(transfer(), request)) == .unreachable })
    }

    /// The name is the machine's own, so it has an address without a name server.
    @Test func theAddressOfTheConnectionDecidesAndNotTheName() async throws {
        let receiver = try Receiver()
        var configuration = Transfer.Configuration()
        configuration.allowsPlainHTTP = true
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let request = OutgoingRequest("POST", "http://\(host):\(receiver.port)/")
        let kind = try await failure(try Transfer(configuration), request)
        #expect(kind == .forbiddenAddress, "\(host): \(kind)")
        #expect(receiver.requests.isEmpty)
    }

    /// DNS rebinding: the name had a public address when it was checked, and has this one when the request is sent.
    @Test(arguments: ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.255.255.1", "169.254.169.254"])
    func nameThatLeadsToAnotherAddressNow(_ address: String) async throws {
        let receiver = try Receiver()
        var configuration = Transfer.Configuration()
        configuration.allowsPlainHTTP = true
        let url = "http://receiver.example:\(receiver.port)/"
        #expect(try Transfer(configuration).fault(in: url) == nil)
        let request = try CurlRequest(OutgoingRequest("POST", url), configuration, AddressGuard(allowing: []))
        request.curl.set(CURLOPT_RESOLVE, list: ["receiver.example:\(receiver.port):\(address)"])
        #expect(throws: TransferFailure.self) { try request.perform() }
        do throws(TransferFailure) {
            _ = try request.perform()
        } catch {
            #expect(error.kind == .forbiddenAddress, "\(error)")
        }
        #expect(receiver.requests.isEmpty)
    }

    /// The same seam, to show that the test could fail.
    @Test func nameThatLeadsToAnAllowedAddress() async throws {
        let receiver = try Receiver()
        var configuration = Transfer.Configuration()
        configuration.allowsPlainHTTP = true
        let request = try CurlRequest(
            OutgoingRequest("POST", "http://receiver.example:\(receiver.port)/"), configuration,
            AddressGuard(allowing: [try #require(AddressBlock("127.0.0.1"))]))
        request.curl.set(CURLOPT_RESOLVE, list: ["receiver.example:\(receiver.port):127.0.0.1"])
        #expect(try request.perform().status == 200)
        #expect(receiver.requests.count == 1)
    }

    @Test func proxiesOfTheEnvironmentAreIgnored() async throws {
        let (proxy, receiver) = (try Receiver(), try Receiver())
        for name in ["http_proxy", "all_proxy", "ALL_PROXY"] { setenv(name, "http://127.0.0.1:\(proxy.port)", 1) }
        defer { for name in ["http_proxy", "all_proxy", "ALL_PROXY"] { unsetenv(name) } }
        #expect(try await transfer().send(OutgoingRequest("POST", receiver.url)).status == 200)
        #expect(proxy.requests.isEmpty && receiver.requests.count == 1)
    }

    @Test func plainServerBehindHTTPS() async throws {
        let receiver = try Receiver()
        var request = OutgoingRequest("POST", "https://127.0.0.1:\(receiver.port)/")
        request.connectTimeout = 0.5
        // The server waits for the end of a request that never comes.
        #expect(try await failure(transfer(), request) == .timeout)
        #expect(receiver.requests.isEmpty)
    }

    @Test func fullQueueIsAFailure() async throws {
        let receiver = try Receiver { _, _ in .stall }
        let transfer = try transfer {
            $0.threads = 1
            $0.queue = 1
        }
        var request = OutgoingRequest("POST", receiver.url)
        request.timeout = 2
        let slow = request
        let first = Task { try? await transfer.send(slow) }
        #expect(await eventually { transfer.started == 1 })
        let second = Task { try? await transfer.send(slow) }
        #expect(await eventually { transfer.waiting == 1 })
        #expect(try await failure(transfer, request) == .overloaded)
        _ = await (first.value, second.value)
    }
}
