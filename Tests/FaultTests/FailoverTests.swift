import Postgres
import Testing

/// The primary dies and its standby takes over, with one URL for both.
@Suite(.serialized) struct FailoverTests {
    @Test func theServerGoesOnWithThePromotedStandby() throws {
        let primary = try PrivatePostgres(listens: true)
        let standby = try PrivatePostgres(standbyOf: primary)
        // Only data that the standby has is acknowledged.
        let superuser = try primary.superuser()
        try superuser.query("ALTER SYSTEM SET synchronous_standby_names = '*'")
        try superuser.query("SELECT pg_reload_conf()")
        try eventually("the standby follows", seconds: 20) {
            try superuser.query("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'").first == "1"
        }

        var url = try ConnectionURL(primary.serverURLOverTCP)
        url["host"] = "127.0.0.1,127.0.0.1"
        url["port"] = "\(standby.port),\(primary.port)"
        url["target_session_attrs"] = "read-write"
        let server = try LyceumServer(url.text)
        try server.waitUntilReady(seconds: 20)
        let load = try Load(on: server, try FaultSchool(primary), in: primary)
        try load.waitForMore(50, seconds: 60)

        try primary.stop(.immediate)
        let refused = load.tally.unavailable
        try eventually("requests are refused", seconds: 10) { load.tally.unavailable > refused + 10 }
        #expect(try server.client().send("GET", "/readyz").status == 503)
        try standby.promote()
        try server.waitUntilReady(seconds: 20)
        try load.waitForMore(50, seconds: 60)
        try load.finish(standby)
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        print(load.tally.description)
    }
}
