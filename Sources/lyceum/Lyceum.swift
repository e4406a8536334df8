import ArgumentParser

@main struct Lyceum: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The e-diary server and its tools.",
        discussion: """
            Settings come from a flag, else from the environment (LYCEUM_…), else from a JSON file (--config or \
            LYCEUM_CONFIG), else from a default; `lyceum config` shows which. Secrets are never given as flags.

            EXIT CODES:
              0   done
              1   something is pending (migrate status), or an unexpected error
              2   refused: files, database or answer don't allow it
              3   the database can't be reached, or a statement failed
              64  wrong use of the command line
              78  a setting is missing or wrong
            """,
        subcommands: [
            ServeCommand.self,
            MigrateCommand.self,
            SchoolCommand.self,
            UserCommand.self,
            ChangesCommand.self,
            ImportCommand.self,
            KeysCommand.self,
            RoutesCommand.self,
            OpenAPICommand.self,
            DemoCommand.self,
            ConfigCommand.self,
        ])
}
