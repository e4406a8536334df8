import ArgumentParser
import DiaryServer
import Glibc

@main struct Lyceum: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lyceum",
        abstract: "The server of the electronic diary, and its tools.",
        discussion: """
            A setting is taken from its flag, else from the environment (LYCEUM_…), else from a JSON file (--config or \
            LYCEUM_CONFIG), else it has its default; `lyceum config` shows them all. Secrets are never given as flags.

            EXAMPLES:
              lyceum migrate up
              lyceum school create lyceum29 --name 'Лицей № 29' --time-zone Asia/Yekaterinburg --template ru
              lyceum serve
              lyceum help user create

            EXIT CODES:
              0    done
              1    something is not up to date (migrate status, openapi check), or an unexpected error
              2    refused: the files, the database or the answer to a question don't allow it
              3    the database can't be reached, or a statement failed
              64   wrong use of the command line
              78   a setting is missing or wrong
              130  stopped by SIGINT (Ctrl-C), 143 by SIGTERM; the server ends with 0
            """,
        version: Program.version,
        subcommands: [
            ServeCommand.self,
            MigrateCommand.self,
            SchoolCommand.self,
            UserCommand.self,
            ChangesCommand.self,
            ImportCommand.self,
            ExportCommand.self,
            KeysCommand.self,
            RoutesCommand.self,
            OpenAPICommand.self,
            DemoCommand.self,
            ConfigCommand.self,
        ])

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let unknown = UnknownCommand(arguments, of: self) { refuse(unknown.description) }
        do {
            _ = try await asyncParseAsRoot(arguments)
        } catch {
            // The parser reports a misspelt option only when nothing else is missing.
            if exitCode(for: error) == Exit.usage, let unknown = UnknownOption(arguments, of: self) {
                refuse(unknown.description)
            }
        }
        await main(arguments)
    }

    private static func refuse(_ text: String) -> Never {
        _ = write(STDERR_FILENO, text, text.utf8.count)
        Glibc.exit(Exit.usage.rawValue)
    }
}
