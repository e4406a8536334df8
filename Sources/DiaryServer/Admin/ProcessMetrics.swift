import DiaryExchange
import DiarySignIn
import Reactor
import Synchronization
import Transfer
import Web

/// Metrics of the process as a whole, not of its cores.
struct ProcessMetrics: Sendable {
    let version: String
    let cores: [Core]
    let passwords: PasswordThreads
    let files: Offload
    let uploads: UploadSpool
    let compression: Offload
    let transfer: Transfer
    let log: LogSink

    var families: [MetricFamily] {
        let process = ProcessStatistics.read()
        var open = MetricFamily("lyceum_connections_open", .gauge, "Open client connections, by core.")
        for core in cores { open.add([("core", String(core.index))], core.load.load(ordering: .relaxed)) }
        var offload = MetricFamily(
            "lyceum_offload_waiting", .gauge,
            "Tasks that wait for a thread: password hashes, files to import, large answers, requests to other servers.")
        offload.add([("pool", "passwords")], passwords.waiting)
        offload.add([("pool", "files")], files.waiting)
        offload.add([("pool", "uploads")], uploads.threads.waiting)
        offload.add([("pool", "compression")], compression.waiting)
        offload.add([("pool", "transfers")], transfer.waiting)
        var started = MetricFamily(
            "lyceum_offload_started_total", .counter, "Tasks that a thread has started.")
        started.add([("pool", "passwords")], passwords.started)
        started.add([("pool", "compression")], compression.started)
        started.add([("pool", "transfers")], transfer.started)
        var build = MetricFamily("lyceum_build_info", .gauge, "Always 1; the label has the version.")
        build.add([("version", version)], 1)
        return [
            open, offload, started,
            MetricFamily(
                "lyceum_passwords_guessed_at", .gauge,
                "1 while most passwords are wrong and hashing yields to everything else.",
                value: passwords.isGuessedAt ? 1 : 0),
            MetricFamily(
                "lyceum_uploads_spooled_bytes", .gauge,
                "Uploads in temporary files: incomplete, or not yet read.",
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
                "process_max_fds", .gauge, "Maximum number of open file descriptors.", value: process.descriptorLimit),
            MetricFamily(
                "process_start_time_seconds", .gauge, "Start time of the process, in seconds since 1970.",
                [.init(value: process.startSeconds)]),
        ]
    }
}
