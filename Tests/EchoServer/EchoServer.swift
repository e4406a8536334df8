import Glibc
import Postgres
import Reactor
import Web

/// The server's connections, parser and router, with handlers that report what they received, for public HTTP
/// conformance suites (docs/http-conformance.md) and for `script/bench stream`. Only for tests: it is part of no
/// product.
///
///     echo-server [--port <port>] [--database <url>]
///
/// With a database it has `/copy`. Listens on 127.0.0.1, on a free port by default, prints its address, and ends on
/// SIGTERM or SIGINT.
@main struct EchoServer {
    static func main() {
        // Before there are threads, so that all of them leave the signals to this one.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        guard let options = Options(CommandLine.arguments.dropFirst()) else {
            print("usage: echo-server [--port <port>] [--database <url>]")
            exit(64)
        }
        let server = Task.detached { try await start(options) }
        var signal: Int32 = 0
        sigwait(&signals, &signal)
        Task.detached { exit(try await server.value.shutDown(graceSeconds: 5) ? 0 : 1) }
        while true { pause() }
    }

    private static func start(_ options: Options) async throws -> Server<Echo.Rule, Echo.Caller> {
        do {
            let log = try LogSink()
            let offload = try Offload(name: "offload", threads: 1, limit: 64)
            let database = try options.database.map { Lanes.Configuration(url: try ConnectionURL($0)) }
            var features = Features()
            features.compression = CompressionPolicy(offload: offload)
            let made = features
            let server = try await Server(host: "127.0.0.1", port: options.port, cores: [Core(index: 0)]) { core in
                let lanes = database.map { Lanes($0, offload: offload, on: core) { _ in } }
                return Worker(
                    on: core, router: Router(Echo.routes), limits: ServerLimits(), features: made, log: log,
                    logging: nil, application: Echo(lanes: lanes))
            }
            _ = await server.waitUntilReady(seconds: 10)
            print("listening on http://127.0.0.1:\(server.port)")
            // The reader may be at the other end of a pipe.
            fflush(nil)
            return server
        } catch {
            print(error)
            exit(1)
        }
    }

    private struct Options {
        var port: UInt16 = 0
        var database: String?

        init?(_ arguments: ArraySlice<String>) {
            var rest = arguments
            while let name = rest.popFirst() {
                guard let value = rest.popFirst() else { return nil }
                switch name {
                case "--port":
                    guard let number = UInt16(value) else { return nil }
                    port = number
                case "--database": database = value
                default: return nil
                }
            }
        }
    }
}
