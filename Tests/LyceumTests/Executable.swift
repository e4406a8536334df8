import Foundation
import TestSupport
import Testing

/// `lyceum`, which stands beside the tests.
enum Executable {
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String

        /// What `--json` printed.
        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(output.utf8))) as? [String: Any] ?? [:]
        }
    }

    static func path() throws -> String {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let built = Bundle.allBundles.map { $0.bundlePath } + [tests, CommandLine.arguments[0]]
        let places = built.map { URL(filePath: $0).deletingLastPathComponent().path + "/lyceum" }
        return try #require(places.first { FileManager.default.isExecutableFile(atPath: $0) }, "\(places)")
    }

    /// Runs a command to its end, with nothing in its environment but this.
    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(filePath: try path())
        process.arguments = arguments
        process.environment = environment
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Neither is more than a pipe holds.
        let texts = [output, errors].map {
            String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        }
        process.waitUntilExit()
        return Outcome(status: process.terminationStatus, output: texts[0], errors: texts[1])
    }

    /// Runs a command of a database's owner.
    ///
    /// - Parameter today: the day of `lyceum.today()`; nil: the machine's.
    static func run(
        _ arguments: [String], owner database: TestDatabase, today: String? = nil
    ) throws -> Outcome {
        var environment = [
            "LYCEUM_OWNER_DATABASE_URL": database.ownerURL, "LYCEUM_RESOURCES_DIRECTORY": TestDatabase.repository,
        ]
        if let today { environment["PGOPTIONS"] = "-c lyceum.today=\(today)" }
        return try run(arguments, environment: environment)
    }
}
