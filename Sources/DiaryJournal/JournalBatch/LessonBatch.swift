import Diary
import JSON
import Postgres

/// Topic, plan topic, state, attendance taking and homework of lessons.
struct LessonBatch {
    let count: Int
    private var ids: [String?] = []
    private var versions: [Int?] = []
    private var topics: [Field<String>] = []
    private var planTopics: [Field<String>] = []
    private var states: [String?] = []
    private var homework: [Field<Homework>] = []
    private var noHomework: [Bool?] = []
    private var attendanceTaken: [Bool?] = []
    private let newIDs: [String?]

    private struct Homework {
        var text: String
        var dueOn: String?
        var asksSubmission: Bool?
    }

    init(_ items: [ObjectReader], _ services: Services) {
        count = items.count
        newIDs = items.map { _ in services.newID() }
        var seen: Set<String> = []
        for var item in items {
            let id = item.uuid("id").value
            ids.append(id)
            versions.append(item.integer("version", in: 1...Int(Int32.max)).value)
            topics.append(item.string("topic", .nullable, minimumLength: 1, maximumLength: 1000))
            planTopics.append(item.uuid("plan_topic_id", .nullable))
            states.append(item.enumeration("state", of: ["planned", "held"], .optional).value)
            let homework = item.object("homework", .nullable)
            self.homework.append(Self.read(homework))
            let none = item.boolean("no_homework", .optional).value
            if none == true, homework.value != nil {
                item.problems.add(FieldProblem(item.pointer.appending("no_homework"), "exclusive"))
            }
            noHomework.append(none)
            attendanceTaken.append(item.boolean("attendance_taken", .optional).value)
            item.finish()
            if let id { item.refuseDuplicate(id, &seen) }
        }
    }

    private static func read(_ field: Field<ObjectReader>) -> Field<Homework> {
        guard case .value(var reader) = field else { return field.isNull ? .null : .absent }
        let text = reader.writtenText("text", maximum: 4000).value
        let dueOn = reader.date("due_on", .optional).value
        let asks = reader.boolean("asks_submission", .optional).value
        reader.finish()
        return text.map { .value(Homework(text: $0, dueOn: dueOn, asksSubmission: asks)) } ?? .absent
    }

    func query(_ school: Parameter, _ user: Parameter) -> Query {
        Query(
            statement: Self.statement,
            parameters: [
                school, user, .integers(Array(0..<count)), .texts(ids), .integers(versions),
                .booleans(topics.map { !$0.isAbsent }), .texts(topics.map { $0.value }),
                .booleans(planTopics.map { !$0.isAbsent }), .texts(planTopics.map { $0.value }), .texts(states),
                .texts(homework.map { $0.isAbsent ? "keep" : $0.isNull ? "clear" : "set" }),
                .texts(homework.map { $0.value?.text }), .texts(homework.map { $0.value?.dueOn }), .texts(newIDs),
                .booleans(noHomework), .booleans(attendanceTaken), .booleans(homework.map { $0.value?.asksSubmission }),
            ])
    }

    /// The lesson's version also guards its homework: a change of homework counts as a change of the lesson (M5), so
    /// the lesson's row is updated too.
    private static let statement = Statement(
        """
        WITH input AS MATERIALIZED (
            SELECT *
            FROM unnest(
                $3::int[], $4::uuid[], $5::int[], $6::boolean[], $7::text[], $8::boolean[], $9::uuid[], $10::text[],
                $11::text[], $12::text[], $13::date[], $14::uuid[], $15::boolean[], $16::boolean[],
                $17::boolean[]
            ) AS i(
                ord, id, seen, sets_topic, topic, sets_plan, plan_topic_id, state,
                homework, text, due_on, homework_id, no_homework, attendance, asks
            )
        ), target AS MATERIALIZED (
            SELECT i.ord, i.id, i.seen, l.section_id, l.date, l.id IS NOT NULL AS found, l.version,
                l.topic AS old_topic, l.plan_topic_id AS old_plan, l.state AS old_state,
                l.no_homework AS old_no_homework, l.attendance_taken_at AS old_attendance,
                h.id AS old_homework, h.text AS old_text, h.due_on AS old_due_on,
                h.asks_submission AS old_asks, coalesce(i.asks, h.asks_submission, false) AS asks,
                CASE WHEN i.sets_topic THEN i.topic ELSE l.topic END AS topic,
                CASE WHEN i.sets_plan THEN i.plan_topic_id ELSE l.plan_topic_id END AS plan_topic_id,
                coalesce(i.state, l.state) AS state,
                CASE
                    WHEN i.no_homework IS NOT NULL THEN i.no_homework
                    WHEN i.homework = 'set' THEN false
                    ELSE l.no_homework
                END AS no_homework,
                CASE
                    WHEN i.attendance IS NULL THEN l.attendance_taken_at
                    WHEN i.attendance THEN coalesce(l.attendance_taken_at, now())
                END AS attendance_taken_at,
                CASE WHEN i.homework = 'keep' AND i.no_homework THEN 'clear' ELSE i.homework END AS action,
                i.homework_id, i.text,
                CASE WHEN i.homework = 'set'
                    THEN coalesce(i.due_on, h.due_on, lyceum.next_meeting($1, l.section_id, l.date), l.date) END AS due_on
            FROM input i
            LEFT JOIN lessons l ON l.school_id = $1 AND l.id = i.id AND l.section_id = \(BatchSQL.section)
            LEFT JOIN homework h ON h.school_id = l.school_id AND h.lesson_id = l.id AND h.for_all AND h.deleted_at IS NULL
        ), compared AS MATERIALIZED (
            SELECT t.*,
                CASE t.action
                    WHEN 'set' THEN (t.old_text, t.old_due_on, t.old_asks) IS DISTINCT FROM (t.text, t.due_on, t.asks)
                    WHEN 'clear' THEN t.old_homework IS NOT NULL
                    ELSE false
                END AS changes_homework,
                (t.topic, t.plan_topic_id, t.state, t.no_homework, t.attendance_taken_at) IS DISTINCT FROM
                    (t.old_topic, t.old_plan, t.old_state, t.old_no_homework, t.old_attendance) AS changes_lesson
            FROM target t
        ), checked AS MATERIALIZED (
            SELECT t.*, t.found AND NOT t.changes_homework AND NOT t.changes_lesson AS unchanged,
                CASE
                    WHEN NOT t.found THEN 'not_in_section'
                    WHEN NOT lyceum.teaches_lesson($1, $2::uuid, t.id) THEN 'not_your_lesson'
                    WHEN NOT t.changes_homework AND NOT t.changes_lesson THEN NULL
                    WHEN t.seen <> t.version THEN 'stale_version'
                    WHEN t.old_state = 'cancelled' THEN 'lesson_cancelled'
                    WHEN t.plan_topic_id <> coalesce(t.old_plan, lyceum.nobody())
                        AND NOT lyceum.is_topic_of($1, t.section_id, t.plan_topic_id) THEN 'not_in_section'
                    WHEN t.date > lyceum.today()
                        AND ((t.state = 'held' AND t.old_state <> 'held')
                            OR (t.attendance_taken_at IS NOT NULL AND t.old_attendance IS NULL)) THEN 'lesson_in_future'
                    ELSE coalesce(
                        CASE WHEN t.changes_homework AND t.action = 'set'
                            THEN lyceum.homework_refusal($1, t.id, t.due_on) END,
                        CASE WHEN t.action = 'set' AND t.due_on IS DISTINCT FROM t.old_due_on
                            THEN lyceum.due_refusal($1, t.id, t.due_on) END,
                        lyceum.lesson_refusal($1, t.id)
                    )
                END AS refusal
            FROM compared t
        ), accepted AS MATERIALIZED (
            SELECT * FROM checked c WHERE c.refusal IS NULL AND NOT c.unchanged
        ), homework_changed AS (
            UPDATE homework h SET text = a.text, due_on = a.due_on, asks_submission = a.asks
            FROM accepted a
            WHERE a.action = 'set' AND a.changes_homework AND h.school_id = $1 AND h.id = a.old_homework
        ), homework_removed AS (
            UPDATE homework h SET deleted_at = now()
            FROM accepted a
            WHERE a.action = 'clear' AND a.changes_homework AND h.school_id = $1 AND h.id = a.old_homework
        ), homework_added AS (
            INSERT INTO homework (school_id, id, lesson_id, section_id, text, due_on, asks_submission)
            SELECT $1, a.homework_id, a.id, a.section_id, a.text, a.due_on, a.asks
            FROM accepted a
            WHERE a.action = 'set' AND a.old_homework IS NULL
        ), updated AS (
            UPDATE lessons l
            SET topic = a.topic, plan_topic_id = a.plan_topic_id, state = a.state, no_homework = a.no_homework,
                attendance_taken_at = a.attendance_taken_at, changed_at = clock_timestamp()
            FROM accepted a
            WHERE l.school_id = $1 AND l.id = a.id
            RETURNING l.id, l.version
        )
        SELECT c.id, coalesce(u.version, c.version, 0) AS version,
            c.refusal AS _refusal, c.unchanged AS _unchanged,
            CASE WHEN c.refusal IS NOT NULL AND c.found THEN json_build_object(
                'id', c.id, 'topic', c.old_topic, 'plan_topic_id', c.old_plan, 'state', c.old_state,
                'no_homework', c.old_no_homework,
                'homework', (
                    SELECT coalesce(
                        json_agg(json_build_object(
                            'id', h.id, 'text', h.text, 'due_on', h.due_on, 'asks_submission', h.asks_submission,
                            'student_ids', CASE WHEN NOT h.for_all THEN (
                                SELECT json_agg(s.student_id ORDER BY s.student_id) FROM homework_students s
                                WHERE s.school_id = $1 AND s.homework_id = h.id
                            ) END,
                            'version', h.version
                        )),
                        '[]')
                    FROM homework h WHERE h.school_id = $1 AND h.lesson_id = c.id AND h.deleted_at IS NULL
                ),
                'attendance_taken_at', lyceum.moment(c.old_attendance), 'version', c.version
            ) END AS _current, \(BatchSQL.note)
        FROM checked c
        LEFT JOIN updated u ON u.id = c.id
        ORDER BY c.ord
        """)
}
