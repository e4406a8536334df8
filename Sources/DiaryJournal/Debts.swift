import Diary
import Postgres
import Web

/// Academic debts (M13). Triggers on the final marks open and cancel them, an attempt settles them (`DebtAttempts`).
///
/// Heads and deputy heads read all of them, class teachers those of their class, families their own. Administrators
/// read no marks, and so no debts.
package enum Debts {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/debts", "listDebts", access: readers.programs(.journalRead), list),
        .get("/v1/debts/{debt_id}", "getDebt", access: readers.programs(.journalRead), show),
        .get("/v1/students/{student_id}/debts", "listStudentDebts", access: .readersOfMarks, listOfStudent),
    ]

    static let readers = Access.roles([.head, .deputyHead, .classTeacher])

    static let changed = ChangedEntity(
        "debts", access: readers.programs(.journalRead), circles: ["diary"],
        rows: { caller, ids in
            some(.integer(caller.school.id), .boolean(caller.readsAll), caller.person, ids)
        },
        familyCircles: ["diary"],
        familyRows: { caller, ids in familySome(.integer(caller.school.id), ids) })

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let state = query.option("state", of: ["open", "settled", "cancelled"])
        let year = query.identifier("academic_year_id")
        let ofClass = query.identifier("class_id")
        let page = Page(&query, keys: [.date, .identifier])
        try query.finish()
        let filters = reader(caller) + [.text(state), .text(year), .text(ofClass)]
        let rows = filters + [.text(page.after?[0]), .text(page.after?[1]), .integer(page.limit + 1)]
        return try await ListAnswer(request, caller, page).read(
            Query(statement: debts, parameters: rows), key: ["opened_on", "id"],
            total: Query(statement: total, parameters: filters + [.boolean(page.wantsTotal)])
        ) {
            List("attempts", Query(statement: attemptsOfDebts, parameters: rows))
        }
    }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let parameters = reader(caller) + [.text(try request.identifier("debt_id"))]
        let debt = Query(statement: one, parameters: parameters)
        return try await Answer {
            Gate(debt)
            Fields(debt)
            List("attempts", Query(statement: attemptsOfOne, parameters: parameters))
        }.tagged(for: caller)
    }

    @Sendable static func listOfStudent(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let state = query.option("state", of: ["open", "settled"])
        let page = Page(&query, keys: [.date, .identifier])
        try query.finish()
        let dated = StudentGate.isDated(for: caller)
        let filters: [Parameter] = [.integer(caller.school.id), .text(state), .boolean(dated)]
        let rows = filters + [.text(page.after?[0]), .text(page.after?[1]), .integer(page.limit + 1)]
        return try await ListAnswer(request, caller, page).read(
            behind: StudentGate.open(caller, try request.identifier("student_id")),
            Query(statement: ofStudent, parameters: rows), key: ["opened_on", "id"],
            total: Query(statement: totalOfStudent, parameters: filters + [.boolean(page.wantsTotal)])
        ) {
            List("attempts", Query(statement: attemptsOfStudent, parameters: rows))
        }
    }

    // MARK: SQL. `$1` is the school; for staff `$2` whether the reader reads all, `$3` the reader.

    private static func reader(_ caller: Caller) -> [Parameter] {
        [.integer(caller.school.id), .boolean(caller.readsAll), caller.person]
    }

    private static let seen = """
        FROM debts d
        WHERE d.school_id = $1
            AND (
                $2::boolean
                OR d.student_id = ANY ((SELECT lyceum.led_ids($1, $3::uuid, true))::uuid[]) AND d.published_at <= now()
            )
        """

    private static let filtered = """
        \(seen) AND ($4::text IS NULL OR d.state = $4) AND ($5::uuid IS NULL OR d.academic_year_id = $5::uuid)
            AND (
                $6::uuid IS NULL
                OR d.student_id IN (
                    SELECT e.student_id FROM enrollments e
                    WHERE e.school_id = $1 AND e.class_id = $6::uuid
                        AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
                )
            )
        """

    /// The oldest first.
    private static func page(_ from: String, after: Int) -> String {
        """
        SELECT d.* \(from) AND ($\(after)::date IS NULL OR (d.opened_on, d.id) > ($\(after)::date, $\(after + 1)::uuid))
        ORDER BY d.opened_on, d.id
        LIMIT $\(after + 2)::int
        """
    }

    private static func select(_ rows: String) -> String {
        """
        SELECT d.id, \(SharedSQL.person("u", as: "student")), j.id AS "subject.id", j.name AS "subject.name",
            y.id AS "academic_year.id", y.name AS "academic_year.name", d.term_id,
            lyceum.mark_value(CASE WHEN d.number IS NULL THEN 'code' ELSE 'number' END, d.number, d.code, NULL) AS opened_by,
            d.state, d.opened_on, d.settled_on, d.version
        FROM (\(rows)) d
        JOIN users u ON u.school_id = $1 AND u.id = d.student_id
        JOIN subjects j ON j.school_id = $1 AND j.id = d.subject_id
        JOIN academic_years y ON y.school_id = $1 AND y.id = d.academic_year_id
        ORDER BY d.opened_on, d.id
        """
    }

    private static func attempts(of rows: String) -> String {
        """
        SELECT d.id AS _parent, a.id, a.ordinal, a.held_on, a.commission, a.result, a.number,
            o.id AS "protocol?.id", o.number AS "protocol?.number", o.issued_on AS "protocol?.issued_on"
        FROM (\(rows)) d
        JOIN debt_attempts a ON a.school_id = $1 AND a.debt_id = d.id
        LEFT JOIN orders o ON o.school_id = $1 AND o.id = a.order_id
        ORDER BY d.opened_on, d.id, a.ordinal
        """
    }

    private static let debts = Statement(select(page(filtered, after: 7)))
    private static let attemptsOfDebts = Statement(attempts(of: page(filtered, after: 7)))
    private static let total = Statement("SELECT CASE WHEN $7::boolean THEN (SELECT count(*) \(filtered)) END AS total")
    private static let one = Statement(select("SELECT d.* \(seen) AND d.id = $4::uuid"))
    private static let attemptsOfOne = Statement(attempts(of: "SELECT d.* \(seen) AND d.id = $4::uuid"))
    private static let some = Statement(
        select("SELECT d.* \(seen) AND d.id = ANY ($4::uuid[]) AND d.state <> 'cancelled'"))

    /// A debt that was cancelled was a mistake, so families do not see it. Its day is the last one of its term or year.
    private static let family = """
        FROM debts d
        WHERE d.school_id = $1 AND d.student_id = \(StudentGate.student) AND d.state <> 'cancelled'
            AND d.published_at <= now()
        """
    private static let familyFiltered = """
        \(family) AND ($2::text IS NULL OR d.state = $2)
            AND (
                NOT $3::boolean
                OR coalesce(
                    (SELECT t.ends_on FROM terms t WHERE t.school_id = $1 AND t.id = d.term_id),
                    (SELECT y.ends_on FROM academic_years y WHERE y.school_id = $1 AND y.id = d.academic_year_id)
                ) <@ \(StudentGate.days)
            )
        """
    private static let ofStudent = Statement(select(page(familyFiltered, after: 4)))
    private static let attemptsOfStudent = Statement(attempts(of: page(familyFiltered, after: 4)))
    private static let totalOfStudent = Statement(
        "SELECT CASE WHEN $4::boolean THEN (SELECT count(*) \(familyFiltered)) END AS total")
    private static let familySome = Statement(select("SELECT d.* \(family) AND d.id = ANY ($2::uuid[])"))
}
