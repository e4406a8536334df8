import ArgumentParser

/// `lyceum export`: the tables of a school as files.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a school's records to files.",
        discussion: """
            Without a subcommand it writes tables: `lyceum export --school lyceum29 --directory DIRECTORY`, see `lyceum export \
            tables --help`. `archive` writes a year of a school for keeping, and `verify` checks such an archive.

            EXAMPLES:
              lyceum export --school lyceum29 --directory /var/backups/lyceum29
              lyceum export marks finals --school lyceum29 --directory marks --format ndjson
              lyceum export archive --school lyceum29 --year 2025 --directory /var/archives/lyceum29-2025
              lyceum export verify /var/archives/lyceum29-2025

            EXIT CODES: 0 written, 2 refused or a file can't be written, 3 no database, 64 wrong use of the command \
            line, 78 a setting is missing or wrong, 130 and 143 stopped by a signal
            """,
        subcommands: [ExportTablesCommand.self, ExportArchiveCommand.self, ExportVerifyCommand.self],
        defaultSubcommand: ExportTablesCommand.self)
}
