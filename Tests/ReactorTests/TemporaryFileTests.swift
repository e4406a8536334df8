import Glibc
import Testing

@testable import Reactor

@Suite struct TemporaryFileTests {
    @Test func holdsWhatWasAppended() throws {
        let file = try TemporaryFile()
        #expect(try file.contents() == [])
        var all: [UInt8] = []
        for size in [0, 1, 5, 100_000, 3] {
            let piece = [UInt8](repeating: UInt8(size % 251), count: size)
            try file.append(piece)
            all += piece
        }
        #expect(try file.contents() == all)
        #expect(try file.contents() == all)
    }

    @Test func leavesNothingBehind() throws {
        var template = Array("/tmp/lyceum-test.XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { rmdir(directory) }
        let file = try TemporaryFile(in: directory)
        try file.append([1, 2, 3])
        let entries = try #require(opendir(directory))
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        #expect(Set(names) == [".", ".."])
    }

    @Test func aDirectoryThatIsNotThereIsAnError() {
        #expect(throws: SystemError.self) { try TemporaryFile(in: "/nonexistent/lyceum") }
    }
}
