import Glibc
import Postgres
import Reactor
import Testing

/// Two servers over one database keep answers while everything changes that these answers show: no answer is older than what
/// was acknowledged before its request.
@Suite(.serialized) struct KeptAnswerStormTests {
    private static let requests =
        getenv("LYCEUM_TEST_STORM_REQUESTS").flatMap { Int(String(cString: $0)) } ?? (Long.isOn ? 1_000_000 : 20_000)

    @Test func noAnswerIsOlderThanAnAcknowledgedWrite() throws {
        let database = try PrivatePostgres(settings: ["max_connections=120"])
        let storm = try Storm(database)
        let start = Clock.now
        let figures = try storm.run(requests: Self.requests, faults: Long.isOn ? 24 : 6)
        print(figures.text, "; kept answers: \(storm.kept); \(Int(Double(Clock.now - start) / 1e9)) s")
        #expect(figures.requests >= Self.requests)
        #expect(figures.staleness == 0, "\(figures.examples)")
        #expect(figures.violations.isEmpty, "\(figures.violations)")
        #expect(storm.hits > figures.requests / 4)
        for server in storm.servers { #expect(server.unforeseen.isEmpty, "\(server.unforeseen)") }
    }

    /// The storm can fail: with one trigger less it meets stale answers.
    @Test(arguments: ["marks", "lessons", "subjects", "guardianships"])
    func withoutATriggerItFindsStaleAnswers(_ table: String) throws {
        let database = try PrivatePostgres(settings: ["max_connections=120"])
        let storm = try Storm(database)
        try database.owner().execute("ALTER TABLE \(table) DISABLE TRIGGER log_changed")
        let figures = try storm.run(requests: 20_000, faults: 0, stride: 300, endsWhenStale: true)
        print("without the trigger of \(table):", figures.text)
        #expect(figures.staleness > 0)
        #expect(figures.violations.isEmpty, "\(figures.violations)")
    }
}
