import Glibc
import Postgres
import Reactor
import Testing

/// A process that dies or stalls while it does background work that others share.
///
/// The work is real: the deletion of old sign-in attempts, one piece for each of 1,000 schools. A trigger on the
/// statement counts how often it ran and committed, because deleting twice would look like deleting once.
@Suite(.serialized) struct BackgroundFaultTests {
    private static let schools = 1000
    private static let kind = "forget_sign_in_failures"

    @Test func eachPieceIsDoneOnceWhileOneOfTwoProcessesIsKilled() throws {
        let database = try PrivatePostgres()
        let owner = try prepare(database)
        // If a piece ended in another transaction than its effect, the process would usually die between the two.
        try slowDown(database, when: "NEW.lease IS NULL", seconds: 0.012)
        let killed = try server(database)
        let survivor = try server(database)
        for part in 1...3 {
            try eventually("\(part) quarters are done", seconds: 60) {
                try count("effects", owner) > Self.schools * part / 4
            }
            try killed.kill()
            let done = try count("effects", owner)
            #expect(done < Self.schools)
            print("killed after \(done) of \(Self.schools)")
            if part < 3 { try killed.start() }
        }
        try eventually("all is done", seconds: 60) { try isAllDone(owner) }
        try expectEachOnce(owner)
        try end(survivor)
    }

    /// When it resumes, others have done the work that it had taken, and it does not know.
    @Test func piecesOfAStalledProcessAreNotDoneTwice() throws {
        let database = try PrivatePostgres()
        let owner = try prepare(database)
        // The commit that takes a piece is slow. The process is stopped there, with a lease that it will believe in.
        try slowDown(
            database, "DEFERRABLE INITIALLY DEFERRED", when: "NEW.lease IS NOT NULL", seconds: 0.3)
        let stopped = try server(database)
        let superuser = try database.superuser()
        try eventually("it takes a piece", seconds: 30) {
            try superuser.query(
                "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'PgSleep'"
            ).first != "0"
        }
        stopped.signal(SIGSTOP)
        defer { stopped.signal(SIGCONT) }
        let taken = "pending WHERE lease IS NOT NULL AND kind = '\(Self.kind)'"
        try eventually("its backend has committed", seconds: 10) { try count(taken, owner) > 0 }
        let held = try count(taken, owner)
        try superuser.execute("DROP TRIGGER slow ON pending")
        // The lease ends. If the test waited for that, the process would notice by its own clock that it is too late.
        try owner.execute("UPDATE pending SET due_at = now() - interval '1 day' WHERE lease IS NOT NULL")
        let other = try server(database)
        try eventually("the other has done them", seconds: 9) { try count("effects", owner) >= held }
        stopped.signal(SIGCONT)
        try eventually("all is done", seconds: 60) { try isAllDone(owner) }
        try end(stopped)
        try end(other)
        try expectEachOnce(owner)
        #expect(
            stopped.log.split(separator: "\n").count { $0.contains("was taken by another process") } == held,
            "\(stopped.log)")
        print("\(held) pieces were taken by the process that stood still")
    }

    @Test func sigtermLetsAPieceFinishAndTakesNoOther() throws {
        let database = try PrivatePostgres()
        let owner = try prepare(database, pause: 1)
        let server = try server(database)
        let superuser = try database.superuser()
        try eventually("two pieces run", seconds: 30) {
            try superuser.query("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'").first == "2"
        }
        let before = try count("effects", owner)
        try end(server)
        #expect(try count("effects", owner) == before + 2)
        #expect(try count("pending WHERE lease IS NOT NULL", owner) == 0)
    }

    @Test func afterTheGraceAPieceIsRolledBack() throws {
        let database = try PrivatePostgres()
        let owner = try prepare(database, pause: 8)
        let server = try server(database, grace: 1)
        let superuser = try database.superuser()
        try eventually("two pieces run", seconds: 30) {
            try superuser.query("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'").first == "2"
        }
        server.signal(SIGTERM)
        #expect(try server.end(seconds: 6) == 0)
        #expect(server.log.contains("\"clean\":\"false\""), "\(server.log)")
        try eventually("their backends are gone", seconds: 20) {
            try superuser.query("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'").first == "0"
        }
        #expect(try count("effects", owner) == 0)
        #expect(try count("pending WHERE lease IS NOT NULL AND due_at < now() + interval '15 seconds'", owner) == 2)
    }

    // MARK: -

    /// - Parameter pause: the seconds that each piece takes at least.
    private func prepare(_ database: PrivatePostgres, pause: Double = 0) throws -> BlockingConnection {
        let owner = try database.owner()
        try owner.execute(
            """
            INSERT INTO schools (code, name) SELECT 'school-' || n, 'School' FROM generate_series(1, \(Self.schools - 1)) n;
            INSERT INTO sign_in_failures (school_id, login, address, failed_at)
                SELECT id, 'x', '10.0.0.1', now() - interval '1 hour' FROM schools;
            INSERT INTO pending (school_id, kind, due_at) SELECT id, '\(Self.kind)', now() FROM schools;
            CREATE TABLE effects (school integer NOT NULL);
            GRANT INSERT ON effects TO lyceum_app;
            CREATE FUNCTION count_effect() RETURNS trigger LANGUAGE plpgsql AS $$ begin
                perform pg_sleep(\(pause));
                insert into effects values (lyceum.current_school());
                return null;
            end $$;
            CREATE TRIGGER count_effect AFTER DELETE ON sign_in_failures EXECUTE FUNCTION count_effect();
            """)
        return owner
    }

    /// Slows down a change of a piece, or its commit.
    private func slowDown(
        _ database: PrivatePostgres, _ deferral: String = "", when condition: String, seconds: Double
    ) throws {
        try database.superuser().execute(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                $$ begin perform pg_sleep(\(seconds)); return null; end $$;
            CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON pending \(deferral)
                FOR EACH ROW WHEN (\(condition)) EXECUTE FUNCTION slow();
            """)
    }

    private func server(_ database: PrivatePostgres, grace: Int = 10) throws -> LyceumServer {
        try LyceumServer(database.serverURL, grace: grace, environment: ["LYCEUM_BACKGROUND_RHYTHM=1"])
    }

    private func count(_ what: String, _ owner: BlockingConnection) throws -> Int {
        Int(try owner.query("SELECT count(*) FROM \(what)").first!)!
    }

    private func isAllDone(_ owner: BlockingConnection) throws -> Bool {
        try count("pending WHERE kind = '\(Self.kind)' AND lease IS NULL AND attempts = 0 AND due_at > now()", owner)
            == Self.schools
    }

    private func expectEachOnce(_ owner: BlockingConnection) throws {
        let twice = try owner.query(
            "SELECT school, count(*) FROM effects GROUP BY school HAVING count(*) <> 1"
        ).rows
        #expect(twice == [], "pieces that were done more than once")
        #expect(try count("effects", owner) == Self.schools)
        #expect(try count("sign_in_failures", owner) == 0)
    }

    private func end(_ server: LyceumServer) throws {
        server.signal(SIGTERM)
        #expect(try server.end(seconds: 12) == 0)
        #expect(server.log.contains("\"clean\":\"true\""), "\(server.log)")
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
    }
}
