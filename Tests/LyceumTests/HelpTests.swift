import Testing

/// `--help` of the commands that open a school.
@Suite struct HelpTests {
    @Test(arguments: [
        ["school"], ["school", "create"], ["school", "list"], ["user"], ["user", "create"], ["user", "reset"],
        ["keys", "new"], ["import"], ["changes"], ["changes", "status"], ["changes", "tend"],
    ])
    func hasExamplesAndExitCodes(_ command: [String]) throws {
        let outcome = try Executable.run(command + ["--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("EXAMPLES:\n  "))
        #expect(outcome.output.contains("EXIT CODES:"))
    }
}
