import Glibc
import Reactor
import Web

/// The server's connections, parser and router with handlers that say what they were sent, for public HTTP conformance
/// suites (docs/http-conformance.md). For tests only: it is part of no product.
///
///     echo-server [--port <port>]
///
/// Listens on 127.0.0.1, on a free port unless told, prints its address and ends on SIGTERM or SIGINT.
@main struct EchoServer {
    static func main() {
        // Before there are threads, so that all of them leave the signals to this one.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        guard let port = port(CommandLine.arguments.dropFirst()) else {
            print("usage: echo-server [--port <port>]")
            exit(64)
        }
        let server = Task.detached { try await start(port) }
        var signal: Int32 = 0
        sigwait(&signals, &signal)
        Task.detached { exit(try await server.value.shutDown(graceSeconds: 5) ? 0 : 1) }
        while true { pause() }
    }

    private static func start(_ port: UInt16) async throws -> Server<Echo.Rule, Echo.Caller> {
        do {
            let log = try LogSink()
            let server = try await Server(host: "127.0.0.1", port: port, cores: [Core(index: 0)]) { core in
                Worker(
                    on: core, router: Router(Echo.routes), limits: ServerLimits(), log: log, logsRequests: false,
                    application: Echo())
            }
            print("listening on http://127.0.0.1:\(server.port)")
            // Whoever reads it may be behind a pipe.
            fflush(nil)
            return server
        } catch {
            print(error)
            exit(1)
        }
    }

    private static func port(_ arguments: ArraySlice<String>) -> UInt16? {
        if arguments.isEmpty { return 0 }
        guard arguments.count == 2, arguments.first == "--port" else { return nil }
        return arguments.last.flatMap { UInt16($0) }
    }
}
