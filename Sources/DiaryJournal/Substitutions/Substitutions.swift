import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Changes of the timetable for one day (L2): another teacher or room, two lessons held as one, another time, no lesson,
/// or a lesson of another section. Managers make them and take them back; triggers change the lessons
/// (docs/decisions/0046). The list is the sheet of a day.
///
/// A substitution does not change. When it is taken back, it stays on record.
package enum Substitutions {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/substitutions", "listSubstitutions", access: readers, list),
        .post("/v1/substitutions", "createSubstitution", access: .managers, create),
        .get("/v1/substitutions/{substitution_id}", "getSubstitution", access: readers, show),
        .delete("/v1/substitutions/{substitution_id}", "takeBackSubstitution", access: .managers, takeBack),
    ]

    private static let readers = Access.staff.programs(.schoolRead, .journalRead)
    private static let longestRange = 31

    static let changed = ChangedEntity(
        "substitutions", access: readers, circles: ["section"],
        rows: { caller, ids in some(.integer(caller.school.id), ids) }, familyCircles: ["section"],
        familyRows: { caller, ids in familyRows(.integer(caller.school.id), ids) })

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let day = query.date("date")
        let range = query.dateRange(longest: longestRange)
        if day != nil, range != nil {
            query.add(
                "date", "exclusive",
                Text(ru: "Передайте либо date, либо from и to.", en: "Give either date, or from and to."))
        }
        let filters: [Parameter] = [
            .integer(caller.school.id), .text(day ?? range?.from), .text(day ?? range?.to),
            .text(query.identifier("class_id")), .text(query.identifier("teacher_id")),
        ]
        let page = Page(&query, keys: [.date, .integer, .integer, .text, .identifier])
        try query.finish()
        let position = (0..<5).map { Parameter.text(page.after?[$0]) } + [.integer(page.limit + 1)]
        return try await ListAnswer(request, caller, page).read(
            Query(statement: sheet, parameters: filters + position),
            key: ["date", "slot", "_grade", "_group", "id"],
            total: Query(statement: total, parameters: filters + [.boolean(page.wantsTotal)]))
    }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let row = one(.integer(caller.school.id), .text(try request.identifier("substitution_id")))
        return try await Answer {
            Gate(row)
            Fields(row)
        }.tagged(for: caller)
    }

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let body = try SubstitutionBody(try await request.json())
        let id = caller.services.newID()
        let school = Parameter.integer(caller.school.id)
        let insert = Query(statement: insert, parameters: [school, .text(id)] + body.parameters)
        let row = one(school, .text(id))
        return try await Idempotency.run(request, caller) { work in
            let results = try await work.results(of: [insert, row] + work.settling)
            try results.check(refusals)
            return Response.tagged(.object(try results[row]))
                .created(at: "\(request.head.path)/\(id)", request, caller)
        }
    }

    /// Taking it back again changes nothing.
    @Sendable static func takeBack(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let (school, id) = (Parameter.integer(caller.school.id), try request.identifier("substitution_id"))
        let row = one(school, .text(id))
        let work = Work.segment(caller.services.lanes, caller.scope)
        let results = try await work.results(of: [row, close(school, .text(id))])
        try results.check(refusals)
        guard try !results[row].isEmpty else { throw Problem(.notFound) }
        return .empty
    }

    /// Also those of the lesson that it changes or makes.
    private static let refusals = [
        "substitutions_school_id_lesson_id_fkey": Refusal.unknown("lesson_id"),
        "substitutions_school_id_other_lesson_id_fkey": .unknown("other_lesson_id"),
        "substitutions_other_lesson": .unknown("other_lesson_id"),
        "substitutions_school_id_section_id_fkey": .unknown("section_id"),
        "substitutions_school_id_bell_schedule_id_fkey": .unknown("bell_schedule_id"),
        "substitutions_school_id_teacher_id_fkey": .unknown("teacher_id"),
        "substitutions_school_id_room_id_fkey": .unknown("room_id"),
        "lessons_school_id_teacher_id_fkey": .unknown("teacher_id"),
        "lessons_school_id_room_id_fkey": .unknown("room_id"),
        "lessons_school_id_bell_schedule_id_fkey": .unknown("bell_schedule_id"),
        "substitutions_teacher": Refusal(
            field: "teacher_id", code: "required", ru: "Укажите учителя.", en: "Name the teacher."),
        "substitutions_teacher_unchanged": unchanged("teacher_id"),
        "substitutions_slot_unchanged": unchanged("slot"),
        "substitutions_section_unchanged": unchanged("section_id"),
        "substitutions_bell_slot": Refusal(
            field: "slot", code: "unknown_reference", ru: "В расписании звонков такого урока нет.",
            en: "The bell schedule has no such slot."),
        "substitutions_place": Refusal(
            field: "bell_schedule_id", code: "required", ru: "Укажите расписание звонков.",
            en: "Name the bell schedule."),
        "substitutions_other_time": Refusal(
            field: "other_lesson_id", code: "not_at_the_same_time", ru: "Этот урок идёт в другое время.",
            en: "That lesson is at another time."),
    ].merging(Lessons.resource.refusals) { own, _ in own }

    private static func unchanged(_ field: String) -> Refusal {
        Refusal(
            field: field, code: "unchanged", ru: "Урок уже такой; выберите другое.",
            en: "The lesson is like that already; choose another value.")
    }

    // MARK: SQL. `$1` is the school.

    /// A moved lesson is on the sheet of both days.
    private static let wanted = """
        FROM substitutions x
        JOIN lessons l ON l.school_id = x.school_id AND l.id = x.lesson_id
        JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
        JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
        WHERE x.school_id = $1 AND x.cancelled_at IS NULL
            AND (
                x.old_date BETWEEN (SELECT coalesce($2::date, lyceum.today())) AND (SELECT coalesce($3::date, lyceum.today()))
                OR x.date BETWEEN (SELECT coalesce($2::date, lyceum.today())) AND (SELECT coalesce($3::date, lyceum.today()))
            )
            AND ($4::uuid IS NULL OR g.class_id = $4::uuid)
            AND ($5::uuid IS NULL OR $5::uuid IN (x.old_teacher_id, x.teacher_id))
        """

    private static let place = "x.old_date, x.old_slot, coalesce(g.grade_level, 0), g.name, x.id"

    private static let sheet = Statement(
        select(
            """
            SELECT x.* \(wanted)
                AND ($6::date IS NULL OR (\(place)) > ($6::date, $7::int, $8::int, $9, $10::uuid))
            ORDER BY \(place)
            LIMIT $11::int
            """) + " ORDER BY \(place)")
    private static let total = Statement("SELECT CASE WHEN $6::boolean THEN (SELECT count(*) \(wanted)) END AS total")
    private static let one = Statement(
        select("SELECT x.* FROM substitutions x WHERE x.school_id = $1 AND x.id = $2::uuid"))
    private static let some = Statement(
        select("SELECT x.* FROM substitutions x WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[])"))

    private static let lesson = """
        x.id, x.kind, x.lesson_id, x.old_date AS date, x.old_slot AS slot,
            lyceum.local_moment(x.old_date, x.old_starts_at) AS starts_at,
            lyceum.local_moment(x.old_date, x.old_ends_at) AS ends_at, j.id AS "subject.id", j.name AS "subject.name"
        """
    private static let outcome = """
        x.date AS "moved_to?.date", x.slot AS "moved_to?.slot",
            os.id AS "other?.section_id", oj.name AS "other?.subject", x.other_lesson_id AS "other?.lesson_id"
        """
    private static let lessonOf = """
        JOIN lessons l ON l.school_id = $1 AND l.id = x.lesson_id
        JOIN sections s ON s.school_id = $1 AND s.id = l.section_id
        JOIN groups g ON g.school_id = $1 AND g.id = s.group_id
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        LEFT JOIN users ot ON ot.school_id = $1 AND ot.id = x.old_teacher_id
        LEFT JOIN users nt ON nt.school_id = $1 AND nt.id = x.teacher_id
        LEFT JOIN rooms nr ON nr.school_id = $1
            AND nr.id = CASE WHEN x.kind <> 'cancel' THEN coalesce(x.room_id, x.old_room_id) END
        LEFT JOIN lessons ol ON ol.school_id = $1 AND ol.id = x.other_lesson_id
        LEFT JOIN sections os ON os.school_id = $1 AND os.id = coalesce(x.section_id, ol.section_id)
        LEFT JOIN subjects oj ON oj.school_id = $1 AND oj.id = os.subject_id
        """

    private static func select(_ rows: String) -> String {
        """
        SELECT \(lesson), s.id AS "section.id", s.name AS "section.name", c.id AS "class?.id", c.name AS "class?.name",
            c.grade_level AS "class?.grade_level", g.name AS "group", \(SharedSQL.person("ot", as: "old_teacher?")), o.id AS "old_room?.id", o.name AS "old_room?.name",
            \(SharedSQL.person("nt", as: "teacher?")), nr.id AS "room?.id", nr.name AS "room?.name", \(outcome), x.reason,
            \(SharedSQL.person("m", as: "created_by?")), x.created_at, \(SharedSQL.person("b", as: "cancelled_by?")), x.cancelled_at,
            coalesce(g.grade_level, 0) AS _grade, g.name AS _group
        FROM (\(rows)) x
        \(lessonOf)
        LEFT JOIN classes c ON c.school_id = $1 AND c.id = g.class_id
        LEFT JOIN rooms o ON o.school_id = $1 AND o.id = x.old_room_id
        LEFT JOIN users m ON m.school_id = $1 AND m.id = x.created_by
        LEFT JOIN users b ON b.school_id = $1 AND b.id = x.cancelled_by
        """
    }

    /// A1: no reason, which may be about the teacher's health.
    private static let familyRows = Statement(
        """
        SELECT \(lesson), \(SharedSQL.person("ot", as: "old_teacher?")), \(SharedSQL.person("nt", as: "teacher?")), nr.name AS room, \(outcome),
            x.cancelled_at
        FROM substitutions x
        \(lessonOf)
        WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[])
            AND (
                lyceum.is_member($1, l.section_id, \(StudentGate.student), x.old_date)
                OR x.kind = 'other_subject' AND lyceum.is_member($1, x.section_id, \(StudentGate.student), x.old_date)
            )
        """)

    /// The triggers set what was before and who makes it.
    private static let insert = Statement(
        """
        INSERT INTO substitutions (
            school_id, id, kind, lesson_id, teacher_id, room_id, other_lesson_id, section_id, date, bell_schedule_id, slot, reason
        )
        VALUES (
            $1, $2::uuid, $3, $4::uuid, $5::uuid, $6::uuid, $7::uuid, $8::uuid, $9::date, $10::uuid, $11::int, $12
        )
        """)

    private static let close = Statement(
        "UPDATE substitutions SET cancelled_at = now() WHERE school_id = $1 AND id = $2::uuid AND cancelled_at IS NULL")
}
