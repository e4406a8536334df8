import Diary
import Postgres
import Reactor
import TestTools
import Web

/// The background work of one process, on its own core.
package final class BackgroundLoop: Sendable {
    package let core: Core
    package let background: CoreLocal<Background>
    private let log: LogSink

    package init(_ configuration: Background.Configuration, _ url: String, _ log: LogSink) throws {
        core = try Core(index: Int.random(in: 1...1_000_000))
        self.log = log
        let resolver = try Offload(name: "resolver", threads: 1, limit: 16)
        let database = try ConnectionURL(url)
        background = CoreLocal(core) { core in
            Background(configuration, database: database, resolver: resolver, log: log, on: core) { _ in }
        }
    }

    package var isIdle: Bool { get async { await background.read { background, _ in background.isIdle } } }

    /// The sum of a metric's samples with these labels.
    package func value(_ name: String, _ labels: [String: String] = [:]) async -> Double {
        let families = await background.read { background, _ in background.families }
        return families.filter { $0.name == name }.flatMap { $0.samples }.filter { sample in
            labels.allSatisfy { sample.labels.contains("\($0.key)=\"\($0.value)\"") }
        }.reduce(0) { $0 + $1.value }
    }

    package func end() async {
        await background.read { background, _ in background.close() }
        _ = await eventually { await self.isIdle }
        log.flush()
        core.stop()
    }
}
