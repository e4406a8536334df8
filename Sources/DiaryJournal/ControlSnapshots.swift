import Diary
import Postgres

/// Snapshots of the figures of control (`lyceum.journal_control`), which the report `journal-control` shows. Heads and
/// deputy heads take them of any days; the server takes one of each week and of each term. Only the
/// note can be changed.
package enum ControlSnapshots {
    package static let resource = Resource(
        path: "control-snapshots",
        noun: "ControlSnapshot",
        readers: .headsOfSchool,
        writers: .headsOfSchool,
        without: [.delete],
        fields: [
            ResourceField("starts_on", .date).fixed,
            ResourceField("ends_on", .date).fixed,
            ResourceField("note", .text(maximum: 500)).nullable,
            ResourceField("kind", .word(["manual", "week", "term"])).readOnly,
            ResourceField("academic_year_id", .identifier).readOnly,
            ResourceField("term_id", .identifier).nullable.readOnly,
            ResourceField("taken_by", .identifier).nullable.readOnly,
            ResourceField("taken_at", .text(maximum: 40)).readOnly,
        ],
        order: ["ends_on"],
        refusals: [
            "control_snapshots_dates": .endsBeforeStart,
            "control_snapshots_length": .init(
                field: "ends_on", code: "too_long", ru: "Снимок — не больше чем за год.",
                en: "A snapshot covers at most a year."),
            "control_snapshots_in_year": .init(
                field: "starts_on", code: "outside_year", ru: "Дни вне учебных лет или ещё не начались.",
                en: "The days lie outside the academic years, or have not begun."),
            "control_snapshots_once": .init(
                field: "starts_on", code: "taken", ru: "Снимок этих дней уже есть.",
                en: "There is a snapshot of these days already."),
        ])
}

extension BackgroundWork {
    /// A snapshot of the last week, and of a term that has ended. It takes each only once, so it may run at any time; an
    /// hour is how late it is after midnight.
    package static let takeControlSnapshots = BackgroundWork(
        "take_control_snapshots", .every(seconds: 3600)
    ) { attempt in
        _ = try await attempt.run([take()])
        return .done
    }

    private static let take = Statement("SELECT lyceum.take_control_snapshots()")
}
