import Diary
import Postgres
import Web

/// S5.3: the proof that the class teacher informed the families of the class. The report `informing-families` stands on
/// the same function, `lyceum.informed`.
package enum Informing {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/classes/{class_id}/informing", "listInforming", access: .informers, list)
    ]

    static let longestRange = 366

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let range = query.dateRange(longest: longestRange)
        try query.finish()
        let schoolClass = ClassGate.open(caller, try request.identifier("class_id"))
        return try await Answer(capacity: 16 * 1024) {
            Gate(schoolClass)
            Object("class", schoolClass)
            Fields(ClassGate.dates(caller, from: range?.from, to: range?.to))
            List("students", students(.integer(caller.school.id)))
        }.tagged(for: caller)
    }

    private static let students = Statement(
        """
        WITH informed AS MATERIALIZED (
            SELECT i.*
            FROM lyceum.informed(
                $1, \(ClassGate.students), (SELECT \(Setting.from.value)), (SELECT \(Setting.to.value))
            ) i
        ), last AS (
            SELECT DISTINCT ON (i.student_id) i.*
            FROM informed i
            ORDER BY i.student_id, i.date DESC, i.informed_at DESC NULLS LAST, i.entity_id DESC
        ), counts AS (
            SELECT i.student_id, count(*) AS times, count(*) FILTER (WHERE i.is_read) AS times_read,
                max(i.date) FILTER (WHERE i.is_read) AS last_read
            FROM informed i
            GROUP BY i.student_id
        )
        SELECT u.id, u.last_name, u.first_name, u.middle_name, a.account, coalesce(c.times, 0) AS times,
            coalesce(c.times_read, 0) AS times_read, c.last_read AS last_read_on,
            l.date AS "last?.date", l.informed_at AS "last?.informed_at", l.means AS "last?.means",
            l.entity AS "last?.entity", l.entity_id AS "last?.entity_id", l.author_id AS "last?.author_id",
            l.is_read AS "last?.is_read", l.read_at AS "last?.read_at", l.version AS "last?.version",
            l.read_version AS "last?.read_version"
        FROM unnest(\(ClassGate.students)) WITH ORDINALITY p (id, number)
        JOIN users u ON u.school_id = $1 AND u.id = p.id
        JOIN lyceum.family_accounts($1, \(ClassGate.students)) a ON a.student_id = p.id
        LEFT JOIN last l ON l.student_id = p.id
        LEFT JOIN counts c ON c.student_id = p.id
        ORDER BY p.number
        """)
}
