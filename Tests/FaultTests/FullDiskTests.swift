import Glibc
import Postgres
import Testing

/// PostgreSQL's disk is full: a small file system in memory that the test fills. Mounting it needs root.
@Suite(.serialized, .enabled(if: SmallDisk.isPossible, "a file system can be mounted by root alone"))
struct FullDiskTests {
    @Test func writesAreRefusedReadsGoOnAndSpaceHeals() throws {
        let disk = try SmallDisk(megabytes: 8)
        let database = try PrivatePostgres()
        // The histories are on the small disk.
        let superuser = try database.superuser()
        try superuser.query("CREATE TABLESPACE small LOCATION '\(disk.path)'")
        try superuser.query("ALTER TABLE idempotency_keys SET TABLESPACE small")
        try superuser.query("ALTER TABLE mark_history SET TABLESPACE small")
        let server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        let load = try Load(on: server, try FaultSchool(database), in: database)
        try load.waitForMore(30, seconds: 60)

        try disk.fill()
        // Writes still succeed in pages that have room, until those are full.
        try eventually("writes are refused", seconds: 60) { load.tally.count("503 database_unavailable") > 20 }
        let reader = server.client()
        reader.token = try server.signIn("teacher")
        #expect(try reader.send("GET", try FaultSchool(database).journal).status == 200)
        #expect(try server.client().send("GET", "/readyz").status == 200)
        #expect(load.tally.count("503 outcome_unknown") == 0)

        disk.free()
        try load.waitForMore(50, seconds: 60)
        try load.finish(database)
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        print(load.tally.description)
    }

    @Test func withoutRoomForTheLogItCrashesAndComesBack() throws {
        let disk = try SmallDisk(megabytes: 128)
        let database = try PrivatePostgres(settings: ["max_wal_size=64MB", "min_wal_size=32MB"]) { home in
            try Premises.run(
                "cp -a $1/data/pg_wal/. $2/; rm -rf $1/data/pg_wal; ln -s $2 $1/data/pg_wal", [home, disk.path])
        }
        let server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        let load = try Load(on: server, try FaultSchool(database), in: database)
        try load.waitForMore(30, seconds: 60)

        try disk.fill()
        // Segments made in advance are used up first.
        try eventually("PostgreSQL crashes", seconds: 60) {
            guard let superuser = try? database.superuser() else { return true }
            return (try? superuser.query("SELECT pg_switch_wal() FROM (SELECT txid_current()) t")) == nil
        }
        try eventually("/readyz is 503", seconds: 20) {
            try server.client().send("GET", "/readyz").status == 503
        }
        #expect(database.log.contains("No space left on device"))

        disk.free()
        // Recovery may also have failed for lack of space.
        try eventually("PostgreSQL is back", seconds: 60) {
            if (try? database.superuser()) != nil { return true }
            if !database.isRunning { try? database.start() }
            return false
        }
        try server.waitUntilReady(seconds: 20)
        try load.waitForMore(50, seconds: 60)
        try load.finish(database)
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        print(load.tally.description)
    }
}
