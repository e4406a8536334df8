import Foundation
import Testing

/// `--help`, `--version`, and the messages for a mistyped command line.
@Suite struct HelpTests {
    @Test(arguments: [
        [], ["serve"], ["config"], ["demo"], ["routes"], ["school"], ["school", "create"], ["school", "list"], ["user"],
        ["user", "create"], ["user", "reset"], ["keys", "new"], ["import"], ["export"], ["export", "tables"],
        ["export", "archive"], ["export", "verify"],
        ["openapi"], ["openapi", "bundle"],
        ["openapi", "check"], ["openapi", "json"], ["migrate"], ["migrate", "up"], ["migrate", "down"],
        ["migrate", "status"], ["migrate", "plan"], ["migrate", "verify"], ["migrate", "new"], ["migrate", "dump"],
        ["migrate", "baseline"], ["migrate", "repair"],
    ])
    func hasExamplesAndExitCodes(_ command: [String]) throws {
        let outcome = try Executable.run(command + ["--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("EXAMPLES:\n  "))
        #expect(outcome.output.contains("EXIT CODES:"))
    }

    @Test func versionIsPrinted() throws {
        let outcome = try Executable.run(["--version"])
        #expect(outcome.status == 0)
        #expect(outcome.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(outcome.output)")
    }

    @Test(arguments: [
        (["migrat"], "'migrate'"), (["migarte", "up"], "'migrate'"), (["migrate", "stats"], "'status'"),
        (["shcool", "list"], "'school'"), (["user", "creat"], "'create'"), (["help", "demmo"], "'demo'"),
        (["migrate", "up", "--allow-destructiv"], "'--allow-destructive'"), (["school", "list", "--jsno"], "'--json'"),
        (["import", "students", "x.csv", "--shcool", "a"], "'--school'"),
        (["user", "create", "--school", "a", "--last-name", "А", "--first-name", "Б", "--roel", "head"], "'--role'"),
    ])
    func mistypedWordsAreGuessed(_ arguments: [String], _ meant: String) throws {
        let outcome = try Executable.run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("Did you mean \(meant)?"), "\(outcome.errors)")
    }

    @Test func commandsAreListedForAnUnknownOne() throws {
        let outcome = try Executable.run(["openapi", "publish"])
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("bundle, check, json"), "\(outcome.errors)")
        let kind = try Executable.run(["import", "pupils", "x.csv", "--school", "a"])
        #expect(kind.status == 64)
        #expect(kind.errors.contains("students"), "\(kind.errors)")
        let noun = try Executable.run(["export", "pupils", "--school", "a", "--directory", "x"])
        #expect(noun.status == 64)
        #expect(noun.errors.contains("students"), "\(noun.errors)")
    }

    @Test func unknownVariablesGiveAWarning() throws {
        let environment = [
            "LYCEUM_LISTEN_PROT": "1", "LYCEUM_PORT": "8081", "LYCEUM_WHATEVER": "x", "LYCEUM_OWNER_PASSWORD": "secret",
            "LYCEUM_LISTEN_HOST": "127.0.0.1",
        ]
        let outcome = try Executable.run(["config", "--json"], environment: environment)
        #expect(outcome.status == 0)
        #expect(
            outcome.errors.split(separator: "\n") == [
                "lyceum: Warning: the environment variable LYCEUM_LISTEN_PROT is unknown and has no effect. Did you mean LYCEUM_LISTEN_PORT?",
                "lyceum: Warning: the environment variable LYCEUM_PORT is unknown and has no effect. Did you mean LYCEUM_LISTEN_PORT?",
                "lyceum: Warning: the environment variable LYCEUM_WHATEVER is unknown and has no effect.",
            ], "\(outcome.errors)")
        // All commands that read settings warn, and continue.
        for command in [["migrate", "status"], ["school", "list"], ["serve"], ["demo"], ["openapi", "check"]] {
            let outcome = try Executable.run(command, environment: ["LYCEUM_DATABASE_ULR": "x"])
            #expect(outcome.errors.contains("Did you mean LYCEUM_DATABASE_URL?"), "\(command): \(outcome.errors)")
        }
    }

    @Test func unknownKeysGetASuggestion() throws {
        let file = URL(filePath: NSTemporaryDirectory()).appending(path: "lyceum-\(UUID().uuidString).json")
        try Data(#"{"listen": {"prot": 1}}"#.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let outcome = try Executable.run(["config", "--config", file.path])
        #expect(outcome.status == 78)
        #expect(outcome.errors.contains("unknown key listen.prot; did you mean listen.port?"), "\(outcome.errors)")
    }
}
