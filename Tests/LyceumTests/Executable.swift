import Foundation
import Glibc
import TestSupport
import Testing

/// The executable `lyceum`, which is in the directory of the tests.
enum Executable {
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String

        /// The output of `--json`.
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

    /// A running command.
    struct Running {
        fileprivate let process: Process
        fileprivate let output: Pipe
        fileprivate let errors: Pipe

        func signal(_ number: Int32) { _ = Glibc.kill(process.processIdentifier, number) }

        var isRunning: Bool { process.isRunning }

        /// Waits until it ends.
        func outcome() -> Outcome {
            // The output and the errors both fit into a pipe's buffer.
            let texts = [output, errors].map {
                String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            }
            process.waitUntilExit()
            return Outcome(status: process.terminationStatus, output: texts[0], errors: texts[1])
        }
    }

    /// Starts a command with only this environment.
    static func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Running {
        let running = Running(process: Process(), output: Pipe(), errors: Pipe())
        running.process.executableURL = URL(filePath: try path())
        running.process.arguments = arguments
        running.process.environment = environment
        running.process.standardOutput = running.output
        running.process.standardError = running.errors
        try running.process.run()
        return running
    }

    /// Runs a command to its end.
    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        try start(arguments, environment: environment).outcome()
    }

    /// Runs a command as the owner of a database with a terminal, and answers its question with a line.
    ///
    /// - Returns: the output that the terminal showed.
    static func runAtTerminal(
        _ arguments: [String], answering line: String, owner database: TestDatabase
    ) throws -> Outcome {
        var controller: Int32 = -1
        var terminal: Int32 = -1
        try #require(openpty(&controller, &terminal, nil, nil, nil) == 0)
        defer { close(controller) }
        let input = FileHandle(fileDescriptor: terminal)
        let process = Process()
        process.executableURL = URL(filePath: try path())
        process.arguments = arguments
        process.environment = [
            "LYCEUM_OWNER_DATABASE_URL": database.ownerURL, "LYCEUM_RESOURCES_DIRECTORY": TestDatabase.repository,
        ]
        (process.standardInput, process.standardOutput, process.standardError) = (input, input, input)
        try process.run()
        try input.close()
        try #require(write(controller, line + "\n", line.utf8.count + 1) == line.utf8.count + 1)
        var screen: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        // EIO marks the end: no process has the terminal open any more.
        while case let count = read(controller, &piece, piece.count), count > 0 { screen += piece.prefix(count) }
        process.waitUntilExit()
        return Outcome(status: process.terminationStatus, output: String(decoding: screen, as: UTF8.self), errors: "")
    }

    /// Runs a command as the owner of a database.
    ///
    /// - Parameter today: the day of `lyceum.today()`; nil: the machine's date.
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
