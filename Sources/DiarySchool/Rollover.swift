import Diary
import JSON
import Postgres
import Web

/// The next year's classes, enrollments, class teachers, groups, sections and their teachers, made from this year's (Y1).
/// What the next year has already is left as it is, so a rollover may be repeated.
package enum Rollover {
    package static let routes: [Route<Access, Caller>] = [
        .post("/v1/academic-years/{academic_year_id}/rollover", "rollOverAcademicYear", access: .managers, rollOver)
    ]

    @Sendable static func rollOver(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let isDry = query.flag("dry_run")
        try query.finish()
        let from = try request.identifier("academic_year_id")
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let to = reader.uuid("academic_year_id").value
        let assumesPromoted = reader.boolean("assume_promoted", .optional).value ?? false
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        func rollOver(_ work: Work) async throws -> Response {
            let years = years(.integer(caller.school.id), .text(from), .text(to))
            let made = made(.text(from), .text(to), .boolean(assumesPromoted))
            let results = try await work.results(of: [years, made, settle(.boolean(isDry))] + work.settling)
            let found = try results[years]
            guard found.boolean(0, "from") else { throw Problem(.notFound) }
            guard found.boolean(0, "to") else { throw Refusal.unknown("academic_year_id").problem }
            if let refusal = results.refusal, refusal.sqlState != "LYB02" { throw PostgresError.refused(refusal) }
            return try answer(results[made], isDry: isDry)
        }
        // A dry run leaves nothing, so there is nothing to keep an answer for.
        if isDry { return try await rollOver(.segment(caller.services.lanes, caller.scope)) }
        return try await Idempotency.run(request, caller) { try await rollOver($0) }
    }

    private static func answer(_ made: Rows, isDry: Bool) -> Response {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("dry_run")
        writer.boolean(isDry)
        for row in 0..<made.count {
            writer.key(made.text(row, "kind") ?? "")
            if let pupils = made.text(row, "pupils") {
                writer.raw(Array(pupils.utf8))
            } else {
                writer.integer(made.integer(row, "made") ?? 0)
            }
        }
        writer.endObject()
        return .json(writer)
    }

    private static let years = Statement(
        """
        SELECT EXISTS (SELECT FROM academic_years WHERE school_id = $1 AND id = $2::uuid) AS from,
            EXISTS (SELECT FROM academic_years WHERE school_id = $1 AND id = $3::uuid) AS to
        """)

    private static let made = Statement(
        "SELECT kind, made, pupils FROM lyceum.roll_over($1::uuid, $2::uuid, $3::boolean)")
    private static let settle = Statement("SELECT lyceum.settle_rollover($1::boolean)")
}
