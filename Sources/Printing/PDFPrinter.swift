import Glibc
import Reactor

/// Makes PDF of HTML with WeasyPrint, in processes of their own: few at once, each with a time limit and a memory
/// limit. The HTML can read no file and no address (Templates/print.py). The same HTML gives the same bytes.
package final class PDFPrinter: Sendable {
    package struct Configuration: Sendable {
        /// A Python that has WeasyPrint; empty: there is no PDF.
        package var python: String
        /// The path of `Templates/print.py`.
        package var script: String
        /// Processes at once, and how many more may wait for them.
        package var processes = 2
        package var waiting = 8
        /// Bytes of memory of each process.
        package var memory = 1 << 30

        package init(python: String = "/usr/bin/python3", script: String) {
            self.python = python
            self.script = script
        }
    }

    package enum Failure: Error, Equatable {
        /// There is no Python at that path, or it has no WeasyPrint.
        case notInstalled
        /// All processes are busy, and enough callers wait.
        case busy
        case tookTooLong
        /// It needs more memory than a process may have, or gives a larger file.
        case tooLarge
        /// For the log: what WeasyPrint said.
        case failed(String)
    }

    /// A PDF of a school's year may have thousands of pages.
    private static let largestFile = 256 << 20
    /// The exit status of print.py without WeasyPrint.
    private static let withoutWeasyPrint: Int32 = 3
    private static let withoutMemory: Int32 = 4

    private let configuration: Configuration
    private let offload: Offload

    package init(_ configuration: Configuration) throws {
        self.configuration = configuration
        offload = try Offload(
            name: "pdf", threads: configuration.processes, limit: configuration.waiting, niceness: 10)
    }

    /// - Parameters:
    ///   - html: a whole document, with its style inside.
    ///   - seconds: the time limit, from the moment at which a process is free.
    /// - Throws: `Failure`.
    package func pdf(_ html: [UInt8], seconds: Double) async throws -> [UInt8] {
        let memory = String(configuration.memory)
        let output = try await run([memory, String(Int(seconds.rounded(.up)))], input: html, seconds: seconds)
        guard output.starts(with: "%PDF".utf8) else { throw Failure.failed("the output is no PDF") }
        return output
    }

    /// The version of WeasyPrint, for the log at start.
    package func version() async throws -> String {
        let output = try await run(["--version"], input: [], seconds: 30)
        return String(String(decoding: output.prefix(100), as: UTF8.self).prefix { !$0.isNewline })
    }

    private func run(_ arguments: [String], input: [UInt8], seconds: Double) async throws -> [UInt8] {
        guard !configuration.python.isEmpty else { throw Failure.notInstalled }
        let configuration = configuration
        do {
            return try await offload.run {
                try Self.result(
                    of: ChildProcess.run(
                        configuration.python, ["-s", configuration.script] + arguments, environment: Self.environment,
                        input: input, limits: ChildProcess.Limits(seconds: seconds, output: Self.largestFile)))
            }
        } catch is Offload.Full {
            throw Failure.busy
        } catch let error as SystemError where error.code == ENOENT || error.code == EACCES {
            throw Failure.notInstalled
        }
    }

    private static let environment = [
        "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1",
        // The names and the dates of the fonts inside would differ from run to run.
        "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": "946684800",
    ]

    private static func result(of outcome: ChildProcess.Outcome) throws -> [UInt8] {
        switch outcome.end {
        case .exited(status: 0): return outcome.output
        case .exited(status: withoutWeasyPrint): throw Failure.notInstalled
        // The processor time has a limit too.
        case .overdue, .killed(signal: SIGXCPU): throw Failure.tookTooLong
        // The libraries that WeasyPrint calls abort when they get no memory.
        case .exited(status: withoutMemory), .killed, .tooMuchOutput: throw Failure.tooLarge
        case .exited:
            throw Failure.failed("\(outcome.end): \(lastLine(of: String(decoding: outcome.errors, as: UTF8.self)))")
        }
    }

    /// Python names the error in the last line of its traceback.
    private static func lastLine(of text: String) -> Substring {
        text.split(separator: "\n").last?.prefix(300) ?? ""
    }
}
