import Diary
import Postgres
import Web

/// All versions of one mark: who changed it when, and how (A5).
///
/// Families see published marks of their own children, and of those the versions that were published at some time. A
/// version that was replaced while the mark was held back stays hidden (M12).
package enum MarkHistory {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/marks/{mark_id}/history", "getMarkHistory", access: .readersOfMarks.programs(.journalRead), show)
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let school = Parameter.integer(caller.school.id)
        let mark = gate(school, .text(try request.identifier("mark_id")), .boolean(caller.readsAll), caller.person)
        return try await Answer {
            Gate(mark)
            Object("mark", mark)
            List("items", changes(school))
        }.tagged(for: caller)
    }

    /// A teacher reads a section's marks; a class teacher those of the own students, a former one up to the day when
    /// the student left; a family the published ones.
    private static let gate = Statement(
        """
        SELECT k.id, k.student_id, k.line_item_id, l.id AS "lesson.id", l.date AS "lesson.date",
            j.id AS "subject.id", j.name AS "subject.name",
            lyceum.mark_value(k.kind, k.number, k.code, k.due_on) AS value, k.version,
            \(Setting.mark.set(to: "k.id")) AS _mark,
            \(Setting.markReader.set(to: "CASE WHEN v.staff THEN 'staff' ELSE 'family' END")) AS _reader
        FROM marks k
        JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id
        JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
        JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
        JOIN subjects j ON j.school_id = s.school_id AND j.id = s.subject_id
        CROSS JOIN LATERAL (
            SELECT $3::boolean
                OR lyceum.reads_section($1, $4::uuid, s.id)
                OR coalesce(l.date <@ lyceum.led_days($1, $4::uuid, k.student_id), false) AS staff
        ) v
        WHERE k.school_id = $1 AND k.id = $2::uuid
            AND (
                v.staff
                OR (
                    i.deleted_at IS NULL AND k.published_at <= now()
                    AND lyceum.sees_student($1, $4::uuid, k.student_id)
                )
            )
        """)

    private static let changes = Statement(
        """
        SELECT h.version, CASE WHEN h.staff THEN h.changed_at ELSE greatest(h.changed_at, h.published_at) END AS changed_at,
            \(SharedSQL.person("u", as: "changed_by?")),
            CASE
                WHEN h.staff THEN lyceum.mark_value(h.old_kind, h.old_number, h.old_code, h.old_due_on)
                ELSE lag(h.value) OVER (ORDER BY h.version)
            END AS "from",
            h.value AS "to", h.new_comment AS comment, CASE WHEN h.staff THEN c.id END AS "client?.id",
            c.name AS "client?.name", CASE WHEN h.staff THEN h.reason END AS reason,
            v.id AS "unlock?.id", v.reason AS "unlock?.reason",
            CASE WHEN h.staff THEN nullif(h.request_id, '') END AS request_id
        FROM (
            SELECT h.*, lyceum.mark_value(h.new_kind, h.new_number, h.new_code, h.new_due_on) AS value,
                \(Setting.markReader.text) = 'staff' AS staff,
                lead(h.changed_at, 1, 'infinity') OVER (ORDER BY h.version) AS replaced_at
            FROM mark_history h
            WHERE h.school_id = $1 AND h.mark_id = \(Setting.mark.value)
        ) h
        LEFT JOIN users u ON u.school_id = h.school_id AND u.id = h.changed_by
        LEFT JOIN clients c ON c.school_id = h.school_id AND c.id = h.client_id
        LEFT JOIN unlocks v ON v.school_id = h.school_id AND v.id = h.unlock_id AND h.staff
        WHERE h.staff OR h.published_at <= now() AND h.published_at < h.replaced_at
        ORDER BY h.version
        """)
}

extension Setting {
    fileprivate static let mark = Setting("mark", .uuid)
    /// `staff` or `family`: which details of a change are shown.
    fileprivate static let markReader = Setting("mark_reader", .text)
}
