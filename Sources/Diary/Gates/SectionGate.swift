import Postgres
import Web

/// Decides whether the caller may read a section's journal, for all statements of a segment; `StudentGate` describes
/// how.
package enum SectionGate {
    /// The section if the gate is open, else NULL.
    package static let section = Setting.section.value

    /// A4: heads and everybody who has ever taught the section read all of it; a class teacher reads the rows of the
    /// class's own students; a former class teacher of a member reads them until the last day in that role (`until`,
    /// infinity for the others).
    package static func open(_ caller: Caller, _ id: String) -> Query {
        gate(.integer(caller.school.id), .text(id), .boolean(caller.readsAll), caller.person)
    }

    /// The same for writes: locks the section's row until the end of the transaction, so that two batches for one page
    /// run one after the other and the second sees the changes of the first.
    package static func lock(_ caller: Caller, _ id: String) -> Query {
        lockingGate(.integer(caller.school.id), .text(id), .boolean(caller.readsAll), caller.person)
    }

    /// An SQL condition: the caller reads all of the section.
    package static let isReadWhole = "(SELECT \(Setting.sectionReader.text) = 'whole')"

    /// The last day that the caller may read; NULL when the gate is closed.
    package static let until = Setting.until.value

    /// `OFFSET 0` makes PostgreSQL evaluate the function once, however often the statement uses its result.
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
    /// `whole`: the caller reads the rows of all members; `own`: only those of the caller's own class.
    fileprivate static let sectionReader = Setting("section_reader", .text)
    fileprivate static let until = Setting("until", .date)
}
