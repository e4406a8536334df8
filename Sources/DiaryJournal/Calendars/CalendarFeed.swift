import Diary
import HTTP1
import Postgres
import Web

/// The calendar behind a secret link, in iCalendar (RFC 5545). Anybody who knows the address may read it, so it has
/// subjects, times and rooms, and no name of a person, no topic, homework or mark.
///
/// The secret is in the path. Log lines have only the template of a path, and answers are not kept by anybody else
/// (`no-store` would stop calendar programs from revalidating; `private` keeps shared caches out).
package enum CalendarFeed {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/calendars/{calendar_secret}/calendar.ics", "getCalendar", access: .open, show)
    ]

    static func path(of token: OpaqueToken) -> String { "/v1/calendars/\(token.text)/calendar.ics" }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        let services = caller.services
        guard let text = request.path["calendar_secret"], let token = OpaqueToken(text, .calendarLink),
            let school = try await services.schools.find(id: token.school)
        else { throw Problem(.notFound) }
        let scope = Scope(
            school: school.id, timeZone: school.timeZone, requestID: request.id, timing: request.timing)
        let link: [Parameter] = [.integer(school.id), .text(token.id), .bytes(try token.hash())]
        let rows = try await services.lanes.read(
            scope, [Query(statement: gate, parameters: link), Query(statement: events, parameters: link)])
        guard !rows[0].isEmpty else { throw Problem(.notFound) }
        let body = calendar(named: rows[0].text(0, "name"), rows[1], in: school)
        var response = Response(.ok, contentType: "text/calendar; charset=utf-8", body: body)
        response.entityTag = ContentTag.of(body)
        response.headers.append(("Cache-Control", "private, no-cache"))
        response.headers.append(("Content-Disposition", "inline; filename=\"calendar.ics\""))
        return response
    }

    private static func calendar(named name: String?, _ rows: Rows, in school: School) -> [UInt8] {
        var calendar = ICalendar()
        calendar.line("BEGIN", "VCALENDAR")
        calendar.line("VERSION", "2.0")
        calendar.line("PRODID", "-//Lyceum//Timetable//RU")
        calendar.line("CALSCALE", "GREGORIAN")
        calendar.line("METHOD", "PUBLISH")
        calendar.text("X-WR-CALNAME", name.map { "Расписание \($0)" } ?? "Расписание")
        calendar.line("REFRESH-INTERVAL;VALUE=DURATION", "PT1H")
        calendar.line("X-PUBLISHED-TTL", "PT1H")
        for row in 0..<rows.count { event(rows, row, in: school, to: &calendar) }
        calendar.line("END", "VCALENDAR")
        return calendar.bytes
    }

    private static func event(_ rows: Rows, _ row: Int, in school: School, to calendar: inout ICalendar) {
        calendar.line("BEGIN", "VEVENT")
        calendar.line("UID", "\(rows.text(row, "id") ?? "")@\(school.code)")
        calendar.line("DTSTAMP", rows.text(row, "changed") ?? "")
        calendar.line("LAST-MODIFIED", rows.text(row, "changed") ?? "")
        calendar.line("SEQUENCE", rows.text(row, "sequence") ?? "0")
        calendar.line("DTSTART", rows.text(row, "starts") ?? "")
        calendar.line("DTEND", rows.text(row, "ends") ?? "")
        calendar.text("SUMMARY", rows.text(row, "summary") ?? "")
        if let room = rows.text(row, "room") { calendar.text("LOCATION", room) }
        if let kind = rows.text(row, "kind"), let text = substitutions[kind] { calendar.text("DESCRIPTION", text) }
        calendar.line("STATUS", rows.boolean(row, "is_cancelled") ? "CANCELLED" : "CONFIRMED")
        calendar.line("END", "VEVENT")
    }

    private static let substitutions = [
        "replace": "Замена", "merge": "Замена: урок объединён с другим", "move": "Урок перенесён",
        "cancel": "Урок отменён", "other_subject": "Замена предмета",
    ]

    // MARK: SQL. `$1` is the school, `$2` the link, `$3` the hash of its secret.

    private static let link = """
        calendar_links k
        WHERE k.school_id = $1 AND k.id = $2::uuid AND k.secret_hash = $3::bytea
            AND lyceum.calendar_link_holds(k.school_id, k.owner_id, k.student_id, k.class_id, k.teacher_id)
        """

    private static let gate = Statement(
        """
        SELECT k.id, (SELECT c.name FROM classes c WHERE c.school_id = k.school_id AND c.id = k.class_id) AS name
        FROM \(link)
        """)

    /// Lessons from two weeks ago to six weeks ahead. Times are in UTC: each event is one lesson on one day, so no
    /// description of a time zone is needed. A group of a class is named, one of an individual student is not (A1).
    private static let events = Statement(
        """
        SELECT l.id, l.version AS sequence, \(moment("l.changed_at")) AS changed,
            \(moment("(l.date + l.starts_at) AT TIME ZONE z.name")) AS starts,
            \(moment("(l.date + l.ends_at) AT TIME ZONE z.name")) AS ends,
            CASE
                WHEN k.teacher_id IS NOT NULL AND g.kind <> 'individual' OR k.class_id IS NOT NULL AND g.kind = 'part'
                    THEN j.name || ', ' || g.name
                ELSE j.name
            END AS summary,
            r.name AS room, l.state = 'cancelled' AS is_cancelled, z2.kind
        FROM (SELECT * FROM \(link)) k
        CROSS JOIN (SELECT \(Setting.timeZone.required) AS name) z
        CROSS JOIN LATERAL (
            SELECT s.id AS section_id, daterange(m.starts_on, m.ends_on, '[]') AS days
            FROM group_members m
            JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
            WHERE m.school_id = $1 AND m.student_id = k.student_id
            UNION ALL
            SELECT s.id, '(,)'
            FROM groups c
            JOIN sections s ON s.school_id = c.school_id AND s.group_id = c.id
            WHERE c.school_id = $1 AND c.class_id = k.class_id
            UNION ALL
            SELECT NULL, '(,)' WHERE k.teacher_id IS NOT NULL
        ) o
        JOIN LATERAL (
            SELECT l.* FROM lessons l
            WHERE o.section_id IS NOT NULL AND l.school_id = $1 AND l.section_id = o.section_id AND \(window)
                AND o.days @> l.date
            UNION ALL
            SELECT l.* FROM lessons l
            WHERE o.section_id IS NULL AND l.school_id = $1 AND l.teacher_id = k.teacher_id AND \(window)
        ) l ON true
        JOIN sections s ON s.school_id = $1 AND s.id = l.section_id
        JOIN groups g ON g.school_id = $1 AND g.id = s.group_id
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        LEFT JOIN rooms r ON r.school_id = $1 AND r.id = l.room_id
        LEFT JOIN substitutions z2 ON z2.school_id = $1 AND z2.id = l.substitution_id
        ORDER BY l.date, l.starts_at, l.id
        """)

    private static let window = "l.date BETWEEN lyceum.today() - 14 AND lyceum.today() + 42"

    private static func moment(_ timestamp: String) -> String {
        "to_char((\(timestamp)) AT TIME ZONE 'UTC', 'YYYYMMDD\"T\"HH24MISS\"Z\"')"
    }
}
