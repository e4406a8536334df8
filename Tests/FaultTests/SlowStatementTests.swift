import Diary
import JSON
import Postgres
import TestSupport
import Testing

/// Statements that take too long end alone; requests that share their connection are answered correctly.
@Suite(.serialized) struct SlowStatementTests {
    let database: PrivatePostgres
    let server: LyceumServer
    let slow: FaultSchool
    let token: String

    init() throws {
        database = try PrivatePostgres()
        server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        slow = try FaultSchool(database, section: 1)
        token = try server.signIn("teacher")
    }

    private func write(_ comment: String, _ index: Int, key: String? = nil) -> (
        status: Int, code: String?, text: String
    ) {
        let client = server.client()
        client.token = token
        let version = (try? version(slow.students[index])) ?? 0
        let answer = try? client.send(
            "PATCH", slow.journal, fields: key.map { [("Idempotency-Key", $0)] } ?? [],
            json: """
                {"marks": [{"lesson_id": "\(slow.lessons[0].id)", "student_id": "\(slow.students[index])",
                  "version": \(version), "value": {"kind": "number", "number": 5}, "comment": "\(comment)"}]}
                """)
        guard let answer else { return (0, nil, "no answer") }
        return (answer.status, answer.code, answer.text)
    }

    private func version(_ student: String) throws -> Int {
        try database.owner().query(
            """
            SELECT m.version FROM line_items i
            JOIN marks m ON m.school_id = i.school_id AND m.line_item_id = i.id AND m.student_id = $2
            WHERE i.lesson_id = $1 AND i.is_default AND i.deleted_at IS NULL
            """, [slow.lessons[0].id, student]
        ).first.flatMap { Int($0) } ?? 0
    }

    @Test func onlyTheWriteThatWaitsForALockFails() throws {
        let load = try Load(on: server, try FaultSchool(database), in: database)
        try load.waitForMore(20, seconds: 60)
        let holder = try database.owner()
        try holder.execute("BEGIN; SELECT FROM sections WHERE id = '\(slow.section)' FOR UPDATE")
        // More than there are write connections, so that part of the load queues behind each.
        let waiting = (0..<6).map { index in
            let slow = self
            return WorkThread { slow.write("waits", 0, key: index % 3 == 0 ? "waits-\(index)" : nil) }
        }
        for thread in waiting {
            let answer = thread.join()
            #expect(answer.status == 503, "\(answer)")
            #expect(["timeout", "write_contention"].contains(answer.code), "\(answer)")
        }
        try holder.execute("ROLLBACK")
        let after = write("no longer waits", 0)
        #expect(after.status == 200, "\(after)")
        try load.waitForMore(20, seconds: 60)
        try load.finish(database)
        #expect(load.tally.harmed == 0, "\(load.tally.description)")
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
    }

    @Test func aStatementThatRunsTooLongIsRolledBackAlone() throws {
        try database.owner().execute(
            """
            CREATE FUNCTION public.be_slow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
            CREATE TRIGGER be_slow BEFORE INSERT OR UPDATE ON marks FOR EACH ROW WHEN (NEW.comment = 'slow')
                EXECUTE FUNCTION public.be_slow();
            """)
        let load = try Load(on: server, try FaultSchool(database), in: database)
        try load.waitForMore(20, seconds: 60)
        for key in [nil, "slow"] {
            let before = try version(slow.students[1])
            let answer = write("slow", 1, key: key)
            #expect(answer.status == 503 && answer.code == "timeout", "\(answer)")
            #expect(try version(slow.students[1]) == before)
        }
        try load.waitForMore(20, seconds: 60)
        try load.finish(database)
        #expect(load.tally.harmed == 0, "\(load.tally.description)")
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
    }
}
