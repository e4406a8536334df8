import DiaryServer
import Foundation
import Glibc
import TestSupport
import TestTools
import Testing

/// `docs/opening-a-school.sh`: from an empty database to a family that reads the diary, with only the command line and
/// the API.
@Suite struct OpeningASchoolTests {
    @Test func A2_theChainOfCredentialsFromAnEmptyDatabase() async throws {
        let database = try TestDatabase(.migrated)
        // A checkout has no openapi.json before the build.
        let directory = FileManager.default.temporaryDirectory.path + "/lyceum-opening-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for name in ["Migrations", "Templates", "openapi.yaml"] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/\(name)", withDestinationPath: "\(TestDatabase.repository)/\(name)")
        }
        try Data("{}".utf8).write(to: URL(filePath: "\(directory)/openapi.json"))
        let server = try Program([
            "LYCEUM_DATABASE_URL": database.serverURL, "LYCEUM_RESOURCES_DIRECTORY": directory,
            "LYCEUM_TOKEN_KEYS": "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY", "LYCEUM_LISTEN_PORT": "0",
            "LYCEUM_CORES": "1",
        ])
        defer { server.kill() }
        let port = try #require(await server.port())
        let script = Process()
        script.executableURL = URL(filePath: TestDatabase.repository + "/docs/opening-a-school.sh")
        script.arguments = ["http://127.0.0.1:\(port)"]
        script.environment = ProcessInfo.processInfo.environment.merging([
            "LYCEUM": try Executable.path(), "LYCEUM_OWNER_DATABASE_URL": database.ownerURL,
            "LYCEUM_RESOURCES_DIRECTORY": TestDatabase.repository,
        ]) { $1 }
        let output = Pipe()
        script.standardOutput = output
        script.standardError = output
        try script.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        script.waitUntilExit()
        #expect(script.terminationStatus == 0, "\(text)")
        #expect(text.contains("All is as it should be"), "\(text)")
    }
}
