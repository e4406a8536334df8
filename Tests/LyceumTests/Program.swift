import DiaryServer
import Foundation
import Glibc
import Synchronization
import TestTools

/// `lyceum serve`; the executable is in the directory of the tests.
final class Program: Sendable {
    private let process = Process()
    private let text = Mutex("")
    private let ended = Mutex<Int32?>(nil)

    var log: String { text.withLock { $0 } }

    init(_ environment: [String: String]) throws {
        process.executableURL = URL(filePath: try Executable.path())
        process.arguments = ["serve"]
        process.environment = environment
        let output = Pipe()
        process.standardError = output
        output.fileHandleForReading.readabilityHandler = { [self] file in
            let data = file.availableData
            if data.isEmpty { file.readabilityHandler = nil }
            text.withLock { $0 += String(decoding: data, as: UTF8.self) }
        }
        process.terminationHandler = { [self] process in ended.withLock { $0 = process.terminationStatus } }
        try process.run()
    }

    func signal(_ number: Int32) { _ = Glibc.kill(process.processIdentifier, number) }

    func kill() { if process.isRunning { signal(SIGKILL) } }

    /// The port on which it listens; nil when it does not listen in time.
    func port() async -> Int? {
        var port: Int?
        _ = await eventually {
            let line = log.split(separator: "\n").first { $0.contains(#""message":"listening""#) }
            port = line.flatMap { line in
                line.range(of: #""port":""#).flatMap { Int(line[$0.upperBound...].prefix { $0.isNumber }) }
            }
            return port != nil
        }
        return port
    }

    /// The exit status; nil when it did not end in time.
    func status() async -> Int32? {
        _ = await eventually { ended.withLock { $0 } != nil }
        return ended.withLock { $0 }
    }
}
