import Postgres
import Web

/// Decides whether the caller reads a section's journal, for all statements of a segment; see `StudentGate` for the way.
package enum SectionGate {
    /// The section that the gate let through; NULL when it is closed.
    package static let section = Setting.section.value

    /// A4: who taught it at any time and heads read it whole, a class teacher for own pupils; who led one of them earlier, until
    /// the last day of that (`until`, which is infinity for the others).
    package static func open(_ caller: Caller, _ id: String) -> Query {
        gate(.integer(caller.school.id), .text(id), .boolean(caller.readsAll), caller.person)
    }

    /// The same for writing: the section's row is locked until the end of the transaction, so that two batches for one page
    /// take turns and each sees what the other did.
    package static func lock(_ caller: Caller, _ id: String) -> Query {
        lockingGate(.integer(caller.school.id), .text(id), .boolean(caller.readsAll), caller.person)
    }

    /// SQL that holds for who reads all of the section.
    package static let isReadWhole = "(SELECT \(Setting.sectionReader.text) = 'whole')"

    /// The last day that the caller reads; NULL when the gate is closed.
    package static let until = Setting.until.value

    /// `OFFSET 0`: asked once, however often the statement names it.
    private static let reader = """
        CROSS JOIN LATERAL (SELECT $3::boolean OR lyceum.reads_section($1, $4::uuid, s.id) AS whole OFFSET 0) r
        """
    private static let settings = """
        \(Setting.section.set(to: "s.id")) AS _section,
        \(Setting.sectionReader.set(to: "CASE WHEN r.whole THEN 'whole' ELSE 'own' END")) AS _reader
        """

    private static let gate = Statement(
        """
        SELECT s.id, s.name, s.kind, s.grading, j.id AS "subject.id", j.name AS "subject.name",
            g.id AS "group.id", g.name AS "group.name", s.academic_year_id,
            coalesce(t.scale_min, 2) AS "scale.minimum", coalesce(t.scale_max, 5) AS "scale.maximum",
            lyceum.teaches($1, $4::uuid, s.id, lyceum.today()) AS may_edit, \(settings),
            \(Setting.until.set(to: "d.until")) AS _until
        FROM sections s
        JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
        JOIN subjects j ON j.school_id = s.school_id AND j.id = s.subject_id
        LEFT JOIN school_settings t ON t.school_id = s.school_id
        \(reader)
        CROSS JOIN LATERAL (
            SELECT CASE WHEN r.whole THEN 'infinity' ELSE lyceum.led_until($1, $4::uuid, s.id) END AS until
            OFFSET 0
        ) d
        WHERE s.school_id = $1 AND s.id = $2::uuid AND d.until IS NOT NULL
        """)

    private static let lockingGate = Statement(
        """
        SELECT s.id, \(settings)
        FROM sections s
        \(reader)
        WHERE s.school_id = $1 AND s.id = $2::uuid AND (r.whole OR lyceum.leads_member($1, $4::uuid, s.id))
        FOR NO KEY UPDATE OF s
        """)
}

extension Setting {
    fileprivate static let section = Setting("section", .uuid)
    /// `whole` or `own`: whose rows of the section are read.
    fileprivate static let sectionReader = Setting("section_reader", .text)
    fileprivate static let until = Setting("until", .date)
}
