import Diary
import Postgres
import Web

/// Who reads what is written about a student: feedback and conduct notes. `$1` is the school, `$3` whether the reader
/// reads all, `$4` the reader.
enum RecordReaders {
    /// The relations of the reader to a student, once for all rows: `v.family`, and `v.days`, which the reader sees as
    /// the student's class teacher.
    static func relation(to student: String) -> String {
        """
        CROSS JOIN LATERAL (
            SELECT lyceum.sees_student($1, $4::uuid, \(student)) AS family, lyceum.led_days($1, $4::uuid, \(student)) AS days
            OFFSET 0
        ) v
        """
    }

    /// A student of whom the reader may see something. Teachers of the student get the list, with their own records.
    static let student = Statement(
        """
        SELECT s.id
        FROM students s
        \(relation(to: "s.id"))
        WHERE s.school_id = $1 AND s.id = $2::uuid
            AND ($3::boolean OR v.family OR v.days IS NOT NULL OR lyceum.teaches_student(s.id))
        """)

    /// A record `x`. Its author and the teachers of its section see it before its publication (M12).
    static func sees(day: String, hasSection: Bool) -> String {
        """
        (
            $3::boolean OR x.author_id = $4::uuid
            \(hasSection ? "OR lyceum.reads_section($1, $4::uuid, x.section_id)" : "")
            OR x.published_at <= now() AND (v.family OR coalesce(\(day) <@ v.days, false))
        )
        """
    }

    /// A3: a guardian sees only the own acknowledgement; staff, apart from their own children, see those of all guardians.
    static func seesGuardian(_ student: String, _ guardian: String) -> String {
        "(\(guardian) = $4::uuid OR NOT lyceum.sees_student($1, $4::uuid, \(student)))"
    }

    /// A page of the student's records, newest first. `list` gets the filters, then the day and the id of the cursor and
    /// the limit; `total` gets the filters and whether it is wanted.
    static func list(
        _ request: Request, _ caller: Caller, _ page: Page, _ filters: [Parameter], _ list: Statement, total: Statement
    ) async throws -> Response {
        let student = parameters(caller, try request.identifier("student_id"))
        return try await ListAnswer(request, caller, page).read(
            behind: Query(statement: Self.student, parameters: student),
            Query(
                statement: list,
                parameters: student + filters + [
                    .text(page.after?[0]), .text(page.after?[1]), .integer(page.limit + 1),
                ]),
            key: ["date", "id"],
            total: Query(statement: total, parameters: student + filters + [.boolean(page.wantsTotal)]))
    }

    static func parameters(_ caller: Caller, _ id: String) -> [Parameter] {
        [.integer(caller.school.id), .text(id), .boolean(caller.readsAll), caller.person]
    }
}
