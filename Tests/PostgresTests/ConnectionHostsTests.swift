import Testing

@testable import Postgres

@Suite struct ConnectionHostsTests {
    struct Case: Sendable {
        let url: String
        let hosts: [ConnectionHost]
    }

    private static let cases = [
        Case(url: "postgresql:///lyceum", hosts: [ConnectionHost()]),
        Case(url: "postgresql:///lyceum?port=5433", hosts: [ConnectionHost(port: "5433")]),
        Case(
            url: "postgresql://one,two:5433,three/lyceum",
            hosts: [
                ConnectionHost(name: "one"), ConnectionHost(name: "two", port: "5433"), ConnectionHost(name: "three"),
            ]),
        Case(
            url: "host=one,two port=5433",
            hosts: [ConnectionHost(name: "one", port: "5433"), ConnectionHost(name: "two", port: "5433")]),
        Case(
            url: "host=one,/run/postgresql,@lyceum port=1,2,3",
            hosts: [
                ConnectionHost(name: "one", port: "1"), ConnectionHost(name: "/run/postgresql", port: "2"),
                ConnectionHost(name: "@lyceum", port: "3"),
            ]),
        Case(
            url: "host=one,two hostaddr=127.0.0.1,",
            hosts: [ConnectionHost(name: "one", address: "127.0.0.1"), ConnectionHost(name: "two")]),
        Case(
            url: "hostaddr=127.0.0.1,::1 port=,5433",
            hosts: [ConnectionHost(address: "127.0.0.1"), ConnectionHost(address: "::1", port: "5433")]),
    ]

    @Test(arguments: cases) func listsGoTogether(_ example: Case) throws {
        #expect(try ConnectionURL(example.url).hosts() == example.hosts)
    }

    @Test(arguments: [
        "host=one,two port=1,2,3", "host=one,two,three port=1,2", "host=one,two hostaddr=127.0.0.1",
        "host=one hostaddr=127.0.0.1,127.0.0.2",
    ])
    func listsOfDifferentLengthsAreRefused(_ url: String) {
        #expect(throws: BlockingConnection.Failure.self) { try ConnectionURL(url) }
    }

    @Test func onlyNamesAreLookedUp() {
        #expect(ConnectionHost(name: "one").needsLookUp)
        #expect(ConnectionHost(name: "127.0.0.1").needsLookUp)
        #expect(!ConnectionHost(name: "one", address: "127.0.0.1").needsLookUp)
        #expect(!ConnectionHost(name: "/run/postgresql").needsLookUp)
        #expect(!ConnectionHost().needsLookUp)
    }

    @Test func aHostsTimeIsTheURLs() throws {
        #expect(try ConnectionURL("host=one connect_timeout=3").connectTimeout == 3)
        #expect(try ConnectionURL("host=one connect_timeout=0").connectTimeout == nil)
        #expect(try ConnectionURL("host=one").connectTimeout == nil)
    }
}
