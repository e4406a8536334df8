import Diary
import Postgres

extension BackgroundWork {
    /// C3: an announcement for a later moment is told when that comes. A trigger adds a piece for each.
    package static let beginAnnouncement = BackgroundWork("begin_announcement", .onDemand) { attempt in
        _ = try await attempt.run([begin(.text(attempt.piece.id))])
        return .done
    }

    /// C3: changes of a text that come soon after each other are told once. A trigger adds the piece.
    package static let tellAnnouncement = BackgroundWork("tell_announcement", .onDemand) { attempt in
        _ = try await attempt.run([tell(.text(attempt.piece.id))])
        return .done
    }

    private static let begin = Statement("SELECT lyceum.begin_announcement($1::uuid)")
    private static let tell = Statement("SELECT lyceum.tell_announcement_again($1::uuid)")
}
