import Foundation
import Postgres
import TestSupport
import Testing

/// `lyceum changes`, run as a process against a database.
@Suite struct ChangesCommandTests {
    private let database: TestDatabase
    private let owner: BlockingConnection

    init() throws {
        database = try TestDatabase(.migrated)
        owner = try BlockingConnection(url: database.ownerURL)
    }

    @Test func statusShowsThePartitions() throws {
        let outcome = try Executable.run(["changes", "status", "--json"], owner: database)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let partitions = try #require(outcome.json["partitions"] as? [[String: Any]])
        #expect(partitions.count == 2)
        #expect(partitions[0]["upper"] as? String == partitions[1]["lower"] as? String)
        #expect(outcome.json["epoch"] as? String == (try owner.query("SELECT lyceum.change_epoch()").first))
        #expect(outcome.json["keep"] as? Int == 60)
        let text = try Executable.run(["changes", "status"], owner: database)
        #expect(text.status == 0 && text.output.contains("FROM"))
    }

    /// A partition exists before its first transaction, so the time at which it was added says nothing.
    @Test func cursorsAreGoodSinceTheFirstChange() throws {
        try owner.execute(
            """
            UPDATE lyceum.change_partitions SET made_at = now() - interval '9 days';
            INSERT INTO schools (code, name) VALUES ('first', 'Первая');
            UPDATE schools SET name = 'Первая школа';
            """)
        let outcome = try Executable.run(["changes", "status", "--json"], owner: database)
        let since = try #require(outcome.json["good_since"] as? String, "\(outcome.errors)")
        #expect(
            try owner.query("SELECT $1::timestamptz BETWEEN now() - interval '5 minutes' AND now()", [since]).first
                == "t")
    }

    /// The server's role may call the function, and cannot empty the log.
    @Test func tendKeepsADay() throws {
        try owner.execute(
            "UPDATE lyceum.change_partitions SET filled_at = now() - interval '23 hours' WHERE upper IS NOT NULL")
        #expect(try owner.query("SELECT lyceum.tend_changes('-1 day')").first == "0")
    }

    @Test func tendDropsAnOldPartition() throws {
        let none = try Executable.run(["changes", "tend", "--json"], owner: database)
        #expect(none.status == 0 && none.json["dropped"] as? Int == 0, "\(none.errors)")
        try owner.execute(
            """
            UPDATE lyceum.change_partitions SET filled_at = now() - interval '61 days'
            WHERE lower = (SELECT min(lower) FROM lyceum.change_partitions)
            """)
        let one = try Executable.run(["changes", "tend"], owner: database)
        #expect(one.status == 0 && one.output == "Partitions dropped: 1.\n", "\(one.errors)")
    }

    @Test func anUnknownOptionIsRefused() throws {
        let outcome = try Executable.run(["changes", "status", "--nothing"], owner: database)
        #expect(outcome.status == 64)
    }
}
