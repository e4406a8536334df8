import Diary
import Postgres
import Web

/// Classes and their students, today or on other days of their year.
package enum Classes {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/classes", "listClasses", access: readers, list),
        .get(
            "/v1/classes/{class_id}/students", "listClassStudents",
            access: .staff.programs(.peopleRead, .journalRead), students),
    ]

    /// Who may list them, and gets them from the feed.
    static let readers = Access.staff.programs(.schoolRead, .journalRead)

    package static let resource = Resource(
        path: "classes",
        noun: "Class",
        plural: "Classes",
        readers: .setUpOfStaff,
        without: [.list],
        fields: [
            ResourceField("academic_year_id", .identifier).fixed,
            ResourceField("grade_level", .integer(1...11)).fixed,
            ResourceField("letter", .text(maximum: 10)),
            ResourceField("name", .text(maximum: 20)),
            ResourceField("group_id", .identifier).readOnly,
            ResourceField("profile", .text(maximum: 200)).nullable,
            .archived, .externalID,
        ],
        order: ["name"],
        refusals: [
            "classes_school_id_group_id_academic_year_id_fkey": .unknown("academic_year_id"),
            // A constraint of the class's own group.
            "groups_school_id_academic_year_id_fkey": .unknown("academic_year_id"),
        ])

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let year = query.identifier("academic_year_id")
        let since = try Pull.since(&query)
        let filters: [Parameter] = [
            .integer(caller.school.id), .text(year), Pull.ids(&query), Pull.externalID(&query), since?.since ?? .null,
        ]
        let page = Page(&query, keys: [.integer, .text, .identifier] + Pull.keys)
        let pull = Pull(&query, page, behind: 3, filters: filters, since: since)
        try query.finish()
        return try await ListAnswer(request, caller, page).read(
            Query(
                statement: classes,
                parameters: filters + [
                    .text(page.after?[0]), .text(page.after?[1]), .text(page.after?[2]), .integer(page.limit + 1),
                ]),
            key: ["grade_level", "name", "id"],
            total: Query(statement: total, parameters: filters + [.boolean(page.wantsTotal)]), pull: pull)
    }

    @Sendable static func students(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let range = query.dateRange(longest: longestRange)
        let page = Page(&query, keys: [.text, .text, .identifier, .date])
        try query.finish()
        let seesAll = caller.readsAll || caller.roles.contains(.administrator) || caller.isIntegration
        let filters: [Parameter] = [
            .integer(caller.school.id), .text(try request.identifier("class_id")), .boolean(seesAll),
            caller.person, .text(range?.from), .text(range?.to),
        ]
        let reader: [Parameter] = [.integer(caller.school.id), caller.person]
        return try await ListAnswer(request, caller, page).read(
            behind: Query(statement: gate, parameters: filters),
            Query(
                statement: members,
                parameters: reader + [
                    .text(page.after?[0]), .text(page.after?[1]), .text(page.after?[2]), .text(page.after?[3]),
                    .integer(page.limit + 1),
                ]),
            key: ["last_name", "first_name", "id", "from"],
            total: Query(statement: memberTotal, parameters: reader + [.boolean(page.wantsTotal)]))
    }

    private static let longestRange = 366

    private static let ofYear = """
        FROM classes c
        WHERE c.school_id = $1 AND c.archived_at IS NULL
            AND c.academic_year_id = coalesce($2::uuid, \(SharedSQL.currentYear))
            AND \(Pull.ids(3, of: "c")) AND \(Pull.externalID(4, "c.external_id"))
            AND \(Pull.since(5, of: "c", "classes"))
        """

    private static let classes = Statement(
        """
        SELECT c.id, c.name, c.grade_level, c.letter, c.academic_year_id,
            \(SharedSQL.person("u", as: "class_teacher?")),
            (
                SELECT count(*)
                FROM enrollments e
                WHERE e.school_id = c.school_id AND e.class_id = c.id
                    AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
            ) AS student_count, c.external_id
        FROM (
            SELECT c.*
            \(ofYear)
                AND ($6::int IS NULL OR (c.grade_level, c.name, c.id) > ($6::int, $7::text, $8::uuid))
            ORDER BY c.grade_level, c.name, c.id
            LIMIT $9::int
        ) c
        LEFT JOIN class_teachers t ON t.school_id = c.school_id AND t.class_id = c.id AND NOT t.acting
            AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
        LEFT JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id
        ORDER BY c.grade_level, c.name, c.id
        """)

    private static let total = Statement("SELECT CASE WHEN $6::boolean THEN (SELECT count(*) \(ofYear)) END AS total")

    /// The class teacher, heads, deputy heads and administrators see all students, other teachers those they teach,
    /// former class teachers those of their time. The day is today, or the nearest day of the class's year; the list
    /// has students who were in the class on that day, or on one of the requested days.
    private static let gate = Statement(
        """
        SELECT c.id, \(Setting.schoolClass.set(to: "c.id")) AS _gate,
            \(Setting.day.set(to: "d.day")) AS _day,
            \(Setting.from.set(to: "coalesce($5::date, d.day)")) AS _from,
            \(Setting.to.set(to: "coalesce($6::date, d.day)")) AS _to,
            \(Setting.classReader.set(to: reader)) AS _reader
        FROM classes c
        JOIN academic_years y ON y.school_id = c.school_id AND y.id = c.academic_year_id
        CROSS JOIN LATERAL (SELECT greatest(least(lyceum.today(), y.ends_on), y.starts_on) AS day) d
        WHERE c.school_id = $1 AND c.id = $2::uuid
        """)

    /// `whole`, or the id of a teacher who sees only the own students.
    private static let reader = """
        CASE WHEN $3::boolean OR EXISTS (
            SELECT FROM class_teachers t
            WHERE t.school_id = $1 AND t.class_id = c.id AND t.teacher_id = $4::uuid
                AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
        ) THEN 'whole' ELSE $4::text END
        """

    private static let day = Setting.day.value
    private static let from = Setting.from.value
    private static let to = Setting.to.value

    private static let enrolled = """
        FROM enrollments e
        JOIN users u ON u.school_id = e.school_id AND u.id = e.student_id
        WHERE e.school_id = $1 AND e.class_id = \(Setting.schoolClass.value)
            AND lyceum.holds_between(e.starts_on, e.ends_on, \(from), \(to))
            AND (
                \(Setting.classReader.text) = 'whole'
                OR e.student_id IN (SELECT v.student_id FROM lyceum.led_pupils($1, $2::uuid) v)
                    AND daterange(e.starts_on, e.ends_on, '[]') * daterange(\(from), \(to), '[]')
                        && lyceum.led_days($1, $2::uuid, e.student_id)
                OR EXISTS (
                    SELECT
                    FROM group_members m
                    JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
                    JOIN section_teachers t ON t.school_id = s.school_id AND t.section_id = s.id
                    WHERE m.school_id = $1 AND m.student_id = e.student_id
                        AND lyceum.holds(m.starts_on, m.ends_on, \(day))
                        AND t.teacher_id::text = \(Setting.classReader.text)
                        AND lyceum.holds(t.starts_on, t.ends_on, \(day))
                )
            )
        """

    private static let members = Statement(
        """
        SELECT u.id, u.last_name, u.first_name, u.middle_name, e.starts_on AS "from", e.ends_on AS "to"
        \(enrolled)
            AND (
                $3::text IS NULL
                OR (u.last_name, u.first_name, u.id, e.starts_on) > ($3::text, $4::text, $5::uuid, $6::date)
            )
        ORDER BY u.last_name, u.first_name, u.id, e.starts_on
        LIMIT $7::int
        """)

    private static let memberTotal = Statement(
        "SELECT CASE WHEN $3::boolean THEN (SELECT count(*) \(enrolled)) END AS total")
}

extension Setting {
    /// The class whose students are listed, or the class that a student joins.
    static let schoolClass = Setting("class", .uuid)
    fileprivate static let day = Setting("day", .date)
    fileprivate static let classReader = Setting("class_reader", .text)
}
