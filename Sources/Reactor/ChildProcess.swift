import CLinux
import Glibc

/// Runs another program to its end: with some input, a time limit, and limits for what it says. It blocks, so run it on
/// a thread of an `Offload`.
///
/// The program has no descriptors but its three, no variables of the environment but those given, and a process group
/// of its own, which is killed as a whole. It limits its memory and its processor time itself.
package enum ChildProcess {
    package struct Limits: Sendable {
        package var seconds: Double
        package var output: Int

        package init(seconds: Double, output: Int = 64 << 20) {
            self.seconds = seconds
            self.output = output
        }
    }

    package enum End: Sendable, Equatable {
        case exited(status: Int32)
        case killed(signal: Int32)
        /// Killed, because the time was over.
        case overdue
        /// Killed, because it wrote more than the limit.
        case tooMuchOutput
    }

    package struct Outcome: Sendable {
        package let end: End
        package let output: [UInt8]
        /// The beginning of what it wrote to the standard error.
        package let errors: [UInt8]
    }

    /// The largest part of the standard error that is kept.
    private static let keptErrors = 16 << 10

    /// - Parameter program: a path.
    /// - Throws: `SystemError` if the program can't be started, with `ENOENT` if it does not exist.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String], input: [UInt8], limits: Limits
    ) throws -> Outcome {
        let end = Clock.now + .seconds(limits.seconds)
        // A file, so that nothing has to be written while the program runs.
        let content = try TemporaryFile()
        try content.append(input)
        var output = try Pipe()
        var errors = try Pipe()
        let process = try spawn(
            program, arguments, environment, input: content.descriptor, output: output.writeEnd,
            errors: errors.writeEnd)
        output.closeWriteEnd()
        errors.closeWriteEnd()
        let descriptor = lyceum_process_descriptor(process)
        let code = lyceum_errno()
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0 else {
            _ = kill(process)
            throw SystemError(call: "pidfd_open", code: code)
        }

        var isOverdue = false
        var hasEnded = false
        while !hasEnded, !isOverdue, output.bytes.count <= limits.output {
            let now = Clock.now
            isOverdue = now >= end
            var polled = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: output.isOpen ? output.readEnd : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errors.isOpen ? errors.readEnd : -1, events: Int16(POLLIN), revents: 0),
            ]
            let milliseconds = isOverdue ? 0 : Int32(clamping: (end - now) / 1_000_000 + 1)
            _ = try systemCall("poll") { unsafe poll(&polled, nfds_t(polled.count), milliseconds) }
            hasEnded = polled[0].revents != 0
            output.read(atMost: limits.output + 1)
            errors.read(atMost: keptErrors)
        }
        // The program's own children too: they hold the group, also when the program itself has ended.
        let status = kill(process)
        let result: End =
            if output.bytes.count > limits.output {
                .tooMuchOutput
            } else if !hasEnded {
                .overdue
            } else if status & 0x7F != 0 {
                .killed(signal: status & 0x7F)
            } else {
                .exited(status: status >> 8 & 0xFF)
            }
        return Outcome(end: result, output: output.bytes, errors: errors.bytes)
    }

    /// Kills the whole group and waits for the process.
    private static func kill(_ process: pid_t) -> Int32 {
        _ = Glibc.kill(-process, SIGKILL)
        var status: Int32 = 0
        _ = try? systemCall("waitpid") { unsafe waitpid(process, &status, 0) }
        return status
    }

    private static func spawn(
        _ program: String, _ arguments: [String], _ environment: [String: String], input: Int32, output: Int32,
        errors: Int32
    ) throws(SystemError) -> pid_t {
        var process: pid_t = 0
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let error = unsafe withTexts([program] + arguments) { arguments in
            unsafe withTexts(variables) { variables in
                unsafe lyceum_spawn(&process, program, arguments, variables, input, output, errors)
            }
        }
        guard error == 0 else { throw SystemError(call: "posix_spawn", code: error) }
        return process
    }

    private static func withTexts(
        _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Int32
    ) -> Int32 {
        var pointers = unsafe texts.map { unsafe strdup($0) } + [nil]
        defer { unsafe pointers.forEach { unsafe free($0) } }
        return unsafe pointers.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress!) }
    }

    /// A pipe from the program, and what has come through it.
    private struct Pipe: ~Copyable {
        let readEnd: Int32
        private(set) var writeEnd: Int32
        private(set) var isOpen = true
        private(set) var bytes: [UInt8] = []

        init() throws(SystemError) {
            var ends: [Int32] = [-1, -1]
            _ = try systemCall("pipe") { unsafe lyceum_pipe(&ends) }
            (readEnd, writeEnd) = (ends[0], ends[1])
            _ = fcntl(readEnd, F_SETFL, O_NONBLOCK)
        }

        deinit {
            close(readEnd)
            if writeEnd >= 0 { close(writeEnd) }
        }

        mutating func closeWriteEnd() {
            close(writeEnd)
            writeEnd = -1
        }

        /// Reads what is there. Bytes after the limit are discarded.
        mutating func read(atMost limit: Int) {
            while isOpen {
                let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                    let taken = unsafe Glibc.read(readEnd, buffer.baseAddress!, buffer.count)
                    // Nothing now (EAGAIN), or interrupted: the next call finds it.
                    if taken < 0 { return }
                    if taken == 0 { isOpen = false }
                    count = taken
                }
                if chunk.isEmpty { return }
                bytes.append(contentsOf: chunk.prefix(max(0, limit - bytes.count)))
                // A program that writes without end must not keep the caller from looking at the time.
                if bytes.count >= limit { return }
            }
        }
    }
}
