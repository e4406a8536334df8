import Glibc
import JSON
import Reactor
import Synchronization
import TestTools
import Testing

@testable import Postgres

@Suite struct CopyOutTests {
    static let series = CopyStatement(
        "COPY (SELECT generate_series(1, $1::int), repeat('x', $2::int)) TO STDOUT (FORMAT csv)")
    static let one = Statement("SELECT 1 AS one")

    /// A fixture of this test: its counts must not include those of another test.
    let fixture: LanesFixture

    init() async throws { fixture = try await LanesFixture({ $0.leased = 1 }) }

    /// The number of long reads, and of idle connections.
    private func lane() async -> [Int] {
        await fixture.run { lanes, _ in [lanes.leased.longReads, lanes.leased.idle.count { $0.isOpen }] }
    }

    /// Reads everything. Returns the number of pieces, the bytes and the length of the longest piece.
    private static func drain(_ copy: CopyOut) async throws -> (pieces: Int, bytes: [UInt8], longest: Int) {
        var result = (pieces: 0, bytes: [UInt8](), longest: 0)
        while let piece = try await copy.next() {
            result.pieces += 1
            result.bytes += piece
            result.longest = max(result.longest, piece.count)
        }
        return result
    }

    // MARK: COPY

    @Test func rowsComeWholeInPieces() async throws {
        let count = 20_000
        let (bytes, pieces, longest, rows) = try await fixture.run { lanes, _ in
            let copy = try await lanes.copy(.test, Self.series(.integer(count), .integer(20)))
            let all = try await Self.drain(copy)
            return (all.bytes, all.pieces, all.longest, copy.rows)
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == count && rows == count)
        #expect(lines.first == "1,xxxxxxxxxxxxxxxxxxxx" && lines.last == "20000,xxxxxxxxxxxxxxxxxxxx")
        #expect(pieces > 5 && longest < 64 * 1024)
        #expect(await lane() == [0, 1])
    }

    @Test func theConnectionGoesOnAfterwards() async throws {
        for _ in 0..<3 {
            let values = try await fixture.run { lanes, _ in
                let copy = try await lanes.copy(.test, Self.series(.integer(3), .integer(0)))
                _ = try await Self.drain(copy)
                #expect(try await copy.next() == nil)
                copy.close()
                return try await lanes.transaction(.test) { try await $0.run([Self.one()])[0].integer(0, "one") }
            }
            #expect(values == 1)
        }
        #expect(await fixture.run { lanes, _ in lanes.leased.statistics.lost } == 0)
    }

    @Test(arguments: [
        (Parameter.null, "<null>"), (.text(""), ""), (.text("=a\n\"ü\""), "\"=a\n\"\"ü\"\"\""), (.integer(-5), "-5"),
        (.boolean(true), "t"),
    ])
    func parametersArriveAsTheyAre(_ value: Parameter, _ written: String) async throws {
        let echo = CopyStatement("COPY (SELECT $1::text) TO STDOUT (FORMAT csv, NULL '<null>')")
        let bytes = try await fixture.run { lanes, _ in
            try await Self.drain(lanes.copy(.test, echo(value))).bytes
        }
        #expect(String(decoding: bytes, as: UTF8.self) == written + "\n")
    }

    @Test func theScopeHoldsAndNothingCanBeWritten() async throws {
        let settings = CopyStatement(
            """
            COPY (SELECT current_setting('lyceum.school_id'), current_setting('lyceum.user_id'),
                current_setting('transaction_read_only'), current_setting('transaction_isolation')) TO STDOUT (FORMAT csv)
            """)
        let bytes = try await fixture.run { lanes, _ in
            try await Self.drain(lanes.copy(Scope(school: 7, user: "u"), settings())).bytes
        }
        #expect(String(decoding: bytes, as: UTF8.self) == "7,u,on,repeatable read\n")
        let left = CopyStatement("COPY (SELECT current_setting('lyceum.arg_1', true)) TO STDOUT")
        let after = try await fixture.run { lanes, _ in
            _ = try await Self.drain(lanes.copy(.test, Self.series(.integer(1), .integer(1))))
            return try await Self.drain(lanes.copy(.test, left())).bytes
        }
        #expect(String(decoding: after, as: UTF8.self) == "\n", "the arguments end with their transaction")
    }

    static let snapshot = Statement("SELECT pg_current_snapshot()::text AS seen")
    static let division = Statement("SELECT 1 / 0")

    /// Short queries and the COPY behind them see the same rows, whatever commits in between.
    @Test func aHeldSnapshotIsThatOfItsCopy() async throws {
        let copied = CopyStatement("COPY (SELECT pg_current_snapshot()::text || $1::text) TO STDOUT")
        let write = Statement("SELECT pg_current_xact_id()::text AS id")
        let (first, bytes, later) = try await fixture.run { lanes, _ in
            let held = try await lanes.snapshot(.test, [Self.one(), Self.snapshot()])
            _ = try await lanes.write(.test, [write()])
            let bytes = try await Self.drain(held.copy(copied(.text("!")))).bytes
            let later = try await lanes.read(.test, [Self.snapshot()])[0].text(0, "seen")
            return (held.first[1].text(0, "seen"), bytes, later)
        }
        #expect(String(decoding: bytes, as: UTF8.self) == "\(first ?? "")!\n")
        #expect(later != first)
        #expect(await lane() == [0, 1])
    }

    /// A snapshot that is given up returns its connection; one that is dropped closes it.
    @Test func aHeldSnapshotIsReleased() async throws {
        let lost = try await fixture.run { lanes, _ in
            let given = try await lanes.snapshot(.test, [Self.one()])
            await given.finish()
            given.close()
            let before = lanes.leased.statistics.lost
            #expect(await failure { _ = try await given.copy(Self.series(.integer(1), .integer(1))) }.isEmpty == false)
            return before
        }
        #expect(lost == 0)
        #expect(await lane() == [0, 1])
        let refused = await fixture.run { lanes, _ in
            await failure { _ = try await lanes.snapshot(.test, [Self.division()]) }
        }
        #expect(refused == "refused 22012")
        #expect(await lane() == [0, 1])
    }

    @Test func refusalBeforeTheFirstRow() async throws {
        let wrong = CopyStatement("COPY (SELECT 1 / $1::int) TO STDOUT")
        let missing = CopyStatement("COPY (SELECT * FROM not_there) TO STDOUT")
        let outcomes = await fixture.run { lanes, _ in
            var outcomes: [String] = []
            for statement in [missing(), wrong(.integer(0)), missing()] {
                outcomes.append(
                    await failure { _ = try await Self.drain(lanes.copy(.test, statement)) })
            }
            return outcomes
        }
        #expect(outcomes == ["refused 42P01", "refused 22012", "refused 42P01"])
        #expect(await lane() == [0, 1])
    }

    @Test func refusalInTheMiddle() async throws {
        let breaks = CopyStatement(
            "COPY (SELECT 1 / (50000 - n) FROM (SELECT generate_series(1, 60000) AS n) AS s) TO STDOUT")
        let (pieces, failed) = await fixture.run { lanes, _ in
            var pieces = 0
            let failed = await failure {
                let copy = try await lanes.copy(.test, breaks())
                while try await copy.next() != nil { pieces += 1 }
            }
            return (pieces, failed)
        }
        #expect(pieces > 0 && failed == "refused 22012")
        #expect(await lane() == [0, 1], "the same connection, rolled back")
        #expect(await fixture.run { lanes, _ in lanes.leased.statistics.lost } == 0)
    }

    // MARK: Early ends

    @Test func closedInTheMiddleFreesItsPlace() async throws {
        for _ in 0..<3 {
            try await fixture.run { lanes, _ in
                let copy = try await lanes.copy(.test, Self.series(.integer(100_000_000), .integer(100)))
                _ = try await copy.next()
                copy.close()
                copy.close()
            }
            #expect(await fixture.run { lanes, _ in lanes.leased.longReads } == 0)
            try await fixture.recovered()
            #expect(await lane() == [0, 1])
        }
        // Its backend does not continue for a reader that has left, and this does not count as a lost connection.
        try await fixture.running("generate_series", count: 0)
        #expect(await fixture.run { lanes, _ in lanes.leased.statistics.lost } == 0)
    }

    @Test func forgottenFreesItsPlaceToo() async throws {
        try await fixture.run { lanes, _ in
            _ = try await lanes.copy(.test, Self.series(.integer(100_000_000), .integer(100))).next()
        }
        #expect(await fixture.run { lanes, _ in lanes.leased.longReads } == 0)
    }

    @Test func cancelEndsAWait() async throws {
        let slow = CopyStatement("COPY (SELECT pg_sleep(60), 'cancelled copy') TO STDOUT")
        let failed = try await fixture.run { lanes, core in
            let copy = try await lanes.copy(.test, slow())
            let cancelling = core.deadlines.make { copy.cancel() }
            cancelling.set(after: .milliseconds(50))
            return await failure { _ = try await copy.next() }
        }
        #expect(failed == "unavailable")
        #expect(await fixture.run { lanes, _ in lanes.leased.longReads } == 0)
    }

    @Test func killedBackendIsAnError() async throws {
        let slow = CopyStatement(
            "COPY (SELECT n, pg_sleep(CASE WHEN n > 10000 THEN 60 ELSE 0 END), 'killed copy' FROM (SELECT generate_series(1, 10001) AS n) AS s) TO STDOUT"
        )
        async let outcome = fixture.run { lanes, _ in
            var pieces = 0
            let failed = await failure {
                let copy = try await lanes.copy(.test, slow())
                while try await copy.next() != nil { pieces += 1 }
            }
            return (pieces, failed)
        }
        try await fixture.running("killed copy")
        try fixture.terminate("killed copy")
        let (pieces, failed) = await outcome
        #expect(pieces > 0 && failed == "unavailable")
        #expect(await fixture.run { lanes, _ in lanes.leased.longReads } == 0)
        try await fixture.recovered()
    }

    @Test func silenceAndLengthHaveBounds() async throws {
        let slow = CopyStatement("COPY (SELECT pg_sleep(60)) TO STDOUT")
        let silent = LongWork(silence: 0.05)
        let short = LongWork(longest: 0.5)
        for bound in [silent, short] {
            let failed = await fixture.run { lanes, _ in
                await failure { _ = try await Self.drain(lanes.copy(.test, slow(), bound)) }
            }
            #expect(failed == "unavailable" || failed == "refused 57014")
            try await fixture.recovered()
        }
        // A reader that does nothing loses its connection.
        let failed = try await fixture.run { lanes, core in
            let copy = try await lanes.copy(.test, Self.series(.integer(10_000_000), .integer(100)), short)
            await core.sleep(.milliseconds(700))
            return await failure { while try await copy.next() != nil {} }
        }
        #expect(failed == "unavailable")
    }

    /// The session's own limit, 10 seconds on this lane, does not end a slow reader.
    @Test func theTransactionMayBeIdleForAsLong() async throws {
        let limits = CopyStatement(
            "COPY (SELECT current_setting('idle_in_transaction_session_timeout'), current_setting('statement_timeout')) TO STDOUT (FORMAT csv)"
        )
        let bytes = try await fixture.run { lanes, _ in try await Self.drain(lanes.copy(.test, limits())).bytes }
        #expect(String(decoding: bytes, as: UTF8.self) == "30min,30min\n")
    }

    // MARK: Back pressure

    @Test func nothingIsReadAheadOfTheReader() async throws {
        let socket = try await fixture.run { lanes, core in
            let before = ProcessStatistics.read().residentBytes
            let copy = try await lanes.copy(.test, Self.series(.integer(3_000_000), .integer(100)))
            _ = try await copy.next()
            await core.sleep(.milliseconds(300))
            var bytes = 0
            while bytes < 100 << 20, let piece = try await copy.next() { bytes += piece.count }
            copy.close()
            return (bytes, ProcessStatistics.read().residentBytes - before)
        }
        #expect(socket.0 >= 100 << 20)
        #expect(socket.1 < 32 << 20, "grown by \(socket.1) bytes")
    }

    @Test func otherWorkOfTheCoreGoesOnMeanwhile() async throws {
        let fixture = try await LanesFixture({ $0.leased = 2 })
        let answered = try await fixture.run { lanes, _ in
            let copy = try await lanes.copy(.test, Self.series(.integer(100_000_000), .integer(100)))
            var answered = 0
            for _ in 0..<20 {
                _ = try await copy.next()
                answered += try await lanes.read(.test, [Self.one()])[0].count
                answered += try await lanes.transaction(.test) { try await $0.run([Self.one()])[0].count }
            }
            copy.close()
            return answered
        }
        #expect(answered == 40)
    }

    // MARK: Limits

    @Test(arguments: [(1, 1), (2, 1), (3, 1), (4, 2), (5, 3)])
    func streamsLeavePlacesToOthers(_ leased: Int, _ expected: Int) async throws {
        let fixture = try await LanesFixture({
            $0.leased = leased
            $0.queueTimeout = 100
        })
        let outcome = try await fixture.run { lanes, _ in
            var copies: [CopyOut] = []
            let failed = await failure {
                while copies.count < 6 {
                    copies.append(try await lanes.copy(.test, Self.series(.integer(100_000_000), .integer(100))))
                }
            }
            // Long reads that are no streams continue beside them, and transactions, unless there are too few connections.
            if leased > 2 { _ = try await lanes.readLong(.test, [Self.one()]) }
            if leased > 1 { _ = try await lanes.transaction(.test) { try await $0.run([Self.one()]) } }
            for copy in copies { copy.close() }
            return (copies.count, failed)
        }
        #expect(outcome == (expected, "overloaded"))
    }

    @Test func waitingLongReadStartsWhenAnotherEnds() async throws {
        let fixture = try await LanesFixture({ $0.leased = 2 })
        let rows = try await fixture.run { lanes, core in
            let first = try await lanes.copy(.test, Self.series(.integer(100_000_000), .integer(100)))
            let ending = core.deadlines.make { first.close() }
            ending.set(after: .milliseconds(50))
            let second = try await lanes.copy(.test, Self.series(.integer(2), .integer(1)))
            _ = try await Self.drain(second)
            return second.rows
        }
        #expect(rows == 2)
        #expect(await fixture.run { lanes, _ in lanes.leased.longReads } == 0)
    }

    // MARK: Rows

    @Test func rowsOfAQueryComeOneByOne() async throws {
        let query = Statement("SELECT n AS id, 'row ' || n AS \"thing.name\" FROM generate_series(1, $1::int) AS n")
        let (count, text) = try await fixture.run { lanes, _ in
            let stream = try await lanes.rows(.test, query(.integer(5000)))
            var count = 0
            var writer = JSONWriter()
            while let rows = try await stream.next() {
                for row in 0..<rows.count {
                    count += 1
                    if count == 4999 { writer.object(rows, row: row) }
                }
            }
            return (count, String(decoding: writer.bytes, as: UTF8.self))
        }
        #expect(count == 5000)
        #expect(text == #"{"id":4999,"thing":{"name":"row 4999"}}"#)
        #expect(await lane() == [0, 1])
    }

    @Test func rowsEndWithTheirErrors() async throws {
        let breaks = Statement("SELECT 1 / (500 - n) AS part FROM generate_series(1, 1000) AS n")
        let outcome = await fixture.run { lanes, _ in
            var count = 0
            let failed = await failure {
                let stream = try await lanes.rows(.test, breaks())
                while let rows = try await stream.next() { count += rows.count }
            }
            let empty = await failure {
                let stream = try await lanes.rows(.test, Statement("SELECT 1 AS one WHERE false")())
                #expect(try await stream.next() == nil)
            }
            return (count, failed, empty)
        }
        #expect(outcome.1 == "refused 22012" && outcome.2 == "nothing")
        #expect(await lane() == [0, 1])
    }

    @Test func rowsClosedInTheMiddle() async throws {
        let many = Statement("SELECT generate_series(1, 100000000) AS n")
        try await fixture.run { lanes, _ in
            let stream = try await lanes.rows(.test, many())
            _ = try await stream.next()
            stream.close()
        }
        #expect(await fixture.run { lanes, _ in lanes.leased.longReads } == 0)
        try await fixture.recovered()
    }
}
