import ArgumentParser
import Postgres

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Print the settings in effect, and where each comes from.",
        discussion: """
            Secrets are masked. The setting `listen.port` is LYCEUM_LISTEN_PORT in the environment and \
            {"listen": {"port": 8080}} in the JSON file. Other variables that begin with LYCEUM_ are reported \
            on standard error.

            EXAMPLES:
              lyceum config
              lyceum config --config /etc/lyceum.json --port 80 --json

            EXIT CODES: 0 printed, 64 wrong use of the command line, 78 a setting is wrong
            """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var listen: ListenOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        try await reportingErrors {
            let settings = try await listen.load(settings)
            let entries = settings.entries
            let connections = settings.databaseConnections
            if json {
                try printJSON(Report(settings: entries, databaseConnections: connections))
            } else {
                printTable(entries.map { [$0.key, $0.value ?? "-", $0.origin] })
                print(
                    """
                    Each process keeps \(connections) connections to PostgreSQL: \(settings.pool.connections) per core, and \
                    \(settings.runsBackground ? settings.backgroundConcurrency : 0) for background work.
                    """
                )
            }
        }
    }

    private struct Report: Encodable {
        let settings: [Settings.Entry]
        /// The connections of one process, for comparison with `max_connections`.
        let databaseConnections: Int

        enum CodingKeys: String, CodingKey {
            case settings
            case databaseConnections = "database_connections"
        }
    }
}
