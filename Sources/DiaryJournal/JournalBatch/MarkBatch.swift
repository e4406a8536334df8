import Diary
import JSON
import Postgres

/// Marks: a value, or null to clear it, for a student in a column, or in the lesson's default column.
struct MarkBatch {
    let count: Int
    private var lineItems: [String?] = []
    private var lessons: [String?] = []
    private var students: [String?] = []
    private var values: [MarkValue?] = []
    private var comments: [Field<String>] = []
    private var published: [Bool?] = []
    private var versions: [Int?] = []
    private let newIDs: [String?]
    /// Lessons whose default column is used, each with an id for a new column.
    private let columns: [(lesson: String, id: String)]

    init(_ items: [ObjectReader], _ services: Services) {
        count = items.count
        var seen: Set<String> = []
        for var item in items {
            let lineItem = item.uuid("line_item_id", .optional).value
            let lesson = item.uuid("lesson_id", .optional).value
            let student = item.uuid("student_id").value
            lineItems.append(lineItem)
            lessons.append(lineItem == nil ? lesson : nil)
            students.append(student)
            values.append(MarkValue.read("value", of: &item))
            comments.append(item.string("comment", .nullable, minimumLength: 1, maximumLength: 1000))
            published.append(item.boolean("published", .optional).value)
            versions.append(item.integer("version", in: 0...Int(Int32.max)).value)
            item.finish()
            if lineItem != nil && lesson != nil {
                item.problems.add(FieldProblem(item.pointer.appending("lesson_id"), "exclusive"))
            } else if let column = lineItem ?? lesson.map({ "lesson " + $0 }) {
                if let student { item.refuseDuplicate("\(column) \(student)", &seen) }
            } else if item.isMissing("line_item_id") && item.isMissing("lesson_id") {
                item.add("line_item_id", .required)
            }
        }
        // An item with the version of an existing mark does not create a new one.
        newIDs = versions.map { $0 == 0 ? services.newID() : nil }
        columns = Set(lessons.compactMap { $0 }).sorted().map { ($0, services.newID()) }
    }

    /// Creates missing default columns; nil when no item uses one.
    func defaultColumns(_ school: Parameter, _ user: Parameter) -> Query? {
        if columns.isEmpty { return nil }
        return Self.columnsStatement(
            school, user, .texts(columns.map { $0.lesson }), .texts(columns.map { $0.id }), .texts(lessons),
            .texts(students), .texts(values.map { $0?.kind }))
    }

    func query(_ school: Parameter, _ user: Parameter, asksRules: Bool) -> Query {
        let parameters: [Parameter] = [
            school, user, .column(lineItems), .column(students),
            .column(values.map { $0?.kind }), .column(values.map { $0?.number.map { String($0) } }),
            .column(values.map { $0?.code }), .column(values.map { $0?.dueOn }),
            .column(comments.map { $0.isAbsent ? nil : "t" }), .column(comments.map { $0.value }),
            .integers(versions), .column(published.map { $0.map { $0 ? "t" : "f" } }),
        ]
        let isPlain = !asksRules && lessons.allSatisfy { $0 == nil }
        if isPlain && newIDs.allSatisfy({ $0 == nil }) {
            return Query(statement: Self.changesStatement, parameters: parameters)
        }
        let ids = Parameter.column(newIDs)
        if isPlain { return Query(statement: Self.plainStatement, parameters: parameters + [ids]) }
        return Query(
            statement: asksRules ? Self.checkedStatement : Self.statement,
            parameters: parameters + [ids, .column(lessons)])
    }

    /// A column is created only if a mark of the batch will be written in it, so that a refused mark leaves no column.
    private static let columnsStatement = Statement(
        """
        INSERT INTO line_items (school_id, id, lesson_id, section_id, category_id, weight, is_default)
        SELECT $1, n.id, l.id, l.section_id, c.id, coalesce(c.weight, 1), true
        FROM unnest($3::uuid[], $4::uuid[]) AS n(lesson_id, id)
        JOIN lessons l ON l.school_id = $1 AND l.id = n.lesson_id AND l.section_id = \(BatchSQL.section)
        JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id AND s.grading <> 'none'
        LEFT JOIN LATERAL (
            SELECT k.id, k.weight FROM categories k
            WHERE k.school_id = $1 AND k.archived_at IS NULL AND NOT k.is_control ORDER BY k.position, k.name LIMIT 1
        ) c ON true
        WHERE lyceum.teaches_lesson($1, $2::uuid, l.id)
            AND NOT EXISTS (
                SELECT FROM line_items d
                WHERE d.school_id = $1 AND d.lesson_id = l.id AND d.is_default AND d.deleted_at IS NULL
            )
            AND EXISTS (
                SELECT FROM unnest($5::uuid[], $6::uuid[], $7::text[]) AS i(lesson_id, student_id, kind)
                WHERE i.lesson_id = l.id AND i.kind IS NOT NULL
                    AND lyceum.attendance_refusal($1, l.id, i.student_id) IS NULL
                    AND lyceum.grade_level_on($1, i.student_id, l.date) > 1
            )
        """)

    // Most batches name their columns by id and have statements of their own: each part of a statement has a startup
    // cost, even without rows, and an INSERT runs its statement triggers.
    private static let changesStatement = Statement(sql(namedColumns, adds: false))
    private static let plainStatement = Statement(sql(namedColumns))
    private static let statement = Statement(sql(anyColumns))
    private static let checkedStatement = Statement(
        sql(
            anyColumns, refusal: "r.refusal",
            rules: """
                LEFT JOIN lyceum.mark_refusals(
                    $1, (SELECT array_agg(i.line_item ORDER BY i.ord) FROM target i), $4::uuid[], $5::text[],
                    $6::int[], $7::text[], $8::date[], (SELECT array_agg(i.old_due_on ORDER BY i.ord) FROM target i)
                ) r ON r.ordinal = t.ord
                """))

    /// The current state of the mark `k`, and its comment after the item `i`.
    private static let old = """
        k.id AS mark, k.version, k.kind AS old_kind, k.number AS old_number, k.code AS old_code,
        k.due_on AS old_due_on, k.comment AS old_comment, k.published_at AS old_published_at,
        CASE WHEN i.kind IS NULL THEN NULL WHEN i.sets_comment THEN i.new_comment ELSE k.comment END AS comment,
        CASE coalesce(i.published, k.id IS NULL OR k.published_at IS NOT NULL)
            WHEN true THEN CASE WHEN i.published AND k.published_at > now() THEN now() ELSE coalesce(k.published_at, now()) END
        END AS published_at
        """

    /// Items that name their columns, each cell at most once.
    private static func namedColumns(adds: Bool) -> String {
        """
        places AS MATERIALIZED (
            SELECT l.id, l.lesson_id, l.deleted_at IS NULL AS found,
                lyceum.teaches_lesson($1, $2::uuid, l.lesson_id) AS own
            FROM line_items l
            WHERE l.school_id = $1 AND l.id = ANY ($3::uuid[]) AND l.section_id = \(BatchSQL.section)
        ), target AS (
            SELECT i.*, p.lesson_id, p.found IS TRUE AS found, p.own, false AS lacks_column, false AS repeated, \(old)
            FROM unnest(
                $3::uuid[], $4::uuid[], $5::text[], $6::smallint[], $7::text[], $8::date[], $9::boolean[], $10::text[],
                $11::int[], $12::boolean[]\(adds ? ", $13::uuid[]" : "")
            ) WITH ORDINALITY AS i(
                line_item, student_id, kind, number, code, due_on, sets_comment, new_comment, seen,
                published\(adds ? ", new_id" : ""), ord
            )
            LEFT JOIN places p ON p.id = i.line_item
            LEFT JOIN marks k ON k.school_id = $1 AND k.line_item_id = p.id AND k.student_id = i.student_id
        )
        """
    }

    /// Items that name columns, or lessons with their default columns.
    private static func anyColumns(adds: Bool) -> String {
        """
        input AS MATERIALIZED (
            SELECT *, coalesce(line_item_id, lesson_id) AS place
            FROM unnest(
                $3::uuid[], $4::uuid[], $5::text[], $6::smallint[], $7::text[], $8::date[], $9::boolean[], $10::text[],
                $11::int[], $12::boolean[], $13::uuid[], $14::uuid[]
            ) WITH ORDINALITY AS i(
                line_item_id, student_id, kind, number, code, due_on, sets_comment, new_comment, seen, published, new_id,
                lesson_id, ord
            )
        ), named AS MATERIALIZED (
            SELECT i.place, i.line_item_id IS NULL AS by_lesson, i.lesson_id, coalesce(i.line_item_id, d.id) AS line_item
            FROM (SELECT DISTINCT place, line_item_id, lesson_id FROM input) i
            LEFT JOIN line_items d ON i.line_item_id IS NULL AND d.school_id = $1 AND d.lesson_id = i.lesson_id
                AND d.is_default AND d.deleted_at IS NULL
        ), places AS MATERIALIZED (
            SELECT p.place, p.by_lesson, p.line_item, coalesce(l.lesson_id, n.id) AS lesson,
                l.id IS NOT NULL AND l.deleted_at IS NULL AS found, l.id IS NULL AND n.id IS NOT NULL AS lacks_column,
                l.id AS own_item, lyceum.teaches_lesson($1, $2::uuid, coalesce(l.lesson_id, n.id)) AS own
            FROM named p
            LEFT JOIN line_items l ON l.school_id = $1 AND l.id = p.line_item AND l.section_id = \(BatchSQL.section)
            LEFT JOIN lessons n ON n.school_id = $1 AND n.id = p.lesson_id AND n.section_id = \(BatchSQL.section)
        ), target AS MATERIALIZED (
            SELECT i.ord, p.line_item, i.student_id, i.kind, i.number, i.code, i.due_on, i.seen, i.new_id,
                p.lesson AS lesson_id, p.found, p.own, p.lacks_column,
                p.line_item IS NOT NULL
                    AND row_number() OVER (PARTITION BY p.line_item, i.student_id ORDER BY i.ord) > 1 AS repeated,
                \(old)
            FROM input i
            JOIN places p ON p.place = i.place AND p.by_lesson = (i.line_item_id IS NULL)
            LEFT JOIN marks k ON k.school_id = $1 AND k.line_item_id = p.own_item AND k.student_id = i.student_id
        )
        """
    }

    /// - Parameters:
    ///   - columns: the part that creates `target`: each item with its column and the current state of the cell.
    ///   - adds: whether an item may create a mark. An item with a version changes an existing mark or is refused.
    private static func sql(
        _ columns: (Bool) -> String, adds: Bool = true, refusal: String = "NULL", rules: String = ""
    ) -> String {
        """
        WITH \(columns(adds)), compared AS (
            SELECT t.*, t.same AND (t.mark IS NULL OR t.published_at IS NOT DISTINCT FROM t.old_published_at) AS unchanged
            FROM (
                SELECT t.*,
                    CASE
                        WHEN t.found THEN (t.kind, t.number, t.code, t.due_on, t.comment) IS NOT DISTINCT FROM
                            (t.old_kind, t.old_number, t.old_code, t.old_due_on, t.old_comment)
                        ELSE t.lacks_column AND t.kind IS NULL
                    END AS same
                FROM target t
            ) t
        ), checked AS MATERIALIZED (
            SELECT t.*,
                CASE
                    WHEN t.repeated THEN 'duplicate_item'
                    WHEN NOT t.found AND NOT t.lacks_column THEN 'not_in_section'
                    WHEN t.own IS NOT TRUE THEN 'not_your_lesson'
                    WHEN t.unchanged THEN NULL
                    WHEN coalesce(t.version, 0) <> t.seen THEN 'stale_version'
                    -- M12: publishing is possible after the close.
                    WHEN t.same THEN NULL
                    -- No column was created, because no mark is allowed in it: the reason for this mark.
                    WHEN t.lacks_column
                        THEN coalesce(lyceum.attendance_refusal($1, t.lesson_id, t.student_id), 'marks_not_allowed')
                    ELSE \(refusal)
                END AS refusal
            FROM compared t
            \(rules)
        ), accepted AS (
            SELECT * FROM checked c WHERE c.refusal IS NULL AND NOT c.unchanged
        ), \(adds ? added + ", " : "")updated AS (
            UPDATE marks k
            SET kind = a.kind, number = a.number, code = a.code, due_on = a.due_on, comment = a.comment,
                published_at = a.published_at
            FROM accepted a
            WHERE k.school_id = $1 AND k.id = a.mark
            RETURNING k.id, k.version
        )
        SELECT coalesce(\(adds ? "n.id, " : "")c.mark) AS id, CASE WHEN c.found THEN c.line_item END AS line_item_id,
            c.student_id, coalesce(\(adds ? "n.version, " : "")u.version, c.version, 0) AS version,
            CASE
                WHEN c.refusal IS NULL THEN lyceum.mark_value(c.kind, c.number, c.code, c.due_on)
                ELSE lyceum.mark_value(c.old_kind, c.old_number, c.old_code, c.old_due_on)
            END AS value,
            CASE WHEN c.refusal IS NULL THEN c.comment ELSE c.old_comment END AS comment,
            CASE WHEN c.refusal IS NULL AND NOT c.unchanged THEN c.published_at ELSE c.old_published_at END AS published_at,
            c.refusal AS _refusal, c.unchanged AS _unchanged,
            CASE WHEN c.refusal IS NOT NULL AND c.mark IS NOT NULL THEN json_build_object(
                'id', c.mark, 'line_item_id', c.line_item, 'student_id', c.student_id,
                'value', lyceum.mark_value(c.old_kind, c.old_number, c.old_code, c.old_due_on),
                'comment', c.old_comment, 'version', c.version, 'published_at', lyceum.moment(c.old_published_at)
            ) END AS _current, \(BatchSQL.note),
            CASE WHEN c.repeated THEN \(Setting.malformed.set(to: "'yes'")) END AS _malformed
        FROM checked c \(adds ? "LEFT JOIN added n ON n.id = c.new_id" : "")
        LEFT JOIN updated u ON u.id = c.mark
        ORDER BY c.ord
        """
    }

    private static let added = """
        added AS (
            INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number, code, due_on, comment, published_at)
            SELECT $1, a.new_id, a.line_item, a.student_id, a.kind, a.number, a.code, a.due_on, a.comment, a.published_at
            FROM accepted a WHERE a.mark IS NULL
            RETURNING id, version
        )
        """
}
