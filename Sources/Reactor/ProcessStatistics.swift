import CLinux
import Glibc

/// What the kernel reports about this process (proc(5)).
package struct ProcessStatistics: Sendable {
    /// In user and system mode, of all threads.
    package let cpuSeconds: Double
    package let residentBytes: Int
    package let openDescriptors: Int
    package let descriptorLimit: Int
    /// Since 1970.
    package let startSeconds: Double

    package static func read() -> ProcessStatistics {
        // The fields after the name. The name may contain anything, so the last parenthesis ends it.
        let fields = text("/proc/self/stat").split(separator: ")").last?.split(separator: " ").map { String($0) } ?? []
        func field(_ number: Int) -> Double {
            fields.indices.contains(number - 3) ? Double(fields[number - 3]) ?? 0 : 0
        }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        var limit = rlimit()
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var sinceBoot = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &sinceBoot)
        let wall = Clock.wall
        let boot = Double(wall.seconds - sinceBoot.tv_sec) + Double(wall.nanoseconds - sinceBoot.tv_nsec) / 1e9
        return ProcessStatistics(
            cpuSeconds: (field(14) + field(15)) / ticks,
            residentBytes: Int(field(24)) * Int(sysconf(Int32(_SC_PAGESIZE))),
            openDescriptors: descriptors(), descriptorLimit: Int(clamping: limit.rlim_cur),
            startSeconds: boot + field(22) / ticks)
    }

    private static func descriptors() -> Int {
        guard let directory = unsafe opendir("/proc/self/fd") else { return 0 }
        defer { unsafe closedir(directory) }
        var count = 0
        while unsafe readdir(directory) != nil { count += 1 }
        // Without ".", ".." and the descriptor that reads the directory.
        return max(0, count - 3)
    }

    private static func text(_ path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
