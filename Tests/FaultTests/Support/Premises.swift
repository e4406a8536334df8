import Glibc
import Synchronization
import TestSupport

/// The directory of this process's clusters and servers, and the warden that removes it.
///
/// The warden is a shell that waits for the tests' process to end, whatever the reason. Then it kills what is left,
/// unmounts and deletes. It has its own session, so that Ctrl-C does not reach it.
final class Premises: Sendable {
    static let shared = try! Premises()

    let directory: String
    private let warden: Child
    private let pipe: Int32
    private let counter = Atomic<Int>(0)

    private init() throws {
        var template = Array("\(Self.place)/lyceum-faults.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure("mkdtemp: errno \(errno)") }
        directory = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        // The user postgres passes through it to its own directories.
        chmod(directory, 0o711)
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0, ends.allSatisfy({ fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }) else {
            throw Failure("pipe: errno \(errno)")
        }
        pipe = ends[1]
        warden = try Child(["/bin/sh", "-c", Self.clearing, directory], input: ends[0], ownSession: true)
        close(ends[0])
        atexit { Premises.shared.clear() }
    }

    /// A new directory.
    func make(_ name: String) throws -> String {
        let path = "\(directory)/\(name)-\(counter.add(1, ordering: .relaxed).newValue)"
        guard mkdir(path, 0o700) == 0 else { throw Failure("mkdir \(path): errno \(errno)") }
        return path
    }

    /// Runs functions of script/lib.sh and other commands, and waits for them.
    @discardableResult
    static func run(_ script: String, _ arguments: [String] = [], seconds: Double = 120) throws -> String {
        let output = shared.directory + "/output-\(shared.counter.add(1, ordering: .relaxed).newValue)"
        defer { unlink(output) }
        let script = "set -euo pipefail; source \(TestDatabase.repository)/script/lib.sh; \(script)"
        let child = try Child(["bash", "-c", script, "bash"] + arguments, output: output)
        let status = try child.wait(seconds: seconds)
        let text = contents(output)
        guard status == 0 else { throw Failure("\(script) \(arguments): \(status.map { "\($0)" } ?? "hangs") \(text)") }
        return text
    }

    /// A file's text; empty when there is none.
    static func contents(_ path: String) -> String {
        guard let file = fopen(path, "re") else { return "" }
        defer { fclose(file) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return String(decoding: text, as: UTF8.self) }
            text += buffer[..<count]
        }
    }

    /// In memory if there is room: a process's writes before it was killed are there either way, and a dozen clusters
    /// are copied and recovered without waiting for a disk.
    private static var place: String {
        var room = statvfs()
        guard statvfs("/dev/shm", &room) == 0, room.f_bavail * room.f_frsize > 3 << 30 else { return "/tmp" }
        return "/dev/shm"
    }

    private func clear() {
        close(pipe)
        _ = try? warden.wait(seconds: 60)
    }

    private static let clearing = """
        cat >/dev/null
        for file in "$0"/*/server.pid; do
            [ -s "$file" ] && kill -KILL "$(cat "$file")" 2>/dev/null
        done
        for file in "$0"/*/data/postmaster.pid; do
            [ -s "$file" ] || continue
            master=$(head -n 1 "$file")
            kill -CONT "$master" $(awk -v parent="$master" '$4 == parent { print $1 }' /proc/[0-9]*/stat) 2>/dev/null
            kill -QUIT "$master" 2>/dev/null
            count=0
            while kill -0 "$master" 2>/dev/null && [ $count -lt 100 ]; do sleep 0.1; count=$((count + 1)); done
            kill -KILL "$master" 2>/dev/null
        done
        awk -v base="$0/" 'index($2, base) == 1 { print $2 }' /proc/mounts | while read -r mount; do umount -l "$mount"; done
        rm -rf "$0"
        """
}
