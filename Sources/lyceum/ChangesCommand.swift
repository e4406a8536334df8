import ArgumentParser
import Postgres

struct ChangesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "changes",
        abstract: "Show and maintain the log of changes, which the feeds read.",
        discussion: """
            Connects as the owner (LYCEUM_OWNER_DATABASE_URL), to a database that `lyceum migrate up` has brought to \
            this program's schema. The log is kept for changes.keep days (LYCEUM_CHANGES_KEEP); the background work of \
            `lyceum serve` maintains it every hour.

            EXAMPLES:
              lyceum changes status
              lyceum changes tend

            EXIT CODES:
              0   done
              2   refused: the schema is not this program's
              3   the database can't be reached, or a statement failed
              64  wrong use of the command line
              78  a setting is missing or wrong
            """,
        subcommands: [Status.self, Tend.self])
}

extension ChangesCommand {
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the partitions of the log.",
            discussion: """
                A partition contains the changes of a range of transactions, FROM to TO. MADE is when it was added, \
                usually before its first transaction; FILLED is when its last transaction had begun. ROWS is an estimate \
                of PostgreSQL. A cursor has expired if it is of another epoch, from before "good since", or needs \
                transactions from before the first partition.

                EXAMPLES:
                  lyceum changes status
                  lyceum changes status --json

                EXIT CODES: 0 printed, 2 the schema is not this program's, 3 no database, 64 wrong use of the command \
                line, 78 a setting is missing or wrong
                """)

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var settings: SettingsOptions

        func run() async throws {
            try await reportingErrors {
                let settings = try await settings.load()
                let status = try ChangeLogStatus(settings.ownerConnection(), days: settings.changeDays)
                if json { return try printJSON(status) }
                print("Epoch \(status.epoch), kept for \(status.keep) days, good since \(status.goodSince).\n")
                printTable(
                    [["FROM", "TO", "MADE", "FILLED", "ROWS", "BYTES"]]
                        + status.partitions.map {
                            [
                                $0.lower, $0.upper ?? "-", $0.madeAt, $0.filledAt ?? "-", String($0.rows),
                                String($0.bytes),
                            ]
                        })
            }
        }
    }

    struct Tend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add the next partition of the log and drop old ones.",
            discussion: """
                Does what background work does every hour, for deployments that run none (background.enabled). It adds \
                a partition before it is needed, and drops those whose last transaction began longer than changes.keep \
                days ago. After a restore into another cluster, it begins the log anew and gives old notifications low \
                transaction numbers. It does nothing while another process does the same.

                EXAMPLES:
                  lyceum changes tend
                  LYCEUM_CHANGES_KEEP=30 lyceum changes tend --json

                EXIT CODES: 0 done, also when there was nothing to do, 2 the schema is not this program's, 3 the \
                database can't be reached, or a statement failed, 64 wrong use of the command line, 78 a setting is \
                missing or wrong
                """)

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var settings: SettingsOptions

        func run() async throws {
            try await reportingErrors {
                let settings = try await settings.load()
                let owner = try settings.ownerConnection()
                // Writers of the log queue behind a statement that waits for its lock.
                try owner.execute("SET lock_timeout = '5s'")
                let dropped =
                    Int(
                        try owner.query(
                            "SELECT lyceum.tend_changes(make_interval(days => $1::int))", [String(settings.changeDays)]
                        ).first ?? "") ?? 0
                while try owner.query("SELECT lyceum.renumber_notifications(10000)").first == "10000" {}
                if json { return try printJSON(["dropped": dropped]) }
                print("Partitions dropped: \(dropped).")
            }
        }
    }
}

/// What `lyceum changes status` prints.
private struct ChangeLogStatus: Encodable {
    struct Partition: Encodable {
        let lower: String
        let upper: String?
        let madeAt: String
        let filledAt: String?
        let rows: Int
        let bytes: Int

        enum CodingKeys: String, CodingKey {
            case lower, upper, rows, bytes
            case madeAt = "made_at"
            case filledAt = "filled_at"
        }
    }

    let epoch: String
    let keep: Int
    let goodSince: String
    let partitions: [Partition]

    enum CodingKeys: String, CodingKey {
        case epoch, keep, partitions
        case goodSince = "good_since"
    }

    init(_ owner: BlockingConnection, days: Int) throws {
        epoch = try owner.query("SELECT lyceum.change_epoch()").first ?? ""
        keep = days
        partitions = try owner.query(
            """
            SELECT p.lower, p.upper, \(Self.moment("p.made_at")), \(Self.moment("p.filled_at")),
                greatest(c.reltuples::bigint, pg_stat_get_live_tuples(c.oid), 0), pg_total_relation_size(c.oid)
            FROM lyceum.change_partitions p
            JOIN pg_class c ON c.oid = to_regclass('partitions.changes_' || p.lower)
            ORDER BY p.lower
            """
        ).rows.map { row in
            Partition(
                lower: row[0] ?? "", upper: row[1], madeAt: row[2] ?? "", filledAt: row[3],
                rows: Int(row[4] ?? "") ?? 0, bytes: Int(row[5] ?? "") ?? 0)
        }
        // A partition is added before its first transaction begins.
        goodSince = try Self.firstChange(owner, partitions) ?? owner.query("SELECT \(Self.moment("now()"))").first ?? ""
    }

    /// The partitions are read one by one: row-level security hides the rows of the whole table.
    private static func firstChange(_ owner: BlockingConnection, _ partitions: [Partition]) throws -> String? {
        for partition in partitions {
            let first = try owner.query(
                "SELECT \(moment("min(changed_at)")) FROM partitions.changes_\(partition.lower)"
            ).first
            if let first { return first }
        }
        return nil
    }

    private static func moment(_ column: String) -> String {
        "to_char(\(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    }
}
