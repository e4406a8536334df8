import Glibc
import Reactor
import TestTools
import Testing

@Suite struct ChildProcessTests {
    private func shell(
        _ script: String, input: String = "", seconds: Double = 20, output: Int = 1 << 20
    ) throws -> ChildProcess.Outcome {
        try ChildProcess.run(
            "/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin", "WORD": "слово"],
            input: Array(input.utf8), limits: ChildProcess.Limits(seconds: seconds, output: output))
    }

    @Test func inputComesInAndBothOutputsComeOut() throws {
        let text = String(repeating: "Лицей\n", count: 50_000)
        let outcome = try shell("cat; echo $WORD >&2; exit 7", input: text)
        #expect(outcome.end == .exited(status: 7))
        #expect(outcome.output == Array(text.utf8))
        #expect(outcome.errors == Array("слово\n".utf8))
    }

    @Test func onlyItsThreeDescriptorsAndItsVariablesAreThere() throws {
        // The program would inherit this one.
        let open = Glibc.open("/dev/null", O_RDONLY)
        defer { close(open) }
        let outcome = try ChildProcess.run(
            "/bin/ls", ["/proc/self/fd"], environment: [:], input: [], limits: ChildProcess.Limits(seconds: 20))
        // The last is the directory that `ls` reads.
        #expect(String(decoding: outcome.output, as: UTF8.self) == "0\n1\n2\n3\n")
        #expect(
            try shell("env | cut -d = -f 1 | grep -E -v '^(PWD|_)$' | sort | tr '\\n' ' '").output
                == Array("PATH WORD ".utf8))
    }

    @Test func theTimeIsLimitedAlsoForItsChildren() async throws {
        // The child holds the output open, and must die with its parent.
        let outcome = try shell("sleep 600 & echo $!; wait", seconds: 0.3)
        #expect(outcome.end == .overdue)
        let child = try #require(pid_t(String(decoding: outcome.output, as: UTF8.self).dropLast()))
        #expect(await eventually { isGone(child) })
        let orphan = try shell("sleep 600 & echo $!")
        #expect(orphan.end == .exited(status: 0))
        let left = try #require(pid_t(String(decoding: orphan.output, as: UTF8.self).dropLast()))
        #expect(await eventually { isGone(left) })
    }

    /// Nobody may have collected the orphan yet, but it runs no more.
    private func isGone(_ process: pid_t) -> Bool {
        guard let file = fopen("/proc/\(process)/stat", "r") else { return true }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        fgets(&line, 512, file)
        return line.contains(CChar(UInt8(ascii: "Z"))) || kill(process, 0) != 0
    }

    @Test func outputIsLimited() throws {
        let outcome = try shell("yes", output: 100_000)
        #expect(outcome.end == .tooMuchOutput)
        #expect(try shell("yes >&2", seconds: 0.3).errors.count == 16 << 10)
    }

    @Test func signalsAndMissingProgramsAreTold() throws {
        #expect(try shell("kill -SEGV $$").end == .killed(signal: SIGSEGV))
        let error = #expect(throws: SystemError.self) {
            try ChildProcess.run(
                "/nowhere/program", [], environment: [:], input: [], limits: ChildProcess.Limits(seconds: 1))
        }
        #expect(error?.code == ENOENT)
    }
}
