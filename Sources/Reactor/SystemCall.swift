import CLinux
import Glibc

/// A failed system call: its name and errno.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    package let call: String
    package let code: Int32

    package var description: String {
        "\(call): \(unsafe String(cString: strerror(code)))"
    }
}

/// Runs a system call that returns -1 on failure, and repeats it when a signal interrupts it.
@inline(__always)
func systemCall<Result: SignedInteger>(_ name: StaticString, _ body: () -> Result) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result >= 0 { return result }
        let code = lyceum_errno()
        if code != EINTR { throw SystemError(call: "\(name)", code: code) }
    }
}

/// The monotonic clock, in nanoseconds.
package enum Clock {
    package static var now: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// The processor time of this thread, in nanoseconds.
    static var thread: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// Seconds and nanoseconds since 1970-01-01T00:00:00Z.
    package static var wall: (seconds: Int, nanoseconds: Int) {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return (time.tv_sec, time.tv_nsec)
    }
}

extension UInt64 {
    package static func seconds(_ count: Double) -> UInt64 { UInt64(count * 1_000_000_000) }
    package static func milliseconds(_ count: Int) -> UInt64 { UInt64(count) * 1_000_000 }
}
