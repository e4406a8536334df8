import Diary
import JSON
import Postgres

/// Homework of lessons, for all students or for some (H1): a lesson has at most one for all, and any number for some. A
/// null text deletes it.
struct HomeworkBatch {
    let count: Int
    private var ids: [String?] = []
    private var lessons: [String?] = []
    private var texts: [String?] = []
    private var dueDates: [String?] = []
    private var students: [Field<[String]>] = []
    private var submissions: [Bool?] = []
    private var versions: [Int?] = []

    init(_ items: [ObjectReader]) {
        count = items.count
        var seen: Set<String> = []
        for var item in items {
            let id = item.uuid("id").value
            let lesson = item.uuid("lesson_id").value
            let text = item.writtenText("text", .requiredNullable, maximum: 4000).value
            let students = item.uuids("student_ids", .nullable, minimumCount: 1, maximumCount: 200)
            let version = item.integer("version", in: 0...Int(Int32.max)).value
            ids.append(id)
            lessons.append(lesson)
            texts.append(text)
            dueDates.append(item.date("due_on", .optional).value)
            self.students.append(students)
            submissions.append(item.boolean("asks_submission", .optional).value)
            versions.append(version)
            item.finish()
            if let id { item.refuseDuplicate(id, &seen) }
            if let lesson, version == 0, text != nil, students.value == nil {
                item.refuseDuplicate("\(lesson) for all", &seen)
            }
        }
    }

    func query(_ school: Parameter, _ user: Parameter) -> Query {
        Query(
            statement: Self.statement,
            parameters: [
                school, user, .integers(Array(0..<count)), .texts(ids), .texts(lessons), .texts(texts),
                .texts(dueDates), .booleans(students.map { !$0.isAbsent }),
                .texts(students.map { $0.value.map { "{\($0.joined(separator: ","))}" } }), .booleans(submissions),
                .integers(versions),
            ])
    }

    /// The lesson's version also guards its homework for all, which an item of `lessons` can write too. So a change of
    /// such homework is a change of the lesson (M5), and the answer has the lesson's new version.
    private static let statement = Statement(
        """
        WITH input AS MATERIALIZED (
            SELECT *
            FROM unnest(
                $3::int[], $4::uuid[], $5::uuid[], $6::text[], $7::date[], $8::boolean[], $9::text[], $10::boolean[],
                $11::int[]
            ) AS i(ord, id, lesson_id, text, new_due_on, sets_students, new_students, asks, seen)
        ), target AS MATERIALIZED (
            SELECT i.ord, i.id, i.lesson_id, i.text, i.seen, l.section_id, l.date,
                l.id IS NOT NULL AND (h.id IS NULL OR h.lesson_id = l.id) AS found,
                h.id AS old_id, h.version, h.deleted_at IS NOT NULL AS was_deleted, h.text AS old_text,
                h.due_on AS old_due_on, h.for_all AS old_for_all, h.asks_submission AS old_asks, o.students AS old_students,
                coalesce(i.new_due_on, h.due_on, lyceum.next_meeting($1, l.section_id, l.date), l.date) AS due_on,
                coalesce(i.asks, h.asks_submission, false) AS asks,
                CASE WHEN i.sets_students THEN i.new_students IS NULL ELSE coalesce(h.for_all, true) END AS for_all,
                CASE
                    WHEN i.sets_students THEN
                        (SELECT array_agg(DISTINCT s.id ORDER BY s.id) FROM unnest(i.new_students::uuid[]) s (id))
                    ELSE o.students
                END AS students
            FROM input i
            LEFT JOIN lessons l ON l.school_id = $1 AND l.id = i.lesson_id AND l.section_id = \(BatchSQL.section)
            LEFT JOIN homework h ON h.school_id = $1 AND h.id = i.id
            LEFT JOIN LATERAL (
                SELECT array_agg(s.student_id ORDER BY s.student_id) AS students
                FROM homework_students s
                WHERE s.school_id = $1 AND s.homework_id = h.id
            ) o ON true
        ), compared AS MATERIALIZED (
            SELECT t.*,
                CASE
                    WHEN t.text IS NULL THEN t.old_id IS NULL OR t.was_deleted
                    ELSE NOT t.was_deleted AND (t.text, t.due_on, t.asks, t.for_all) IS NOT DISTINCT FROM
                            (t.old_text, t.old_due_on, t.old_asks, t.old_for_all)
                        AND (t.for_all OR t.students IS NOT DISTINCT FROM t.old_students)
                END AS unchanged
            FROM target t
        ), checked AS MATERIALIZED (
            SELECT t.*,
                CASE
                    WHEN NOT t.found THEN 'not_in_section'
                    WHEN NOT lyceum.teaches_lesson($1, $2::uuid, t.lesson_id) THEN 'not_your_lesson'
                    WHEN t.unchanged THEN NULL
                    WHEN coalesce(t.version, 0) <> t.seen THEN 'stale_version'
                    WHEN t.text IS NULL THEN lyceum.lesson_refusal($1, t.lesson_id)
                    -- The lesson has other homework for all.
                    WHEN t.for_all AND EXISTS (
                        SELECT FROM homework o
                        WHERE o.school_id = $1 AND o.lesson_id = t.lesson_id AND o.id <> t.id AND o.for_all
                            AND o.deleted_at IS NULL
                    ) THEN 'stale_version'
                    ELSE coalesce(
                        lyceum.homework_refusal($1, t.lesson_id, t.due_on),
                        CASE WHEN t.due_on IS DISTINCT FROM t.old_due_on
                            THEN lyceum.due_refusal($1, t.lesson_id, t.due_on) END,
                        CASE WHEN NOT t.for_all AND EXISTS (
                            SELECT FROM unnest(t.students) s (id)
                            WHERE NOT lyceum.is_member($1, t.section_id, s.id, t.date)
                        ) THEN 'not_a_member' END
                    )
                END AS refusal
            FROM compared t
        ), accepted AS MATERIALIZED (
            SELECT * FROM checked c WHERE c.refusal IS NULL AND NOT c.unchanged
        ), added AS (
            INSERT INTO homework (school_id, id, lesson_id, section_id, text, due_on, for_all, asks_submission)
            SELECT $1, a.id, a.lesson_id, a.section_id, a.text, a.due_on, a.for_all, a.asks
            FROM accepted a WHERE a.old_id IS NULL
            RETURNING id, version
        ), updated AS (
            UPDATE homework h
            SET text = coalesce(a.text, h.text), due_on = a.due_on, for_all = a.for_all, asks_submission = a.asks,
                deleted_at = CASE WHEN a.text IS NULL THEN now() END, changed_at = clock_timestamp()
            FROM accepted a
            WHERE h.school_id = $1 AND h.id = a.old_id
            RETURNING h.id, h.version
        ), dropped AS (
            DELETE FROM homework_students s
            USING accepted a
            WHERE s.school_id = $1 AND s.homework_id = a.old_id AND a.text IS NOT NULL
                AND (a.for_all OR s.student_id <> ALL (a.students))
        ), named AS (
            INSERT INTO homework_students (school_id, homework_id, student_id)
            SELECT $1, a.id, s.id
            FROM accepted a
            CROSS JOIN LATERAL unnest(a.students) s (id)
            WHERE a.text IS NOT NULL AND NOT a.for_all AND (a.old_students IS NULL OR s.id <> ALL (a.old_students))
        ), touched AS (
            UPDATE lessons l
            SET no_homework = l.no_homework AND NOT a.sets, changed_at = clock_timestamp()
            FROM (
                SELECT a.lesson_id, bool_or(a.text IS NOT NULL AND a.for_all) AS sets
                FROM accepted a
                WHERE a.for_all OR a.old_for_all
                GROUP BY a.lesson_id
            ) a
            WHERE l.school_id = $1 AND l.id = a.lesson_id
            RETURNING l.id, l.version
        )
        SELECT c.id, coalesce(n.version, u.version, CASE WHEN c.found THEN c.version END, 0) AS version,
            t.version AS lesson_version, c.refusal AS _refusal, c.unchanged AS _unchanged,
            CASE WHEN c.refusal IS NOT NULL AND c.found AND c.old_id IS NOT NULL THEN json_build_object(
                'id', c.old_id, 'lesson_id', c.lesson_id, 'text', CASE WHEN NOT c.was_deleted THEN c.old_text END,
                'due_on', c.old_due_on, 'student_ids', CASE WHEN NOT c.old_for_all THEN to_json(c.old_students) END,
                'asks_submission', c.old_asks, 'version', c.version
            ) END AS _current, \(BatchSQL.note)
        FROM checked c
        LEFT JOIN added n ON n.id = c.id
        LEFT JOIN updated u ON u.id = c.id
        LEFT JOIN touched t ON t.id = c.lesson_id AND c.refusal IS NULL AND (c.for_all OR c.old_for_all)
        ORDER BY c.ord
        """)
}
