import Diary
import JSON
import Postgres
import Testing

/// The connection to PostgreSQL fails at a certain point of a write: what the client learns, and what a repeat finds.
@Suite(.serialized) struct OutcomeTests {
    let database: PrivatePostgres
    let proxy: FaultProxy
    let server: LyceumServer
    let school: FaultSchool
    let client: HTTPClient
    let cell: FaultSchool.Cell

    init() throws {
        database = try PrivatePostgres(listens: true)
        proxy = try FaultProxy(to: database.port)
        var url = try ConnectionURL(database.serverURLOverTCP)
        url["port"] = "\(proxy.port)"
        server = try LyceumServer(url.text)
        try server.waitUntilReady(seconds: 20)
        school = try FaultSchool(database)
        client = server.client()
        client.token = try server.signIn("teacher")
        cell = FaultSchool.Cell(lesson: school.lessons[0].id, student: school.students[0])
    }

    /// The mark's version and comment, and the number of rows in its history.
    private func mark() throws -> (version: Int, comment: String?, history: Int) {
        let row = try database.owner().query(
            """
            SELECT m.version, m.comment, (SELECT count(*) FROM mark_history h WHERE h.mark_id = m.id)
            FROM line_items i
            JOIN marks m ON m.school_id = i.school_id AND m.line_item_id = i.id AND m.student_id = $2
            WHERE i.lesson_id = $1 AND i.is_default AND i.deleted_at IS NULL
            """, [cell.lesson, cell.student]
        ).rows.first
        return row.map { (Int($0[0]!)!, $0[1], Int($0[2]!)!) } ?? (0, nil, 0)
    }

    private func write(_ comment: String, version: Int, key: String?) throws -> HTTPClient.Answer {
        try client.send(
            "PATCH", school.journal, fields: key.map { [("Idempotency-Key", $0)] } ?? [],
            json: """
                {"marks": [{"lesson_id": "\(cell.lesson)", "student_id": "\(cell.student)", "version": \(version),
                            "value": {"kind": "number", "number": 4}, "comment": "\(comment)"}]}
                """)
    }

    @Test(arguments: [true, false])
    func aConnectionLostAfterTheCommitHasAnUnknownOutcomeThatARepeatFindsDone(_ usesKey: Bool) throws {
        let key = usesKey ? "after" : nil
        let before = try mark()
        proxy.order(.cutAfter, at: "lost after")
        let lost = try write("lost after", version: before.version, key: key)
        #expect(proxy.fired == 1)
        #expect(lost.status == 503 && lost.code == "outcome_unknown", "\(lost.text)")
        #expect(lost.retryAfter != nil)
        #expect(try mark() == (before.version + 1, "lost after", before.history + 1))

        try server.waitUntilReady(seconds: 20)
        let again = try write("lost after", version: before.version, key: key)
        #expect(again.status == 200, "\(again.text)")
        #expect(again.json["marks"]?.array.first?["version"]?.int == before.version + 1)
        #expect((again.fields["idempotency-replayed"] == "true") == usesKey)
        if !usesKey { #expect(again.json["marks"]?.array.first?["status"]?.string == "unchanged") }
        #expect(try mark() == (before.version + 1, "lost after", before.history + 1))
    }

    @Test(arguments: [true, false])
    func aConnectionLostBeforeTheCommitLeavesNothingAndARepeatDoesIt(_ usesKey: Bool) throws {
        let key = usesKey ? "before" : nil
        let before = try mark()
        proxy.order(.cutBefore, at: "lost before")
        let lost = try write("lost before", version: before.version, key: key)
        #expect(proxy.fired == 1)
        #expect(lost.status == 503, "\(lost.text)")
        #expect(["outcome_unknown", "database_unavailable"].contains(lost.code))
        #expect(lost.retryAfter != nil)
        #expect(try mark() == before)

        try server.waitUntilReady(seconds: 20)
        let again = try eventually("the key is free again", seconds: 5) {
            let again = try write("lost before", version: before.version, key: key)
            return again.code == "idempotency_in_progress" ? nil : again
        }!
        #expect(again.status == 200, "\(again.text)")
        #expect(again.fields["idempotency-replayed"] == nil)
        #expect(again.json["marks"]?.array.first?["status"]?.string == "applied")
        #expect(try mark() == (before.version + 1, "lost before", before.history + 1))
    }

    @Test(.enabled(if: Long.isOn, "takes half a minute: script/test --long"), arguments: [true, false])
    func aNetworkThatDropsEverythingEndsInBoundedTime(_ usesKey: Bool) throws {
        let key = usesKey ? "silence" : nil
        let before = try mark()
        proxy.order(.silence, at: "lost in silence")
        let seconds = try measured {
            let lost = try write("lost in silence", version: before.version, key: key)
            #expect(lost.status == 503 && lost.code == "outcome_unknown", "\(lost.text)")
        }
        #expect(proxy.fired == 1)
        #expect(seconds < 25)
        // PostgreSQL ends a transaction that is left open (`idle_in_transaction_session_timeout`) and releases the
        // key's lock.
        let again = try eventually("the repeat is done", seconds: 40) {
            let again = try write("lost in silence", version: before.version, key: key)
            return again.status == 200 ? again : nil
        }!
        #expect(again.json["marks"]?.array.first?["version"]?.int == before.version + 1)
        #expect(try mark() == (before.version + 1, "lost in silence", before.history + 1))
    }
}
