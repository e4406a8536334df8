import Diary
import HTTP1
import JSON
import Postgres
import Web

/// What was asked and answered in a consultation (C4). Messages never change.
package enum ConsultationMessages {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/consultations/{consultation_id}/messages", "listConsultationMessages", access: .signedIn, list),
        .post("/v1/consultations/{consultation_id}/messages", "createConsultationMessage", access: .signedIn, create),
    ]

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.identifier])
        try query.finish()
        let parameters: [Parameter] = [
            .integer(caller.school.id), .text(try request.identifier("consultation_id")), caller.person,
        ]
        return try await ListAnswer(request, caller, page).read(
            behind: Query(statement: consultation, parameters: parameters),
            Query(statement: messages, parameters: parameters + [.text(page.after?[0]), .integer(page.limit + 1)]),
            key: ["id"], total: Query(statement: total, parameters: parameters + [.boolean(page.wantsTotal)]))
    }

    /// The asker's message is a question: it opens an answered consultation again, and a closed one for some days. An
    /// administrator answers, or notes what the asker should know while the question waits.
    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.identifier("consultation_id")
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let text = reader.writtenText("text", maximum: Consultations.longestText).value
        let kind = reader.enumeration("kind", of: ["question", "answer", "note"]).value
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let school = Parameter.integer(caller.school.id)
        let message = caller.services.newID()
        let gate = lock(school, .text(id), caller.person)
        let insert = insertIfSeen(school, .text(message), .text(id), .text(kind), .text(text), caller.person)
        let row = one(school, .text(message), caller.person)
        return try await Idempotency.run(request, caller, keeper: { one(school, .text($0), caller.person) }) { work in
            let results = try await work.results(of: [gate, insert, row] + work.settling)
            try Consultations.checkLimit(results)
            try results.check()
            guard try !results[gate].isEmpty else { throw Problem(.notFound) }
            var response = Response.json(JSONWriter.object(try results[row]))
            response.status = .created
            return response
        }
    }

    // MARK: SQL. `$1` is the school.

    private static let consultation = Statement(
        """
        SELECT c.id FROM consultations c
        WHERE c.school_id = $1 AND c.id = $2::uuid AND \(Consultations.isSeen(by: "$3::uuid"))
        """)
    private static let lock = Statement(consultation.sql + " FOR NO KEY UPDATE")

    private static let columns = """
        m.id, m.kind, m.text, \(SharedSQL.person("u", as: "author")), m.written_at
        """
    private static let wanted = """
        FROM consultation_messages m
        JOIN users u ON u.school_id = $1 AND u.id = m.author_id
        WHERE m.school_id = $1 AND m.consultation_id = $2::uuid AND $3::uuid IS NOT NULL
        """
    private static let messages = Statement(
        """
        SELECT \(columns) \(wanted) AND ($4::uuid IS NULL OR m.id > $4::uuid) ORDER BY m.id LIMIT $5::int
        """)
    private static let total = Statement("SELECT CASE WHEN $4::boolean THEN (SELECT count(*) \(wanted)) END AS total")

    private static let one = Statement(
        """
        SELECT \(columns)
        FROM consultation_messages m
        JOIN users u ON u.school_id = $1 AND u.id = m.author_id
        JOIN consultations c ON c.school_id = $1 AND c.id = m.consultation_id
        WHERE m.school_id = $1 AND m.id = $2::uuid AND \(Consultations.isSeen(by: "$3::uuid"))
        """)

    static let insert = Statement(
        "INSERT INTO consultation_messages (school_id, id, consultation_id, kind, text) VALUES ($1, $2::uuid, $3::uuid, $4, $5)"
    )
    private static let insertIfSeen = Statement(
        """
        INSERT INTO consultation_messages (school_id, id, consultation_id, kind, text)
        SELECT $1, $2::uuid, c.id, $4, $5
        FROM consultations c
        WHERE c.school_id = $1 AND c.id = $3::uuid AND \(Consultations.isSeen(by: "$6::uuid"))
        """)
}
