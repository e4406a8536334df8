import JSON
import Postgres

/// Columns of the journal. The client creates their ids, so that marks in the same request can refer to them.
struct LineItemBatch {
    let count: Int
    private var ids: [String?] = []
    private var lessons: [String?] = []
    private var categories: [String?] = []
    private var titles: [Field<String>] = []
    private var weights: [String?] = []
    private var versions: [Int?] = []
    private var deleted: [Bool?] = []

    init(_ items: [ObjectReader]) {
        count = items.count
        var seen: Set<String> = []
        for var item in items {
            let id = item.uuid("id").value
            ids.append(id)
            lessons.append(item.uuid("lesson_id").value)
            let isDeleted = item.boolean("deleted", .optional).value ?? false
            deleted.append(isDeleted)
            categories.append(item.uuid("category_id", isDeleted ? .optional : .required).value)
            titles.append(item.string("title", .nullable, minimumLength: 1, maximumLength: 200))
            weights.append(item.weight())
            versions.append(item.integer("version", in: 0...Int(Int32.max)).value)
            item.finish()
            if let id { item.refuseDuplicate(id, &seen) }
        }
    }

    func query(_ school: Parameter, _ user: Parameter, asksRules: Bool) -> Query {
        Query(
            statement: Self.statement,
            parameters: [
                school, user, .integers(Array(0..<count)), .texts(ids), .texts(lessons), .texts(categories),
                .booleans(titles.map { !$0.isAbsent }), .texts(titles.map { $0.value }), .texts(weights),
                .integers(versions), .booleans(deleted), .boolean(asksRules),
            ])
    }

    private static let statement = Statement(
        """
        WITH input AS MATERIALIZED (
            SELECT *
            FROM unnest(
                $3::int[], $4::uuid[], $5::uuid[], $6::uuid[], $7::boolean[], $8::text[], $9::numeric[], $10::int[],
                $11::boolean[]
            ) AS i(ord, id, lesson_id, category_id, sets_title, title, weight, seen, deletes)
        ), target AS MATERIALIZED (
            SELECT i.ord, i.id, i.seen, i.deletes, i.lesson_id, i.category_id, l.section_id, l.state, c.is_control,
                l.id IS NOT NULL AND (c.id IS NOT NULL OR i.deletes) AND (x.id IS NULL OR x.lesson_id = i.lesson_id)
                    AND (x.id IS NOT NULL OR NOT i.deletes) AS found,
                x.id AS old_id, x.version, x.category_id AS old_category, x.title AS old_title, x.weight AS old_weight,
                x.is_default, x.deleted_at,
                CASE WHEN i.sets_title THEN i.title ELSE x.title END AS title,
                coalesce(round(i.weight, 2), x.weight, c.weight) AS weight
            FROM input i
            LEFT JOIN lessons l ON l.school_id = $1 AND l.id = i.lesson_id AND l.section_id = \(BatchSQL.section)
            LEFT JOIN categories c ON c.school_id = $1 AND c.id = i.category_id AND c.archived_at IS NULL
            LEFT JOIN line_items x ON x.school_id = $1 AND x.id = i.id
        ), compared AS MATERIALIZED (
            SELECT t.*,
                CASE
                    WHEN t.deletes THEN t.deleted_at IS NOT NULL
                    ELSE t.old_id IS NOT NULL AND t.deleted_at IS NULL AND (t.category_id, t.title, t.weight)
                        IS NOT DISTINCT FROM (t.old_category, t.old_title, t.old_weight)
                END AS unchanged,
                CASE
                    WHEN $12::boolean AND t.is_control AND NOT t.deletes
                        AND NOT (t.old_id IS NOT NULL AND lyceum.is_control($1, t.old_category))
                        AND NOT lyceum.has_control_work($1, t.lesson_id, true)
                        THEN lyceum.control_work_reasons($1, t.lesson_id)
                END AS reasons
            FROM target t
        ), checked AS MATERIALIZED (
            SELECT t.*,
                CASE
                    WHEN NOT t.found THEN 'not_in_section'
                    WHEN NOT lyceum.teaches_lesson($1, $2::uuid, t.lesson_id) THEN 'not_your_lesson'
                    WHEN t.unchanged THEN NULL
                    WHEN t.seen <> coalesce(t.version, 0) THEN 'stale_version'
                    WHEN t.deleted_at IS NOT NULL THEN 'not_in_section'
                    WHEN t.state = 'cancelled' AND NOT t.deletes THEN 'lesson_cancelled'
                    ELSE coalesce(
                        lyceum.lesson_refusal($1, t.lesson_id),
                        CASE
                            WHEN t.reasons IS NOT NULL THEN 'control_work_not_allowed'
                            WHEN $12::boolean AND t.deletes THEN lyceum.line_item_deletion_refusal($1, t.id)
                        END
                    )
                END AS refusal
            FROM compared t
        ), accepted AS MATERIALIZED (
            SELECT * FROM checked c WHERE c.refusal IS NULL AND NOT c.unchanged
        ), added AS (
            INSERT INTO line_items (school_id, id, lesson_id, section_id, category_id, title, weight)
            SELECT $1, a.id, a.lesson_id, a.section_id, a.category_id, a.title, a.weight
            FROM accepted a WHERE a.old_id IS NULL
            RETURNING id, version
        ), updated AS (
            UPDATE line_items x
            SET category_id = CASE WHEN a.deletes THEN x.category_id ELSE a.category_id END,
                title = CASE WHEN a.deletes THEN x.title ELSE a.title END,
                weight = CASE WHEN a.deletes THEN x.weight ELSE a.weight END,
                deleted_at = CASE WHEN a.deletes THEN now() END
            FROM accepted a
            WHERE x.school_id = $1 AND x.id = a.old_id
            RETURNING x.id, x.version
        )
        SELECT c.id, coalesce(n.version, u.version, CASE WHEN c.found THEN c.version END, 0) AS version,
            c.refusal AS _refusal, c.unchanged AS _unchanged,
            CASE WHEN c.refusal IS NOT NULL AND c.found AND c.old_id IS NOT NULL THEN json_build_object(
                'id', c.id, 'lesson_id', c.lesson_id, 'category_id', c.old_category, 'title', c.old_title,
                'weight', c.old_weight, 'is_default', c.is_default, 'version', c.version
            ) END AS _current,
            CASE WHEN c.refusal = 'control_work_not_allowed' THEN c.reasons END AS _reasons, \(BatchSQL.note)
        FROM checked c
        LEFT JOIN added n ON n.id = c.id
        LEFT JOIN updated u ON u.id = c.id
        ORDER BY c.ord
        """)
}

extension ObjectReader {
    /// The weight of a column, 0.01 to 100.
    mutating func weight() -> String? {
        let weight = decimal("weight", .optional, wholeDigits: 3, fractionDigits: 15).value
        if let number = weight.flatMap({ Double($0) }), !(0.01...100).contains(number) {
            add("weight", .outOfRange, ["maximum": "100", "minimum": "0.01"])
        }
        return weight
    }
}
