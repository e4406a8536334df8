import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Secret links to calendars of lessons, for calendar programs, which cannot sign in (docs/decisions/0047): of a student
/// for the family, of a class for its class teacher and managers, of a teacher for that teacher and managers.
///
/// The address is shown once, when the link is made. People list and delete their own links.
package enum CalendarLinks {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/calendar-links", "listCalendarLinks", access: .signedIn.ownApps, list),
        .post("/v1/calendar-links", "createCalendarLink", access: .signedIn.ownApps, create),
        .delete("/v1/calendar-links/{calendar_link_id}", "deleteCalendarLink", access: .signedIn.ownApps, delete),
    ]

    private static let subjects = ["student_id", "class_id", "teacher_id"]

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.identifier])
        try query.finish()
        let owner: [Parameter] = [.integer(caller.school.id), caller.person]
        return try await ListAnswer(request, caller, page).read(
            Query(statement: links, parameters: owner + [.text(page.after?[0]), .integer(page.limit + 1)]),
            key: ["id"], total: Query(statement: total, parameters: owner + [.boolean(page.wantsTotal)]))
    }

    /// There is no Idempotency-Key: the kept answer would be a stored secret.
    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let given = subjects.map { ($0, reader.uuid($0, .nullable).value) }
        let named = given.filter { $0.1 != nil }
        if named.isEmpty, problems.isEmpty { reader.add("student_id", .required) }
        if named.count > 1 { problems.add(FieldProblem(reader.pointer.appending(named[1].0), "exclusive")) }
        reader.finish()
        if let problem = Problem(problems) { throw problem }

        let token = OpaqueToken.make(.calendarLink, school: caller.school.id, id: caller.services.newID())
        let school = Parameter.integer(caller.school.id)
        let link = one(school, .text(token.id))
        let insert = Query(
            statement: insert,
            parameters: [school, .text(token.id), caller.person, .bytes(try token.hash())]
                + given.map { .text($0.1) })
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(of: [insert, link])
        if let refusal = results.refusal {
            // A student, class or teacher of another school.
            if refusal.sqlState == "23503" { throw Problem(.notFound) }
            throw PostgresError.refused(refusal)
        }
        let base = caller.services.base(of: request)
        var writer = JSONWriter()
        writer.beginObject()
        writer.fields(try results[link], row: 0)
        writer.key("url")
        writer.string("\(base)\(CalendarFeed.path(of: token))")
        writer.endObject()
        return .json(writer, status: .created)
    }

    @Sendable static func delete(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let gone = try await caller.services.lanes.write(
            caller.scope,
            [
                remove(
                    .integer(caller.school.id), .text(try request.identifier("calendar_link_id")), caller.person)
            ])[0]
        guard gone.affected == 1 else { throw Problem(.notFound) }
        return .empty
    }

    // MARK: SQL. `$1` is the school.

    private static let columns = """
        k.id, k.student_id, k.class_id, k.teacher_id,
            lyceum.calendar_link_holds(k.school_id, k.owner_id, k.student_id, k.class_id, k.teacher_id) AS is_valid,
            k.created_at
        """
    private static let own = "FROM calendar_links k WHERE k.school_id = $1 AND k.owner_id = $2::uuid"
    private static let links = Statement(
        """
        SELECT \(columns) \(own) AND ($3::uuid IS NULL OR k.id > $3::uuid)
        ORDER BY k.id
        LIMIT $4::int
        """)
    private static let total = Statement("SELECT CASE WHEN $3::boolean THEN (SELECT count(*) \(own)) END AS total")
    private static let one = Statement(
        "SELECT \(columns) FROM calendar_links k WHERE k.school_id = $1 AND k.id = $2::uuid")

    private static let insert = Statement(
        """
        INSERT INTO calendar_links (school_id, id, owner_id, secret_hash, student_id, class_id, teacher_id)
        VALUES ($1, $2::uuid, $3::uuid, $4::bytea, $5::uuid, $6::uuid, $7::uuid)
        """)

    private static let remove = Statement(
        "DELETE FROM calendar_links WHERE school_id = $1 AND id = $2::uuid AND owner_id = $3::uuid")
}
