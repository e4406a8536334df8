import Diary
import Postgres

extension BackgroundWork {
    /// C3: a notification for each student with something to tell, on the last evening of the school week. A run before
    /// that evening does nothing, and a repeated run writes nothing twice.
    package static let writeWeekDigests = BackgroundWork("write_week_digests", .every(seconds: 1800)) { attempt in
        _ = try await attempt.run([write()])
        return .done
    }

    private static let write = Statement("SELECT lyceum.write_week_digests()")
}
