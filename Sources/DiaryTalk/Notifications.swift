import Diary
import HTTP1
import JSON
import Postgres
import Web

/// What a person is told (C3), newest first, with what each notification tells of as the person sees it now. Whom a
/// notification reaches is decided when it is read: what ends with a guardianship ends at once (A3).
package enum Notifications {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/notifications", "listNotifications", access: .signedIn, list),
        .put("/v1/notifications/receipt", "markNotificationsRead", access: .signedIn, markRead),
    ]

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let filters: [Parameter] = [
            .integer(caller.school.id), caller.person, .boolean(query.flag("unread")),
            .text(query.option("kind", of: NotificationKind.all)), .text(query.identifier("student_id")),
            .text(query.date("since")),
        ]
        let page = Page(&query, keys: [.largeInteger, .identifier])
        try query.finish()
        let place: [Parameter] = [.text(page.after?[0]), .text(page.after?[1]), .integer(page.limit + 1)]
        return try await ListAnswer(request, caller, page).read(
            Query(statement: items, parameters: filters + place), key: ["_moment", "id"],
            total: Query(statement: total, parameters: filters + [.boolean(page.wantsTotal)]),
            beside: [.fields(unread(.integer(caller.school.id), caller.person))])
    }

    /// Either some notifications, or all up to one that an earlier answer showed.
    @Sendable static func markRead(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let isThrough = !reader.isMissing("through")
        let through = isThrough ? reader.uuid("through").value : nil
        let ids = isThrough ? nil : reader.uuids("ids", minimumCount: 1, maximumCount: mostReceipts).value
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let person: [Parameter] = [.integer(caller.school.id), caller.person]
        let named = ids ?? [through!]
        let check = Query(statement: unknown, parameters: person + [.texts(named)])
        let write = Query(
            statement: isThrough ? readThrough : readSome,
            parameters: person + [isThrough ? .text(through) : .texts(named)])
        let count = Query(statement: unread, parameters: person)
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(of: [check, write, count])
        let rows = try results[check]
        for row in 0..<rows.count {
            let pointer =
                isThrough ? JSONPointer("through") : JSONPointer("ids").appending(rows.integer(row, "place")!)
            problems.add(FieldProblem(pointer, "unknown_reference"))
        }
        if let problem = Problem(problems) { throw problem }
        try results.check()
        return .json(.object(try results[count]))
    }

    private static let mostReceipts = 200

    // MARK: SQL. `$1` is the school, `$2` the person.

    /// The items of a list.
    ///
    /// - Parameters:
    ///   - condition: which notifications `n` of the person.
    ///   - order: their order, and how many of them.
    private static func items(where condition: String, _ order: String) -> String {
        // Each source is sorted and limited by itself, so that a page reads no more than a page of each child.
        """
        SELECT \(columns(for: "$2::uuid")), lyceum.microseconds(n.created_at) AS _moment
        FROM (
            SELECT n.*
            FROM (
                (
                    SELECT n.* FROM notifications n
                    WHERE n.school_id = $1 AND n.person_id = $2::uuid
                        AND lyceum.hears($1, $2::uuid, n.student_id)
                        AND \(condition)
                    \(order)
                )
                UNION ALL
                SELECT n.*
                FROM lyceum.seen_students($1, $2::uuid) s
                CROSS JOIN LATERAL (
                    SELECT n.* FROM notifications n
                    WHERE n.school_id = $1 AND n.student_id = s.student_id AND n.person_id IS NULL AND \(condition)
                    \(order)
                ) n
            ) n
            \(order)
        ) n
        LEFT JOIN users u ON u.school_id = $1 AND u.id = n.student_id
        """
    }

    /// The columns of an item, for a notification `n` about the student `u` (`users`) that reaches the person.
    ///
    /// - Parameter person: SQL of the id.
    static func columns(for person: String) -> String {
        """
        n.id, n.kind, \(SharedSQL.person("u", as: "student?")), n.entity, n.entity_id, n.created_at,
            (
                SELECT r.read_at FROM notification_receipts r
                WHERE r.school_id = $1 AND r.person_id = \(person) AND r.notification_id = n.id
            ) AS read_at,
            n.is_urgent AS urgent, n.closed_at,
            lyceum.told_about($1, \(person), n.student_id, n.entity, n.entity_id) AS about
        """
    }

    /// NOT IN hashes the receipts: the planner does not know how many a person has.
    private static let isUnread = """
        n.id NOT IN (
            SELECT r.notification_id FROM notification_receipts r WHERE r.school_id = $1 AND r.person_id = $2::uuid
        )
        """

    private static let filters = """
        (NOT $3::boolean OR \(isUnread))
            AND ($4::text IS NULL OR n.kind = $4::text)
            AND ($5::uuid IS NULL OR n.student_id = $5::uuid)
            AND ($6::date IS NULL OR n.created_at >= $6::date::timestamp AT TIME ZONE \(Setting.timeZone.required))
        """

    /// `$7` is the moment of the last item shown, in microseconds.
    private static let items = Statement(
        items(
            where: """
                \(filters)
                    AND ($7::bigint IS NULL OR (n.created_at, n.id) < (lyceum.from_microseconds($7::bigint), $8::uuid))
                """, "ORDER BY n.created_at DESC, n.id DESC LIMIT $9::int") + " ORDER BY n.created_at DESC, n.id DESC")

    private static let total = Statement(
        """
        SELECT CASE WHEN $7::boolean THEN (
            SELECT count(*) FROM lyceum.notifications_for($1, $2::uuid) n WHERE \(filters)
        ) END AS total
        """)

    private static let unread = Statement("SELECT lyceum.unread_notifications($1, $2::uuid) AS unread")

    /// Those of the ids `$3` that do not reach the person.
    private static let unknown = Statement(
        """
        SELECT i.place - 1 AS place
        FROM unnest($3::uuid[]) WITH ORDINALITY i (id, place)
        WHERE NOT EXISTS (SELECT FROM lyceum.notifications_for($1, $2::uuid) n WHERE n.id = i.id)
        ORDER BY i.place
        """)

    private static let readSome = Statement(
        """
        INSERT INTO notification_receipts (school_id, person_id, notification_id)
        SELECT $1, $2::uuid, n.id
        FROM lyceum.notifications_for($1, $2::uuid) n
        WHERE n.id = ANY ($3::uuid[])
            -- All or none.
            AND NOT EXISTS (
                SELECT FROM unnest($3::uuid[]) i (id)
                WHERE NOT EXISTS (SELECT FROM lyceum.notifications_for($1, $2::uuid) o WHERE o.id = i.id)
            )
        ON CONFLICT DO NOTHING
        """)

    private static let readThrough = Statement(
        """
        INSERT INTO notification_receipts (school_id, person_id, notification_id)
        SELECT $1, $2::uuid, n.id
        FROM lyceum.notifications_for($1, $2::uuid) n
        JOIN lyceum.notifications_for($1, $2::uuid) l ON l.id = $3::uuid AND (n.created_at, n.id) <= (l.created_at, l.id)
        WHERE \(isUnread)
        ON CONFLICT DO NOTHING
        """)
}
