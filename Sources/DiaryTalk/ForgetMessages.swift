import Diary

extension BackgroundWork {
    /// K1: messages are kept for 3 years.
    package static let forgetMessages = deleting(
        "forget_messages", every: 24 * 3600, from: "messages",
        where: "t.written_at < now() - interval '3 years'", oldestFirst: "t.written_at")

    /// K1: a thread ends 3 years after its last message.
    package static let forgetThreads = deleting(
        "forget_threads", every: 24 * 3600, from: "threads",
        where: "t.latest_at < now() - interval '3 years'", oldestFirst: "t.latest_at")

    /// K1: a report about a thread that goes on is kept for 3 years after it was closed.
    package static let forgetThreadReports = deleting(
        "forget_thread_reports", every: 24 * 3600, from: "thread_reports",
        where: "t.closed_at < now() - interval '3 years'", oldestFirst: "t.closed_at")
}
