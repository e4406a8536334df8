import HTTP1
import Reactor

/// Sends HTTP requests to servers of others, and mails to the mail server of the operator. The transfers run on threads
/// of their own with a bounded queue: name look-up and libcurl block (docs/decisions/0060).
package final class Transfer: Sendable {
    package struct Configuration: Sendable {
        /// Networks that requests may reach although their addresses are not public.
        package var allowedNetworks: [AddressBlock] = []
        /// Whether requests may use `http`.
        package var allowsPlainHTTP = false
        /// The path of a PEM file with the certificate authorities to trust instead of the system's.
        package var authorities: String?
        /// How many transfers run at a time, and how many may wait.
        package var threads = 16
        package var queue = 256

        package init() {}
    }

    private let configuration: Configuration
    private let guarded: AddressGuard
    private let threads: Offload

    package init(_ configuration: Configuration = Configuration()) throws {
        self.configuration = configuration
        guarded = AddressGuard(allowing: configuration.allowedNetworks)
        threads = try Offload(name: "transfers", threads: configuration.threads, limit: configuration.queue)
    }

    /// Why the server would not send to this URL, as far as its text tells; nil if it would try.
    package func fault(in url: String) -> URLFault? {
        guard let parts = URLParts(url) else { return .invalid }
        guard parts.scheme == "https" || parts.scheme == "http" && configuration.allowsPlainHTTP else { return .scheme }
        if parts.hasCredentials { return .credentials }
        return guarded.admits(host: parts.host) ? nil : .forbiddenAddress
    }

    /// Sends one request, without redirects and without a proxy, and returns the answer, whatever its status is.
    ///
    /// - Parameter end: the moment, by `Clock.now`, at which it fails with `timeout` at the latest, also while it waits for
    ///   a thread.
    package func send(
        _ request: OutgoingRequest, before end: UInt64 = .max
    ) async throws(TransferFailure) -> OutgoingRequest.Answer {
        switch fault(in: request.url) {
        case nil: break
        case .forbiddenAddress: throw TransferFailure(.forbiddenAddress)
        default: throw TransferFailure(.invalidURL)
        }
        return try await run { [configuration, guarded] in
            try CurlRequest(request, configuration, guarded, left: try Self.seconds(until: end)).perform()
        }
    }

    /// Hands one mail over to a mail server. Its address comes from the configuration, so every address is admitted.
    ///
    /// - Parameter end: as for a request.
    package func send(_ mail: OutgoingMail, before end: UInt64 = .max) async throws(TransferFailure) {
        try await run { [configuration] in
            try CurlMail(mail, configuration, left: try Self.seconds(until: end)).perform()
        }
    }

    /// Transfers that wait for a thread, and those begun so far.
    package var waiting: Int { threads.waiting }
    package var started: Int { threads.started }

    private static func seconds(until end: UInt64) throws(TransferFailure) -> Double {
        let now = Clock.now
        guard now < end else { throw TransferFailure(.timeout) }
        return Double(end - now) / 1e9
    }

    private func run<Value: Sendable>(
        _ transfer: @escaping @Sendable () throws -> Value
    ) async throws(TransferFailure) -> Value {
        do {
            return try await threads.run(transfer)
        } catch let failure as TransferFailure {
            throw failure
        } catch {
            throw TransferFailure(.overloaded)
        }
    }
}
