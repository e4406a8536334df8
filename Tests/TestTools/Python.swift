import Reactor

/// Debian's Python, with the packages that script/setup installs: it looks at files that the server has made.
package enum Python {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter input: what the script reads from `sys.stdin.buffer`.
    /// - Returns: what the script printed.
    package static func run(_ script: String, input: [UInt8] = []) throws -> String {
        try program("/usr/bin/python3", ["-c", script], input: input)
    }

    /// Runs any program with this input.
    package static func program(
        _ program: String, _ arguments: [String], input: [UInt8] = [], seconds: Double = 60
    ) throws -> String {
        let outcome = try ChildProcess.run(
            program, arguments, environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp"], input: input,
            limits: ChildProcess.Limits(seconds: seconds))
        guard outcome.end == .exited(status: 0) else {
            throw Failure(description: "\(outcome.end) \(String(decoding: outcome.errors, as: UTF8.self))")
        }
        return String(decoding: outcome.output, as: UTF8.self)
    }
}
