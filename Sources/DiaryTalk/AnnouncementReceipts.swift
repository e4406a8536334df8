import Diary
import HTTP1
import JSON
import Postgres
import Web

/// People confirm that they have read an announcement, and acknowledge it if it asks for that (C2). Everybody writes only
/// their own receipt. A later change of title or text needs another acknowledgement.
package enum AnnouncementReceipts {
    package static let routes: [Route<Access, Caller>] = [
        .put("/v1/announcements/{announcement_id}/receipt", "confirmAnnouncement", access: .signedIn, confirm),
        .put("/v1/announcements/{announcement_id}/acknowledgement", "acknowledgeAnnouncement", access: .signedIn) {
            try await acknowledge($0, $1)
        },
    ]

    @Sendable static func confirm(_ request: Request, _ caller: Caller) async throws -> Response {
        try await write(request, caller, read)
    }

    @Sendable static func acknowledge(_ request: Request, _ caller: Caller) async throws -> Response {
        try await write(request, caller, acknowledgement)
    }

    /// For the version of the text that the caller has seen.
    private static func write(_ request: Request, _ caller: Caller, _ insert: Statement) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.identifier("announcement_id")
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let version = reader.integer("text_version", in: 1...Int(Int32.max)).value
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let insert = insert(.integer(caller.school.id), .text(id), caller.person, .integer(version))
        let receipt = receipt(.integer(caller.school.id), .text(id), caller.person)
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(of: [insert, receipt])
        let rows = try results[receipt]
        guard !rows.isEmpty, let current = rows.integer(0, "text_version") else { throw Problem(.notFound) }
        guard current == version else {
            throw Problem(
                .staleVersion,
                items: [
                    .init(
                        pointer: "/text_version", code: "stale_version", detail: ProblemKind.staleVersion.detail,
                        current: Array(#"{"version":\#(current)}"#.utf8))
                ])
        }
        return .json(JSONWriter.object(rows))
    }

    // MARK: SQL. `$1` is the school, `$2` the announcement, `$3` the person.

    private static let reaching = """
        FROM announcements a
        WHERE a.school_id = $1 AND a.id = $2::uuid AND a.withdrawn_at IS NULL AND a.starts_at <= now()
            AND lyceum.is_reached($1, $3::uuid, a.audience)
        """

    private static let read = Statement(
        """
        INSERT INTO announcement_receipts (school_id, announcement_id, person_id, text_version)
        SELECT a.school_id, a.id, $3::uuid, a.text_version \(reaching) AND a.text_version = $4::int
        ON CONFLICT DO NOTHING
        """)

    private static let acknowledgement = Statement(
        """
        INSERT INTO announcement_receipts (school_id, announcement_id, person_id, text_version, acknowledged_at)
        SELECT a.school_id, a.id, $3::uuid, a.text_version, now() \(reaching) AND a.text_version = $4::int
        ON CONFLICT (school_id, announcement_id, person_id, text_version) DO UPDATE
        SET acknowledged_at = coalesce(announcement_receipts.acknowledged_at, now())
        """)

    private static let receipt = Statement(
        """
        SELECT a.id AS announcement_id, a.text_version, t.read_at, t.acknowledged_at
        FROM (SELECT a.* \(reaching)) a
        LEFT JOIN announcement_receipts t ON t.school_id = a.school_id AND t.announcement_id = a.id
            AND t.person_id = $3::uuid AND t.text_version = a.text_version
        """)
}
