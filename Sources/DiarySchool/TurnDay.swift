import Diary
import Postgres

extension BackgroundWork {
    /// Enrollments, memberships, guardianships and posts of teachers begin and end with a day of the school, without a
    /// write. This writes them to the log of changes within five minutes after the day has begun.
    package static let turnDay = BackgroundWork("turn_day", .every(seconds: 300)) { attempt in
        _ = try await attempt.run([logDay()])
        return .done
    }

    private static let logDay = Statement("SELECT lyceum.log_day()")
}
