import Diary
import JSON
import Postgres

/// Feedback to a student: about a lesson, for a term, or about the subject in general; null deletes it.
struct FeedbackBatch {
    let count: Int
    private var ids: [String?] = []
    private var lessons: [String?] = []
    private var terms: [String?] = []
    private var students: [String?] = []
    private var texts: [String?] = []
    private var versions: [Int?] = []

    init(_ items: [ObjectReader]) {
        count = items.count
        var seen: Set<String> = []
        for var item in items {
            let id = item.uuid("id").value
            let lesson = item.uuid("lesson_id", .nullable).value
            let term = item.uuid("term_id", .nullable).value
            if lesson != nil && term != nil {
                item.problems.add(FieldProblem(item.pointer.appending("term_id"), "exclusive"))
            }
            let student = item.uuid("student_id").value
            ids.append(id)
            lessons.append(lesson)
            terms.append(term)
            students.append(student)
            texts.append(item.writtenText("text", .requiredNullable, maximum: 4000).value)
            versions.append(item.integer("version", in: 0...Int(Int32.max)).value)
            item.finish()
            if let id { item.refuseDuplicate(id, &seen) }
            if let lesson, let student { item.refuseDuplicate("\(lesson) \(student)", &seen) }
        }
    }

    func query(_ school: Parameter, _ user: Parameter) -> Query {
        Query(
            statement: Self.statement,
            parameters: [
                school, user, .integers(Array(0..<count)), .texts(ids), .texts(lessons), .texts(students),
                .texts(texts), .integers(versions), .texts(terms),
            ])
    }

    /// A student has at most one feedback text per lesson: an item with another id conflicts with the existing row and
    /// is stale.
    private static let statement = Statement(
        """
        WITH input AS MATERIALIZED (
            SELECT *
            FROM unnest($3::int[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::int[], $9::uuid[])
                AS i(ord, id, lesson_id, student_id, text, seen, term_id)
        ), target AS MATERIALIZED (
            SELECT i.*, coalesce(l.date, lyceum.today()) AS date,
                (i.lesson_id IS NULL OR l.id IS NOT NULL)
                    AND (o.id IS NULL OR (o.section_id, o.student_id) = (\(BatchSQL.section), i.student_id))
                    AND (o.id IS NULL OR (o.lesson_id, o.term_id) IS NOT DISTINCT FROM (i.lesson_id, i.term_id))
                    AND \(BatchSQL.section) IS NOT NULL AS found,
                coalesce(o.id, f.id) AS old_id, coalesce(o.version, f.version) AS version,
                CASE WHEN coalesce(o.deleted_at, f.deleted_at) IS NULL THEN coalesce(o.text, f.text) END AS old_text,
                o.id IS NULL AND f.id IS NOT NULL AS is_taken
            FROM input i
            LEFT JOIN lessons l ON l.school_id = $1 AND l.id = i.lesson_id AND l.section_id = \(BatchSQL.section)
            LEFT JOIN feedback o ON o.school_id = $1 AND o.id = i.id
            LEFT JOIN feedback f ON f.school_id = $1 AND f.lesson_id = l.id AND f.student_id = i.student_id
        ), checked AS MATERIALIZED (
            SELECT t.*, t.found AND NOT t.is_taken AND t.text IS NOT DISTINCT FROM t.old_text AS unchanged,
                CASE
                    WHEN NOT t.found THEN 'not_in_section'
                    WHEN NOT CASE
                        WHEN t.lesson_id IS NULL THEN lyceum.teaches($1, $2::uuid, \(BatchSQL.section), t.date)
                        ELSE lyceum.teaches_lesson($1, $2::uuid, t.lesson_id)
                    END THEN 'not_your_lesson'
                    WHEN t.is_taken THEN 'stale_version'
                    WHEN t.text IS NOT DISTINCT FROM t.old_text THEN NULL
                    WHEN coalesce(t.version, 0) <> t.seen THEN 'stale_version'
                    ELSE lyceum.feedback_refusal($1, \(BatchSQL.section), t.lesson_id, t.term_id, t.student_id, t.text)
                END AS refusal
            FROM target t
        ), accepted AS MATERIALIZED (
            SELECT * FROM checked c WHERE c.refusal IS NULL AND NOT c.unchanged
        ), added AS (
            INSERT INTO feedback (school_id, id, student_id, section_id, lesson_id, term_id, text)
            SELECT $1, a.id, a.student_id, \(BatchSQL.section), a.lesson_id, a.term_id, a.text
            FROM accepted a WHERE a.old_id IS NULL
            RETURNING id, version
        ), updated AS (
            UPDATE feedback x
            SET text = coalesce(a.text, x.text), deleted_at = CASE WHEN a.text IS NULL THEN now() END,
                author_id = lyceum.current_user_id()
            FROM accepted a
            WHERE x.school_id = $1 AND x.id = a.old_id
            RETURNING x.id, x.version
        )
        SELECT c.id, coalesce(n.version, u.version, CASE WHEN c.found THEN c.version END, 0) AS version,
            c.refusal AS _refusal, c.unchanged AS _unchanged,
            CASE WHEN c.refusal IS NOT NULL AND c.found AND c.old_id IS NOT NULL THEN json_build_object(
                'id', c.old_id, 'lesson_id', c.lesson_id, 'term_id', c.term_id, 'student_id', c.student_id,
                'text', c.old_text, 'version', c.version
            ) END AS _current, \(BatchSQL.note)
        FROM checked c
        LEFT JOIN added n ON n.id = c.id
        LEFT JOIN updated u ON u.id = c.id
        ORDER BY c.ord
        """)
}
