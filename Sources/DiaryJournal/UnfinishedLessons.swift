import Diary
import Postgres
import Web

/// Due lessons (L4) in which something is missing: the topic, homework or the roll. A deputy head sees in one call who
/// has not filled in what.
package enum UnfinishedLessons {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/unfinished-lessons", "listUnfinishedLessons", access: .headsOfSchool, list)
    ]

    static let longestRange = 31

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let range = query.dateRange(longest: longestRange)
        let filters: [Parameter] = [
            .integer(caller.school.id), .text(range?.from), .text(range?.to), .text(query.identifier("class_id")),
            .text(query.identifier("teacher_id")),
        ]
        try query.finish()
        return try await Answer(capacity: 32 * 1024) {
            Fields(days(.text(range?.from), .text(range?.to)))
            List("teachers", Query(statement: teachers, parameters: filters)) {
                List("lessons", Query(statement: lessons, parameters: filters))
            }
        }.tagged(for: caller)
    }

    // MARK: What is missing

    /// The tables that `missing` reads beside the lesson `l`.
    static let ofSection = """
        JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
        JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
        """

    /// A JSON array of what a due lesson lacks, as the column `missing`; empty for other lessons.
    static func missing(_ lesson: String) -> String {
        """
        CASE WHEN lyceum.is_due(\(lesson).state, \(lesson).date, \(lesson).ends_at) THEN
            to_json(array_remove(ARRAY[
                CASE WHEN \(lesson).topic IS NULL THEN 'topic' END,
                CASE WHEN \(lacksHomework(lesson)) THEN 'homework' END,
                CASE WHEN \(lesson).attendance_taken_at IS NULL THEN 'attendance' END
            ], NULL)) ELSE '[]'::json END AS missing
        """
    }

    /// H1: neither homework nor the word that there is none. None is expected in grade 1, where a school has none there,
    /// and in sections without grading.
    private static func lacksHomework(_ lesson: String) -> String {
        """
        NOT \(lesson).no_homework AND s.grading <> 'none'
                    AND (
                        g.grade_level IS DISTINCT FROM 1
                        OR (SELECT t.homework_in_grade_1 FROM school_settings t WHERE t.school_id = $1)
                    )
                    AND NOT EXISTS (
                        SELECT FROM homework h
                        WHERE h.school_id = \(lesson).school_id AND h.lesson_id = \(lesson).id AND h.deleted_at IS NULL
                    )
        """
    }

    // MARK: By teacher

    private static let days = Statement(
        """
        SELECT coalesce($1::date, lyceum.today()) AS "from", coalesce($2::date, lyceum.today()) AS "to"
        """)

    /// The days are computed once, and OFFSET 0 keeps the lessons of these days first: otherwise PostgreSQL would read all
    /// lessons of each section, and compute what is missing again for each use of it.
    private static let due = """
        FROM (
            SELECT l.id, l.date, l.slot, l.starts_at, l.teacher_id, s.id AS section_id, s.name AS section, \(missing("l"))
            FROM (
                SELECT l.*
                FROM lessons l
                WHERE l.school_id = $1
                    AND l.date BETWEEN (SELECT coalesce($2::date, lyceum.today())) AND (SELECT coalesce($3::date, lyceum.today()))
                    AND lyceum.is_due(l.state, l.date, l.ends_at)
                    AND ($5::uuid IS NULL OR l.teacher_id = $5::uuid)
                OFFSET 0
            ) l
            \(ofSection)
            WHERE $4::uuid IS NULL OR g.class_id = $4::uuid
            OFFSET 0
        ) x
        LEFT JOIN users u ON u.school_id = $1 AND u.id = x.teacher_id
        """
    private static let byTeacher = "u.last_name, u.first_name, u.id NULLS LAST"

    /// Teachers with an unfinished lesson. The teacher is null for lessons that nobody is named for.
    private static let teachers = Statement(
        """
        SELECT coalesce(u.id, lyceum.nobody()) AS _key, \(SharedSQL.person("u", as: "teacher?")), count(*) AS due,
            count(*) FILTER (WHERE x.missing::text <> '[]') AS unfinished,
            count(*) FILTER (WHERE x.missing::jsonb ? 'topic') AS without_topic,
            count(*) FILTER (WHERE x.missing::jsonb ? 'homework') AS without_homework,
            count(*) FILTER (WHERE x.missing::jsonb ? 'attendance') AS without_attendance
        \(due)
        GROUP BY u.id, u.last_name, u.first_name, u.middle_name
        HAVING count(*) FILTER (WHERE x.missing::text <> '[]') > 0
        ORDER BY \(byTeacher)
        """)

    private static let lessons = Statement(
        """
        SELECT coalesce(u.id, lyceum.nobody()) AS _parent, x.id, x.date, x.slot, x.section_id AS "section.id",
            x.section AS "section.name", x.missing
        \(due)
        WHERE x.missing::text <> '[]'
        ORDER BY \(byTeacher), x.date, x.starts_at, x.id
        """)
}
