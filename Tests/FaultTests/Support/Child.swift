import Glibc
import Synchronization

/// A program that runs beside the tests: no terminal, output to a file, all our descriptors closed by exec.
///
/// It is ended and reaped with the last reference, or by `Premises` if the tests' process dies first.
final class Child: Sendable {
    let pid: pid_t
    private let status = Mutex<Int32?>(nil)

    init(
        _ arguments: [String], environment: [String] = [], input: Int32? = nil, output: String = "/dev/null",
        ownSession: Bool = false
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var all = sigset_t()
        var none = sigset_t()
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | (ownSession ? 0x80 : 0)  // POSIX_SPAWN_SETSID
        posix_spawnattr_setflags(&attributes, Int16(flags))
        let own = Self.environment.filter { entry in
            !environment.contains { entry.hasPrefix($0.prefix { $0 != "=" } + "=") }
        }
        var child = pid_t()
        let code = CStringList.with(arguments) { arguments in
            CStringList.with(own + environment) { environment in
                posix_spawnp(&child, arguments[0]!, &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else { throw Failure("\(arguments[0]): \(String(cString: strerror(code)))") }
        pid = child
    }

    deinit {
        if status.withLock({ $0 }) == nil {
            kill(pid, SIGKILL)
            _ = try? wait(seconds: 10)
        }
    }

    func signal(_ number: Int32) { if status.withLock({ $0 }) == nil { kill(pid, number) } }

    /// The exit code; 128 plus the signal's number if a signal ended it; nil if the time is over before.
    func wait(seconds: Double) throws -> Int32? {
        try eventually("the end of process \(pid)", seconds: seconds, orNil: true) { self.ended }
    }

    /// The exit code of a process that has ended. It is reaped.
    private var ended: Int32? {
        status.withLock { status in
            if let status { return status }
            var word: Int32 = 0
            guard waitpid(pid, &word, WNOHANG) == pid else { return nil }
            status = word & 0x7F == 0 ? (word >> 8) & 0xFF : 128 + (word & 0x7F)
            return status
        }
    }

    private static var environment: [String] {
        var entries: [String] = []
        var next = environ
        while let entry = next.pointee {
            entries.append(String(cString: entry))
            next += 1
        }
        return entries
    }
}

private enum CStringList {
    static func with<Value>(_ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value) -> Value
    {
        var copies: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        copies.append(nil)
        return copies.withUnsafeBufferPointer { body($0.baseAddress!) }
    }
}
