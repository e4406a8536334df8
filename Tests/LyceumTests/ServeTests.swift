import DiaryServer
import Foundation
import Glibc
import Postgres
import Synchronization
import TestSupport
import TestTools
import Testing

@testable import lyceum

/// The program, run as a process.
@Suite(.serialized) final class ServeTests {
    private let directory: String

    init() throws {
        directory = FileManager.default.temporaryDirectory.path + "/lyceum-serve-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for name in ["Migrations", "Templates", "openapi.yaml"] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/\(name)", withDestinationPath: "\(TestDatabase.repository)/\(name)")
        }
        try write("{}", to: "openapi.json")
        makeCertificate("first.test")
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    @Test func certificateIsReadAgainOnSIGHUP() async throws {
        let database = try TestDatabase(.migrated)
        let server = try Program(environment(database))
        defer { server.kill() }
        let port = try #require(await server.port())
        #expect(get(port, "/livez").contains("subject: CN=first.test"))

        makeCertificate("second.test")
        server.signal(SIGHUP)
        #expect(await eventually { get(port, "/livez").contains("subject: CN=second.test") })
        #expect(await eventually { server.log.contains("certificate read again") })

        try write("nothing", to: "certificate.pem")
        server.signal(SIGHUP)
        #expect(await eventually { server.log.contains("certificate kept") })
        #expect(server.log.contains("certificate.pem holds no usable certificate"))
        #expect(get(port, "/livez").contains("subject: CN=second.test"))

        server.signal(SIGTERM)
        #expect(await server.status() == 0)
    }

    @Test func failedProbesAreLogged() async throws {
        let database = try TestDatabase(.migrated)
        var environment = environment(database)
        environment["LYCEUM_LOG_PROBES"] = "0"
        environment["LYCEUM_SHUTDOWN_DELAY"] = "3"
        let server = try Program(environment)
        defer { server.kill() }
        let port = try #require(await server.port())
        for _ in 0..<3 { #expect(get(port, "/livez").contains("HTTP/1.1 200")) }
        _ = get(port, "/openapi.json")
        server.signal(SIGTERM)
        #expect(await eventually { get(port, "/readyz").contains("shutting_down") })
        #expect(await eventually { server.log.contains(#""route":"/readyz","status":503"#) })
        #expect(server.log.contains(#""route":"/openapi.json","status":200"#))
        #expect(!server.log.contains(#""route":"/livez""#))
    }

    /// The secret of a calendar link is in its path; a log line has the template of the path.
    @Test func aCalendarLinkIsNotLogged() async throws {
        let database = try TestDatabase(.migrated)
        let server = try Program(environment(database))
        defer { server.kill() }
        let port = try #require(await server.port())
        let secret = "SecretSecretSecretSecretSecretSecretSecretS"
        let path = "/v1/calendars/k_1_00000000000070008000000000000002_\(secret)/calendar.ics"
        #expect(get(port, path).contains("HTTP/1.1 404"))
        let line = #""route":"/v1/calendars/{calendar_secret}/calendar.ics","status":404"#
        #expect(await eventually { server.log.contains(line) })
        #expect(!server.log.contains(secret))
    }

    @Test func readinessEndsBeforeTheServer() async throws {
        let database = try TestDatabase(.migrated)
        var environment = environment(database)
        environment["LYCEUM_SHUTDOWN_DELAY"] = "3"
        let server = try Program(environment)
        defer { server.kill() }
        let port = try #require(await server.port())
        #expect(await eventually { get(port, "/readyz").contains("HTTP/1.1 200") })
        server.signal(SIGTERM)
        #expect(await eventually { get(port, "/readyz").contains("shutting_down") })
        #expect(get(port, "/livez").contains("HTTP/1.1 200"))
        #expect(await server.status() == 0)
        #expect(!get(port, "/livez").contains("HTTP/1.1"))
    }

    @Test func functionsOfAnotherProgramAreNotServed() async throws {
        let database = try TestDatabase(.migrated)
        try BlockingConnection(url: database.ownerURL).execute(
            "UPDATE schema_functions SET source = source || '-- older' WHERE path = 'base/context.sql'")
        let server = try Program(environment(database))
        defer { server.kill() }
        #expect(await server.status() == 2)
        #expect(
            await eventually {
                server.log.contains("not those of this program (files that differ: 1, base/context.sql)")
            })
    }

    @Test func unusableCertificateIsNamed() async throws {
        try write("nothing", to: "key.pem")
        var environment = environment(nil)
        environment["LYCEUM_DATABASE_URL"] = "postgresql:///nowhere"
        let server = try Program(environment)
        defer { server.kill() }
        #expect(await server.status() == 78)
        #expect(server.log.contains("\(directory)/key.pem holds no private key"))
    }

    /// An empty list would silently forbid nothing.
    @Test(arguments: [("nowhere.txt", "can't be read"), ("empty.txt", "contains no password")])
    func unusableListOfPasswordsIsNamed(_ name: String, _ problem: String) async throws {
        try write("\n\n", to: "empty.txt")
        var environment = environment(nil)
        environment["LYCEUM_DATABASE_URL"] = "postgresql:///nowhere"
        environment["LYCEUM_PASSWORDS_BREACHED"] = "\(directory)/\(name)"
        let server = try Program(environment)
        defer { server.kill() }
        #expect(await server.status() == 78)
        #expect(await eventually { server.log.contains("LYCEUM_PASSWORDS_BREACHED") })
        #expect(server.log.contains("\(directory)/\(name), which \(problem)"))
    }

    private func environment(_ database: TestDatabase?) -> [String: String] {
        [
            "LYCEUM_DATABASE_URL": database?.serverURL ?? "", "LYCEUM_RESOURCES_DIRECTORY": directory,
            "LYCEUM_TOKEN_KEYS": "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY", "LYCEUM_LISTEN_PORT": "0",
            "LYCEUM_CORES": "1", "LYCEUM_TLS_CERTIFICATE": directory + "/certificate.pem",
            "LYCEUM_TLS_KEY": directory + "/key.pem",
        ]
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(name)"))
    }

    private func makeCertificate(_ name: String) {
        _ = run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "3", "-subj", "/CN=\(name)", "-keyout", directory + "/key.pem", "-out", directory + "/certificate.pem")
    }

    /// curl's report of the connection, and the answer.
    private func get(_ port: Int, _ path: String) -> String {
        run("curl", "--insecure", "--silent", "--verbose", "--max-time", "10", "https://127.0.0.1:\(port)\(path)")
    }

    private func run(_ arguments: String...) -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        do { try process.run() } catch { return "\(error)" }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
