import Diary
import Postgres
import Web

/// Sections: a subject taught to a group in a year. Teachers see the sections they teach and those with students of
/// their class.
package enum Sections {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/sections", "listSections", access: readers, list)
    ]

    /// Who may list them, and gets them from the feed.
    static let readers = Access.staff.programs(.schoolRead, .journalRead)

    package static let resource = Resource(
        path: "sections",
        noun: "Section",
        readers: .setUpOfStaff,
        without: [.list],
        fields: [
            ResourceField("academic_year_id", .identifier).fixed,
            ResourceField("subject_id", .identifier).fixed,
            ResourceField("group_id", .identifier).fixed,
            ResourceField("kind", .word(["curricular", "elective", "extracurricular"])).initially("\"curricular\""),
            ResourceField("grading", .word(["marks", "pass_fail", "none"])).initially("\"marks\""),
            ResourceField("name", .text(maximum: 200)),
            ResourceField("hours_per_week", .decimal(wholeDigits: 3, fractionDigits: 1)).nullable,
            .archived, .externalID,
        ],
        order: ["name"],
        // A section that leaves the archive comes into the timetable. Class changes take its lock before those of sections.
        takesTurns: Statement(
            "SELECT lyceum.lock_timetable($1) AS _locked WHERE $2::jsonb -> 'archived' = 'false'::jsonb"),
        refusals: [
            // A group of another year violates this constraint.
            "sections_school_id_group_id_academic_year_id_fkey": .unknown("group_id"),
            "sections_grading": .init(
                .conflict, field: "grading", code: "has_marks",
                ru: "Отметки уже выставлены, поэтому изменить оценивание нельзя.",
                en: "The section already has marks, so its grading can't be changed."),
            "sections_year_archived": .init(
                .yearClosed, field: "archived", code: "year_closed", ru: "Учебный год закрыт.",
                en: "The academic year is closed."),
            "sections_entries_archived": .init(
                .entryOutsideYear, field: "archived", code: "entry_outside_year",
                ru: "У записей расписания этой страницы не остаётся дней в учебном году; сначала исправьте их.",
                en: "Entries of the section's timetable have no day in the academic year; correct them first."),
        ])

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let year = query.identifier("academic_year_id")
        let ofClass = query.identifier("class_id")
        let subject = query.identifier("subject_id")
        let since = try Pull.since(&query)
        let seesAll = caller.readsAll || caller.roles.contains(.administrator) || caller.isIntegration
        let filters: [Parameter] = [
            .integer(caller.school.id), .text(year), .text(ofClass), .text(subject), .boolean(seesAll),
            caller.person, Pull.ids(&query), Pull.externalID(&query), since?.since ?? .null,
        ]
        let page = Page(&query, keys: [.text, .identifier] + Pull.keys)
        let pull = Pull(&query, page, behind: 2, filters: filters, since: since)
        try query.finish()
        let position: [Parameter] = [.text(page.after?[0]), .text(page.after?[1]), .integer(page.limit + 1)]
        return try await ListAnswer(request, caller, page).read(
            Query(statement: sections, parameters: filters + position), key: ["name", "id"],
            total: Query(statement: total, parameters: filters + [.boolean(page.wantsTotal)]), pull: pull
        ) {
            List("teachers", Query(statement: teachers, parameters: filters + position))
        }
    }

    private static let visible = """
        FROM sections s
        JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
        WHERE s.school_id = $1 AND s.archived_at IS NULL
            AND s.academic_year_id = coalesce($2::uuid, \(SharedSQL.currentYear))
            AND ($3::uuid IS NULL OR g.class_id = $3::uuid)
            AND ($4::uuid IS NULL OR s.subject_id = $4::uuid)
            AND (
                $5::boolean
                OR lyceum.reads_section($1, $6::uuid, s.id)
                OR s.id IN (SELECT v.section_id FROM lyceum.led_sections($1, $6::uuid) v)
            )
            AND \(Pull.ids(7, of: "s")) AND \(Pull.externalID(8, "s.external_id"))
            AND \(Pull.since(9, of: "s", "sections"))
        """
    private static let page = """
        SELECT s.id, s.name
        \(visible)
            AND ($10::text IS NULL OR (s.name, s.id) > ($10::text, $11::uuid))
        ORDER BY s.name, s.id
        LIMIT $12::int
        """

    private static let sections = Statement(
        """
        SELECT s.id, s.name, s.kind, s.grading, j.id AS "subject.id", j.name AS "subject.name",
            g.id AS "group.id", g.name AS "group.name",
            c.id AS "class?.id", c.name AS "class?.name", c.grade_level AS "class?.grade_level", s.academic_year_id,
            s.external_id
        FROM (\(page)) p
        JOIN sections s ON s.school_id = $1 AND s.id = p.id
        JOIN subjects j ON j.school_id = s.school_id AND j.id = s.subject_id
        JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
        LEFT JOIN classes c ON c.school_id = g.school_id AND c.id = g.class_id
        ORDER BY s.name, s.id
        """)

    private static let teachers = Statement(
        """
        SELECT p.id AS _parent, u.id, u.last_name, u.first_name, u.middle_name, t.role
        FROM (\(page)) p
        JOIN section_teachers t ON t.school_id = $1 AND t.section_id = p.id
            AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
        JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id
        ORDER BY p.name, p.id, t.role DESC, u.last_name, u.id
        """)

    private static let total = Statement("SELECT CASE WHEN $10::boolean THEN (SELECT count(*) \(visible)) END AS total")
}
