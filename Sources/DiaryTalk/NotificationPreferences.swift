import Diary
import HTTP1
import JSON
import Postgres
import Web

/// What a person wants to be sent besides the feed: by kind and channel, and the quiet hours. A person who has chosen
/// nothing has the defaults, as version 0.
package enum NotificationPreferences {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/notifications/preferences", "getNotificationPreferences", access: .signedIn, show),
        .put("/v1/notifications/preferences", "setNotificationPreferences", access: .signedIn, set),
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let record = record(.integer(caller.school.id), caller.person)
        // The defaults, and the quiet hours of the school, change without a version of the person's row.
        return try .record(try await caller.results(of: [record])[record], changesAlone: true)
    }

    @Sendable static func set(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let body = try Body(try await request.json())
        let person: [Parameter] = [.integer(caller.school.id), caller.person]
        let write = Query(
            statement: write,
            parameters: person + [
                versions.parameter, .text(body.choices), .boolean(body.followsSchool), .text(body.from), .text(body.to),
            ])
        let record = Query(statement: record, parameters: person)
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(of: [write, record])
        guard try !results[write].isEmpty else { throw Problem(.preconditionFailed) }
        return try .record(results[record], changesAlone: true)
    }

    private struct Body {
        let choices: String
        let followsSchool: Bool
        let from: String?
        let to: String?

        init(_ json: JSONValue) throws {
            let problems = FieldProblems()
            var reader = ObjectReader(json, problems: problems)
            followsSchool = reader.boolean("school_quiet_hours").value ?? true
            var (from, to): (String?, String?) = (nil, nil)
            if var hours = reader.object("quiet_hours", .nullable).value {
                from = hours.time("from").value
                to = hours.time("to").value
                hours.finish()
                if from != nil, from == to {
                    problems.add(FieldProblem(JSONPointer("quiet_hours").appending("to"), "conflict"))
                }
            }
            // Those of the school are not stored: they may change.
            (self.from, self.to) = followsSchool ? (nil, nil) : (from, to)
            choices = Self.choices(&reader, problems)
            reader.finish()
            if let problem = Problem(problems) { throw problem }
        }

        private static func choices(_ reader: inout ObjectReader, _ problems: FieldProblems) -> String {
            var seen: Set<String> = []
            var writer = JSONWriter()
            writer.beginObject()
            for var item in reader.objects("kinds", maximumCount: NotificationKind.all.count).value ?? [] {
                let kind = item.enumeration("kind", of: NotificationKind.all).value
                let (push, mail) = (item.boolean("push").value, item.boolean("mail").value)
                item.finish()
                guard let kind, let push, let mail else { continue }
                guard seen.insert(kind).inserted else {
                    problems.add(FieldProblem(item.pointer, "duplicate_item"))
                    continue
                }
                writer.key(kind)
                writer.beginObject()
                writer.key("push")
                writer.boolean(push)
                writer.key("mail")
                writer.boolean(mail)
                writer.endObject()
            }
            writer.endObject()
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }

    // MARK: SQL. `$1` is the school, `$2` the person.

    private static let record = Statement(
        """
        SELECT coalesce(p.school_quiet_hours, true) AS school_quiet_hours, to_char(h.quiet_from, 'HH24:MI') AS "quiet_hours?.from",
            to_char(h.quiet_to, 'HH24:MI') AS "quiet_hours?.to",
            (
                SELECT json_agg(
                    json_build_object(
                        'kind', k.kind, 'push', lyceum.chosen(p.choices, k.kind, 'push', k.push),
                        'mail', lyceum.chosen(p.choices, k.kind, 'mail', k.mail)
                    ) ORDER BY k.place
                )
                FROM lyceum.notification_kinds() WITH ORDINALITY k (kind, push, mail, place)
            ) AS kinds,
            coalesce(p.version, 0) AS version
        FROM schools s
        LEFT JOIN school_settings t ON t.school_id = s.id
        LEFT JOIN notification_preferences p ON p.school_id = s.id AND p.person_id = $2::uuid
        CROSS JOIN LATERAL (
            SELECT coalesce(t.quiet_from, time '21:00') AS quiet_from, coalesce(t.quiet_to, time '07:00') AS quiet_to
            WHERE coalesce(p.school_quiet_hours, true)
            UNION ALL
            SELECT p.quiet_from, p.quiet_to WHERE NOT coalesce(p.school_quiet_hours, true)
        ) h
        WHERE s.id = $1
        """)

    /// Only what differs from the defaults is stored, so that a new default reaches everybody who has not decided.
    private static let write = Statement(
        """
        INSERT INTO notification_preferences AS p (school_id, person_id, choices, school_quiet_hours, quiet_from, quiet_to)
        SELECT $1, $2::uuid, c.choices, $5::boolean, $6::time, $7::time
        FROM (
            SELECT coalesce(jsonb_object_agg(c.key, c.value), '{}') AS choices
            FROM jsonb_each($4::jsonb) c
            JOIN lyceum.notification_kinds() k ON k.kind = c.key
            WHERE c.value <> jsonb_build_object('push', k.push, 'mail', k.mail)
        ) c
        WHERE $3::int[] IS NULL OR 0 = ANY ($3::int[])
            OR EXISTS (SELECT FROM notification_preferences o WHERE o.school_id = $1 AND o.person_id = $2::uuid)
        ON CONFLICT (school_id, person_id) DO UPDATE
        SET choices = excluded.choices, school_quiet_hours = excluded.school_quiet_hours, quiet_from = excluded.quiet_from,
            quiet_to = excluded.quiet_to
        WHERE $3::int[] IS NULL OR p.version = ANY ($3::int[])
        RETURNING p.version
        """)
}
