import Diary
import Postgres

extension BackgroundWork {
    /// Memberships, classes, teachers and guardianships begin and end with a day of the school, and nobody writes anything
    /// then: this tells the log of changes within minutes.
    package static let turnDay = BackgroundWork("turn_day", .every(seconds: 300)) { attempt in
        _ = try await attempt.run([logDay()])
        return .done
    }

    private static let logDay = Statement("SELECT lyceum.log_day()")
}
