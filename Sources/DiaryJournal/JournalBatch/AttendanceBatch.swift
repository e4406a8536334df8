import Diary
import JSON
import Postgres

/// The teacher's attendance codes (T1): an item names the school's code, or the meaning and gets the default code of it.
/// The class teacher's decision is stored separately and is not changed here (T2).
struct AttendanceBatch {
    let count: Int
    private var lessons: [String?] = []
    private var students: [String?] = []
    private var codes: [String?] = []
    private var meanings: [String?] = []
    private var minutes: [Int?] = []
    private var versions: [Int?] = []
    private let newIDs: [String?]

    init(_ items: [ObjectReader], _ services: Services) {
        count = items.count
        newIDs = items.map { _ in services.newID() }
        var seen: Set<String> = []
        for var item in items {
            let lesson = item.uuid("lesson_id").value
            let student = item.uuid("student_id").value
            lessons.append(lesson)
            students.append(student)
            let namesCode = !item.isMissing("code")
            let code = item.string("code", .nullable, minimumLength: 1, maximumLength: 10)
            codes.append(code.value)
            let meaning = item.enumeration(
                "meaning", of: AttendanceMeaning.ofTeachers, namesCode ? .nullable : .requiredNullable)
            if namesCode && !meaning.isAbsent {
                item.problems.add(FieldProblem(item.pointer.appending("meaning"), "exclusive"))
            }
            meanings.append(meaning.value)
            let late = item.integer("minutes", .nullable, in: 1...240).value
            if late != nil && code.value == nil && meaning.value != "late" {
                item.problems.add(FieldProblem(item.pointer.appending("minutes"), "only_when_late"))
            }
            minutes.append(late)
            versions.append(item.integer("version", in: 0...Int(Int32.max)).value)
            item.finish()
            if let lesson, let student { item.refuseDuplicate("\(lesson) \(student)", &seen) }
        }
    }

    func query(_ school: Parameter, _ user: Parameter, asksRules: Bool) -> Query {
        Query(
            statement: Self.statement,
            parameters: [
                school, user, .integers(Array(0..<count)), .texts(lessons), .texts(students), .texts(meanings),
                .integers(minutes), .integers(versions), .texts(newIDs), .boolean(asksRules), .column(codes),
            ])
    }

    /// Refusals of the statement that make the whole body invalid: the fields that they are about.
    static let faults = ["unknown_reference": "code", "only_when_late": "minutes"]

    private static let statement = Statement(
        """
        WITH input AS MATERIALIZED (
            SELECT i.ord, i.lesson_id, i.student_id, coalesce(d.meaning, i.meaning) AS meaning, d.id AS named_id,
                i.minutes, i.seen, i.new_id,
                CASE
                    WHEN i.code IS NOT NULL AND d.id IS NULL THEN 'unknown_reference'
                    WHEN d.meaning <> 'late' AND i.minutes IS NOT NULL THEN 'only_when_late'
                END AS fault
            FROM unnest($3::int[], $4::uuid[], $5::uuid[], $6::text[], $7::smallint[], $8::int[], $9::uuid[], $11::text[])
                AS i(ord, lesson_id, student_id, meaning, minutes, seen, new_id, code)
            LEFT JOIN attendance_codes d ON d.school_id = $1 AND d.code = i.code AND d.archived_at IS NULL
        ), target AS MATERIALIZED (
            SELECT i.*, l.id IS NOT NULL AS found, a.id AS old_id, a.version, a.meaning AS old_meaning,
                a.minutes AS old_minutes, a.code_id AS old_code_id, a.decided_meaning
            FROM input i
            LEFT JOIN lessons l ON l.school_id = $1 AND l.id = i.lesson_id AND l.section_id = \(BatchSQL.section)
            LEFT JOIN attendance a ON a.school_id = $1 AND a.lesson_id = l.id AND a.student_id = i.student_id
        ), compared AS MATERIALIZED (
            SELECT t.*,
                t.found AND (t.meaning, t.minutes) IS NOT DISTINCT FROM (t.old_meaning, t.old_minutes)
                    AND (t.named_id IS NULL OR t.named_id IS NOT DISTINCT FROM t.old_code_id) AS unchanged
            FROM target t
        ), taught AS MATERIALIZED (
            SELECT d.lesson_id, lyceum.teaches_lesson($1, $2::uuid, d.lesson_id) AS own
            FROM (SELECT DISTINCT lesson_id FROM target) d
        ), checked AS MATERIALIZED (
            SELECT t.*,
                CASE
                    WHEN t.fault IS NOT NULL THEN t.fault
                    WHEN NOT t.found THEN 'not_in_section'
                    WHEN NOT o.own THEN 'not_your_lesson'
                    WHEN t.unchanged THEN NULL
                    WHEN coalesce(t.version, 0) <> t.seen THEN 'stale_version'
                    ELSE r.refusal
                END AS refusal
            FROM compared t
            LEFT JOIN taught o ON o.lesson_id = t.lesson_id
            LEFT JOIN (
                SELECT * FROM lyceum.attendance_refusals($1, $4::uuid[], $5::uuid[]) WHERE $10::boolean
            ) r ON r.ordinal = t.ord + 1
        ), accepted AS MATERIALIZED (
            SELECT c.*,
                coalesce(c.named_id, (
                    SELECT d.id FROM attendance_codes d
                    WHERE d.school_id = $1 AND d.meaning = c.meaning AND d.is_default
                )) AS code_id
            FROM checked c WHERE c.refusal IS NULL AND NOT c.unchanged
        ), added AS (
            INSERT INTO attendance (school_id, id, lesson_id, student_id, meaning, minutes, code_id)
            SELECT $1, a.new_id, a.lesson_id, a.student_id, a.meaning, a.minutes, a.code_id
            FROM accepted a WHERE a.old_id IS NULL
            RETURNING id, version
        ), updated AS (
            UPDATE attendance x SET meaning = a.meaning, minutes = a.minutes, code_id = a.code_id
            FROM accepted a
            WHERE x.school_id = $1 AND x.id = a.old_id
            RETURNING x.id, x.version
        )
        SELECT c.lesson_id, c.student_id, coalesce(n.version, u.version, c.version, 0) AS version,
            (
                SELECT d.code FROM attendance_codes d
                WHERE d.school_id = $1
                    AND d.id = CASE WHEN c.refusal IS NULL AND NOT c.unchanged THEN a.code_id ELSE c.old_code_id END
            ) AS code,
            CASE WHEN c.refusal IS NULL THEN c.meaning ELSE c.old_meaning END AS meaning,
            CASE WHEN c.refusal IS NULL THEN c.minutes ELSE c.old_minutes END AS minutes,
            c.refusal AS _refusal, c.unchanged AS _unchanged,
            CASE WHEN c.refusal IS NOT NULL AND c.old_id IS NOT NULL THEN json_build_object(
                'lesson_id', c.lesson_id, 'student_id', c.student_id,
                'code', (SELECT d.code FROM attendance_codes d WHERE d.school_id = $1 AND d.id = c.old_code_id),
                'meaning', c.old_meaning, 'minutes', c.old_minutes, 'decided_meaning', c.decided_meaning,
                'version', c.version
            ) END AS _current, \(BatchSQL.note),
            CASE WHEN c.fault IS NOT NULL THEN \(Setting.malformed.set(to: "'yes'")) END AS _malformed
        FROM checked c
        LEFT JOIN accepted a ON a.ord = c.ord
        LEFT JOIN added n ON n.id = c.new_id
        LEFT JOIN updated u ON u.id = c.old_id
        ORDER BY c.ord
        """)
}

/// What an absence may mean (T1).
enum AttendanceMeaning {
    static let ofTeachers = ["absent", "ill", "excused", "unexcused", "late"]
    /// T2: the class teacher may also say that the student was present at a lesson, or all day.
    static let ofClassTeachers = ofTeachers + ["present"]
    static let ofDays = ["absent", "ill", "excused", "unexcused", "present"]
}
