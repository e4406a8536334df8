import Diary
import Postgres

extension BackgroundWork {
    /// C3: tells of debts three days before they are due. It tells of each only once, so it may run at any time; an hour
    /// is how late it is after midnight.
    package static let tellDebts = BackgroundWork("tell_debts", .every(seconds: 3600)) { attempt in
        _ = try await attempt.run([tell()])
        return .done
    }

    private static let tell = Statement("SELECT lyceum.tell_debts()")
}
