import Diary
import JSON
import Postgres
import Web

/// The journal page of a section: lessons, columns, students, marks, attendance, feedback and final marks, in one round
/// trip and one snapshot.
package enum Journal {
    package static let routes: [Route<Access, Caller>] = [
        .get(
            "/v1/sections/{section_id}/journal", "getSectionJournal", access: .readersOfJournals.programs(.journalRead),
            show)
    ]

    static let longestRange = 366

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let term = query.identifier("term_id")
        let range = query.dateRange(longest: longestRange)
        let since = try ChangeCursor(&query, "since", pages: false)
        if term != nil && range != nil {
            query.add(
                "term_id", "exclusive",
                Text(ru: "Передайте либо term_id, либо from и to.", en: "Give either term_id, or from and to."))
        }
        try query.finish()
        let school = Parameter.integer(caller.school.id)
        let id = try request.identifier("section_id")
        let section = SectionGate.open(caller, id)
        let days = range.map { datesAsked(.text($0.from), .text($0.to)) } ?? dates(school, .text(term))
        let now = ChangeCursor.now(since)
        let common: [Parameter] = [school, .boolean(since != nil)]
        let reader = common + [caller.person]
        return try await Answer(capacity: 64 * 1024) {
            Gate(section)
            Gate(days) { withoutDays(try $0[section]) }
            Gate(now, unless: "_expired", else: Problem(.cursorExpired))
            if let since { Silent(changes(school, since.since)) }
            Object("section") {
                Fields(section)
                List("codes", markCodes(school))
                List("attendance_codes", attendanceCodes(school))
                List("categories", categories(school))
            }
            Fields(days)
            List("lessons", Query(statement: lessons, parameters: reader)) {
                List("homework", Query(statement: homework, parameters: reader))
            }
            List("line_items", Query(statement: lineItems, parameters: common))
            List("students", students(school, caller.person))
            List("marks", Query(statement: marks, parameters: reader))
            List("attendance", Query(statement: attendance, parameters: reader))
            List("feedback", Query(statement: feedback, parameters: reader))
            List("finals", Query(statement: finals, parameters: reader))
            List("carried_marks", carriedMarks(school, caller.person))
        } untagged: {
            // The cursor changes with transactions that have nothing to do with this page.
            Member("cursor") { $0.string(ChangeCursor(try $1[now]).text) }
        }.tagged(
            for: caller,
            since == nil
                ? Keeping(
                    "getSectionJournal", .section(id, reader: caller.user), [term, range?.from, range?.to],
                    standing: standing(school))
                : nil)
    }

    /// M10: the page also shows marks that its students got in other sections of the subject. For a caller who reads
    /// only the own students this returns no row, so the answer is not kept.
    private static let standing = KeptAnswers.standing(
        """
        SELECT c.circle, c.id
        FROM sections s
        CROSS JOIN LATERAL (
            VALUES ('school', lyceum.nobody()), ('section', s.id), ('journal', s.id), ('group', s.group_id)
        ) c (circle, id)
        WHERE s.school_id = $1 AND s.id = \(section) AND \(SectionGate.isReadWhole)
        UNION ALL
        SELECT c.circle, o.id
        FROM sections s
        JOIN sections o ON o.school_id = s.school_id AND o.academic_year_id = s.academic_year_id
            AND o.subject_id = s.subject_id AND o.id <> s.id
        CROSS JOIN (VALUES ('section'), ('journal')) c (circle)
        WHERE s.school_id = $1 AND s.id = \(section) AND \(SectionGate.isReadWhole)
            AND EXISTS (
                SELECT
                FROM group_members m
                JOIN group_members n ON n.school_id = m.school_id AND n.student_id = m.student_id
                WHERE m.school_id = $1 AND m.group_id = s.group_id AND n.group_id = o.group_id
            )
        """)

    /// The problem if there are no days: a former class teacher asked for days after that time, or there is no such
    /// term.
    private static func withoutDays(_ section: Rows) -> Problem {
        guard section.text(0, "_until") == "infinity" else { return Problem(.notFound) }
        return Problem.invalid(
            parameter: "term_id", "unknown_term", ru: "У этого журнала нет такого периода.",
            en: "The section has no such term.")
    }

    // MARK: SQL. `$1` is the school, `$2` whether only changes are wanted, `$3` the reader.

    static let section = SectionGate.section
    // When the gate is closed, the dates are NULL too, and the queries return no rows.
    static let from = Setting.from.value
    static let to = Setting.to.value

    /// Stores the ids of the rows that have changed since the cursor `$2` in settings, for the statements after it.
    private static let changes = Statement(
        """
        SELECT \(JournalSetting.changed.map { entity, setting in
            setting.set(to: "array_agg(i.id) FILTER (WHERE x.entity = '\(entity)')") + " AS _\(entity)"
        }.joined(separator: ", "))
        FROM changes x
        CROSS JOIN LATERAL unnest(x.ids) i (id)
        WHERE x.school_id = $1 AND x.circle_id = \(section) AND x.circle IN ('section', 'journal')
            AND \(ChangeCursor.isNew("x", since: "$2"))
        """)

    static func isChanged(_ id: String, _ entity: String) -> String {
        "\(id) = ANY (\(JournalSetting.changed[entity]!.value))"
    }
    static func changed(_ entity: String) -> String { "(NOT $2::boolean OR \(isChanged("x.id", entity)))" }

    /// Today; for a former class teacher at most the last day in that role.
    private static let today = "least(lyceum.today(), \(SectionGate.until))"

    private static let datesAsked = Statement(days("SELECT $1::date AS first, $2::date AS last"))

    /// The days of the page: the requested term, else the term that began last, else the first one.
    private static let dates = Statement(
        days(
            """
            (
                SELECT t.starts_on AS first, t.ends_on AS last
                FROM lyceum.section_terms t
                WHERE t.school_id = $1 AND t.section_id = \(section) AND ($2::uuid IS NULL OR t.term_id = $2::uuid)
                ORDER BY t.starts_on > \(today), abs(t.starts_on - \(today))
                LIMIT 1
            )
            UNION ALL
            -- A year without terms: the whole year.
            SELECT y.starts_on, y.ends_on
            FROM sections s
            JOIN academic_years y ON y.school_id = s.school_id AND y.id = s.academic_year_id
            WHERE $2::uuid IS NULL AND s.school_id = $1 AND s.id = \(section)
                AND NOT EXISTS (
                    SELECT FROM terms t WHERE t.school_id = s.school_id AND t.academic_year_id = s.academic_year_id
                )
            """))

    /// The first range that has days for the reader, cut to those days.
    private static func days(_ ranges: String) -> String {
        """
        SELECT r.first AS "from", least(r.last, \(SectionGate.until)) AS "to",
            \(Setting.from.set(to: "r.first")) AS _from,
            \(Setting.to.set(to: "least(r.last, \(SectionGate.until))")) AS _to
        FROM (\(ranges)) r
        WHERE r.first <= \(SectionGate.until)
        LIMIT 1
        """
    }

    /// With `since` also lessons that were moved out of the range. With `until` nothing that the reader does not see.
    static let isInRange = """
        (
            x.date BETWEEN \(from) AND \(to)
            OR $2::boolean AND \(isChanged("x.id", "lessons")) AND x.date <= \(SectionGate.until)
        )
        """
}

/// Settings with the ids of changed rows, by the name of the entity in the log.
private enum JournalSetting {
    static let changed = Dictionary(
        uniqueKeysWithValues: ["lessons", "homework", "line_items", "marks", "attendance", "feedback", "final_marks"]
            .map { ($0, Setting("changed_\($0)", .uuids)) })
}
