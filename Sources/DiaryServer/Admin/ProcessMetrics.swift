import DiaryExchange
import DiarySignIn
import Reactor
import Synchronization
import Web

/// What is counted once a process, not on its cores.
struct ProcessMetrics: Sendable {
    let version: String
    let cores: [Core]
    let passwords: PasswordThreads
    let files: Offload
    let uploads: UploadSpool
    let compression: Offload
    let log: LogSink

    var families: [MetricFamily] {
        let process = ProcessStatistics.read()
        var open = MetricFamily("lyceum_connections_open", .gauge, "Connections of clients, by core.")
        for core in cores { open.add([("core", String(core.index))], core.load.load(ordering: .relaxed)) }
        var offload = MetricFamily(
            "lyceum_offload_waiting", .gauge,
            "Pieces of work that wait for a thread: password hashes, files to import, large answers.")
        offload.add([("pool", "passwords")], passwords.waiting)
        offload.add([("pool", "files")], files.waiting)
        offload.add([("pool", "uploads")], uploads.threads.waiting)
        offload.add([("pool", "compression")], compression.waiting)
        var started = MetricFamily(
            "lyceum_offload_started_total", .counter, "Pieces of work that a thread has taken up.")
        started.add([("pool", "passwords")], passwords.started)
        started.add([("pool", "compression")], compression.started)
        var build = MetricFamily("lyceum_build_info", .gauge, "1; the label says which version runs.")
        build.add([("version", version)], 1)
        return [
            open, offload, started,
            MetricFamily(
                "lyceum_passwords_guessed_at", .gauge,
                "1 while most passwords are wrong, and hashing yields to all else.",
                value: passwords.isGuessedAt ? 1 : 0),
            MetricFamily(
                "lyceum_uploads_spooled_bytes", .gauge,
                "Uploads that wait in files, for the rest of them or to be read.",
                value: uploads.bytes),
            MetricFamily(
                "lyceum_log_dropped_lines_total", .counter, "Log lines dropped because their reader was too slow.",
                value: log.droppedLines),
            build,
            MetricFamily(
                "process_cpu_seconds_total", .counter, "CPU time in user and system mode.",
                [.init(value: process.cpuSeconds)]),
            MetricFamily(
                "process_resident_memory_bytes", .gauge, "Memory in use.", value: process.residentBytes),
            MetricFamily("process_open_fds", .gauge, "Open file descriptors.", value: process.openDescriptors),
            MetricFamily(
                "process_max_fds", .gauge, "How many file descriptors may be open.", value: process.descriptorLimit),
            MetricFamily(
                "process_start_time_seconds", .gauge, "When the process started, since 1970.",
                [.init(value: process.startSeconds)]),
        ]
    }
}
