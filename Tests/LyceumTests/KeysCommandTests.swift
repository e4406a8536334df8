import Crypto
import Testing

/// `lyceum keys new`, run as a process.
@Suite struct KeysCommandTests {
    private func line(_ arguments: String...) throws -> String {
        let outcome = try Executable.run(["keys", "new"] + arguments)
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        #expect(outcome.output.filter { $0 == "\n" }.count == 1)
        return String(outcome.output.dropLast())
    }

    @Test func lineIsAKey() throws {
        let line = try line()
        #expect(line.contains(/^k20[0-9]{6}:[A-Za-z0-9_-]{43}$/))
        let keys = try TokenKeys(configuration: line)
        #expect(keys.ids == [String(line.prefix(9))])
    }

    @Test func keysDifferAndCanBeCombined() throws {
        let (old, new) = (try line(), try line("--id", "2027-01.a_b"))
        #expect(old.split(separator: ":")[1] != new.split(separator: ":")[1])
        #expect(try TokenKeys(configuration: "\(new),\(old)").ids.first == "2027-01.a_b")
    }

    @Test(arguments: ["", "a b", "ключ", "a:b", "a,b", String(repeating: "a", count: 65)])
    func otherNamesAreWrongUse(_ id: String) throws {
        let outcome = try Executable.run(["keys", "new", "--id", id])
        #expect(outcome.status == 64)
        #expect(outcome.output.isEmpty)
    }
}
