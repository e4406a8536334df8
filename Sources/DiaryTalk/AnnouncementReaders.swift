import Diary
import HTTP1
import Postgres
import Web

/// Who has read an announcement (C2): for its author while the author may address this audience, for heads and deputy
/// heads, and for class teachers as far as it reaches people through students of their class.
package enum AnnouncementReaders {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/announcements/{announcement_id}/readers", "listAnnouncementReaders", access: .staff, list)
    ]

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let filters: [Parameter] = [
            .text(query.identifier("class_id")), .text(query.option("member", of: ["students", "guardians", "staff"])),
            .text(query.option("state", of: ["acknowledged", "read", "unread", "unreachable"])),
        ]
        let page = Page(&query, keys: [.text, .text, .identifier, .text])
        try query.finish()
        let announcement = [
            Parameter.integer(caller.school.id), .text(try request.identifier("announcement_id")),
        ]
        func of(_ statement: Statement, _ more: [Parameter] = []) -> Query {
            Query(statement: statement, parameters: announcement + more)
        }
        let gate = of(gate)
        let after = (0..<4).map { Parameter.text(page.after?[$0]) }
        return try await ListAnswer(request, caller, page).read(
            behind: gate, of(people, filters + after + [.integer(page.limit + 1)]),
            without: ["last_name", "first_name", "id"], key: ["last_name", "first_name", "id", "member"],
            total: of(total, filters + [.boolean(page.wantsTotal)]),
            beside: [.fields(gate), .list(List("totals", of(totals))), .list(List("classes", of(classes)))])
    }

    // MARK: SQL. `$1` is the school, `$2` the announcement.

    /// Stores the classes whose families the caller sees; '' means everybody.
    private static let gate = Statement(
        """
        SELECT a.id AS announcement_id, a.text_version, a.asks_acknowledgement,
            \(Setting.readersOfClasses.set(
                text: """
                    CASE WHEN v.all_readers THEN '' ELSE ARRAY(
                        SELECT t.class_id FROM class_teachers t
                        WHERE t.school_id = $1 AND t.teacher_id = lyceum.current_user_id()
                            AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
                    )::text END
                    """)) AS _classes
        FROM announcements a
        CROSS JOIN LATERAL (
            SELECT lyceum.has_role('head', 'deputy_head')
                OR a.author_id = lyceum.current_user_id() AND lyceum.refused_address(a.audience) IS NULL AS all_readers
            OFFSET 0
        ) v
        WHERE a.school_id = $1 AND a.id = $2::uuid
            AND (v.all_readers OR a.audience && lyceum.led_addresses($1, lyceum.current_user_id()))
        """)

    private static let readers = "lyceum.announcement_readers($1, $2::uuid, \(Setting.readersOfClasses.value))"

    /// Reached and not reached are together all of them.
    private static let counts = """
        count(*) AS people, count(*) FILTER (WHERE r.state IN ('acknowledged', 'read')) AS reached,
            count(*) FILTER (WHERE r.state IN ('unread', 'unreachable')) AS not_reached,
            count(*) FILTER (WHERE r.state = 'acknowledged') AS acknowledged,
            count(*) FILTER (WHERE r.state = 'unread') AS unread,
            count(*) FILTER (WHERE r.state = 'unreachable') AS unreachable
        """

    /// A person with children in several classes counts once.
    private static let totals = Statement(
        """
        SELECT r.member, \(counts)
        FROM (SELECT DISTINCT v.member, v.person_id, v.state FROM \(readers) v) r
        GROUP BY r.member ORDER BY r.member
        """)

    /// A person with children in several classes counts in each of them.
    private static let classes = Statement(
        """
        SELECT c.id AS "class.id", c.name AS "class.name", r.member, \(counts)
        FROM (SELECT DISTINCT v.class_id, v.member, v.person_id, v.state FROM \(readers) v) r
        JOIN classes c ON c.school_id = $1 AND c.id = r.class_id
        GROUP BY c.id, c.grade_level, c.name, r.member ORDER BY c.grade_level, c.name, c.id, r.member
        """)

    /// Each person with the students through whom the announcement reaches them.
    private static let wanted = """
        FROM (
            SELECT v.person_id, v.member, v.state, v.read_at, v.acknowledged_at,
                json_agg(
                    json_build_object('id', s.id, 'last_name', s.last_name, 'first_name', s.first_name,
                        'middle_name', s.middle_name)
                    ORDER BY s.last_name, s.first_name, s.id
                ) FILTER (WHERE s.id IS NOT NULL) AS students
            FROM \(readers) v
            LEFT JOIN users s ON s.school_id = $1 AND s.id = v.student_id
            WHERE ($3::uuid IS NULL OR v.class_id = $3::uuid) AND ($4::text IS NULL OR v.member = $4::text)
                AND ($5::text IS NULL OR v.state = $5::text)
            GROUP BY v.person_id, v.member, v.state, v.read_at, v.acknowledged_at
        ) r
        JOIN users u ON u.school_id = $1 AND u.id = r.person_id
        """

    private static let people = Statement(
        """
        SELECT \(SharedSQL.person("u", as: "person")), r.member, coalesce(r.students, '[]') AS students, r.state, r.read_at,
            r.acknowledged_at, u.last_name, u.first_name, u.id
        \(wanted)
        WHERE $6::text IS NULL
            OR (u.last_name, u.first_name, u.id, r.member) > ($6::text, $7::text, $8::uuid, $9::text)
        ORDER BY u.last_name, u.first_name, u.id, r.member
        LIMIT $10::int
        """)
    private static let total = Statement("SELECT CASE WHEN $6::boolean THEN (SELECT count(*) \(wanted)) END AS total")
}

extension Setting {
    fileprivate static let readersOfClasses = Setting("readers_of_classes", .uuids)
}
