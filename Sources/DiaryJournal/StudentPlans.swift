import Diary
import Postgres
import Web

/// The curriculum plans of a student's sections, with what was given, for the family (P1, A1): topics and hours, future
/// ones included, without the teacher's homework patterns, corrections and drafts.
package enum StudentPlans {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/students/{student_id}/plans", "listStudentPlans", access: .readersOfMarks, list)
    ]

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let year = query.identifier("academic_year_id")
        let subject = query.identifier("subject_id")
        try query.finish()
        let values: [Parameter] = [.integer(caller.school.id), .text(year), .text(subject)]
        let student = StudentGate.open(caller, try request.identifier("student_id"))
        let statements = StudentGate.isDated(for: caller) ? seen : all
        return try await Answer(capacity: 32 * 1024) {
            Gate(student)
            Object("student", student)
            List("items", Query(statement: statements.plans, parameters: values)) {
                List("topics", Query(statement: statements.topics, parameters: values))
            }
        }.tagged(for: caller)
    }

    private static let all = Statements(days: "'{(,)}'::datemultirange")
    private static let seen = Statements(days: StudentGate.days)
}

/// The statements after the gate. `$1` is the school, `$2` the year, `$3` the subject.
private struct Statements: Sendable {
    let plans: Statement
    let topics: Statement

    /// - Parameter days: the days that the caller sees.
    init(days: String) {
        // `days` are those of the membership. The plan of a section that the student has left ends with the last day.
        let sections = """
            WITH sections_of_student AS MATERIALIZED (
                SELECT s.id, s.name, s.subject_id, j.name AS subject, lyceum.section_plan(s.school_id, s.id) AS plan_id,
                    o.days, upper(o.days) - 1 AS last,
                    coalesce(upper(o.days) > least(lyceum.today(), y.ends_on), true) AS lasts
                FROM (
                    SELECT m.group_id,
                        range_agg(daterange(m.starts_on, m.ends_on, '[]')) * \(days) AS days
                    FROM group_members m
                    WHERE m.school_id = $1 AND m.student_id = \(StudentGate.student)
                    GROUP BY m.group_id
                ) o
                JOIN sections s ON s.school_id = $1 AND s.group_id = o.group_id
                JOIN academic_years y ON y.school_id = $1 AND y.id = s.academic_year_id
                JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
                WHERE NOT isempty(o.days)
                    AND s.academic_year_id = coalesce($2::uuid, \(SharedSQL.currentYear))
                    AND ($3::uuid IS NULL OR s.subject_id = $3::uuid)
            )
            """
        plans = Statement(
            """
            \(sections)
            SELECT s.id, s.name, s.subject_id AS "subject.id", s.subject AS "subject.name", p.id AS "plan.id",
                p.title AS "plan.title", trim_scale(f.hours) AS hours, trim_scale(f.given) AS given_hours,
                trim_scale(f.planned) AS planned_hours
            FROM sections_of_student s
            JOIN curriculum_plans p ON p.school_id = $1 AND p.id = s.plan_id AND p.state = 'approved'
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(x.hours), 0) AS hours, coalesce(sum(least(x.hours, x.held)), 0) AS given,
                    coalesce(sum(x.planned_hours), 0) AS planned
                FROM lyceum.plan_progress($1, s.id, p.id, least(s.last, lyceum.today())) x
            ) f
            ORDER BY s.subject, s.id
            """)
        topics = Statement(
            """
            \(sections), given AS MATERIALIZED (
                SELECT l.section_id, l.plan_topic_id, array_agg(l.date) AS dates
                FROM (
                    SELECT l.section_id, l.plan_topic_id, l.date
                    FROM sections_of_student s
                    JOIN lessons l ON l.school_id = $1 AND l.section_id = s.id
                    WHERE l.state = 'held' AND l.plan_topic_id IS NOT NULL AND l.date <@ s.days
                    ORDER BY l.section_id, l.plan_topic_id, l.date
                ) l
                GROUP BY l.section_id, l.plan_topic_id
            )
            SELECT t.id, u.title AS unit, t.title, trim_scale(t.hours) AS hours, t.planned_week, t.planned_on, t.is_control,
                to_json(coalesce(b.dates, '{}') || coalesce(g.dates, '{}')) AS given_on, s.id AS _parent
            FROM sections_of_student s
            JOIN curriculum_plans p ON p.school_id = $1 AND p.id = s.plan_id AND p.state = 'approved'
            JOIN plan_topics t ON t.school_id = $1 AND t.plan_id = p.id AND t.correction_id IS NULL
            LEFT JOIN plan_units u ON u.school_id = $1 AND u.id = t.unit_id
            LEFT JOIN given g ON g.section_id = s.id AND g.plan_topic_id = t.id
            LEFT JOIN given b ON b.section_id = s.id AND b.plan_topic_id = t.source_id
            WHERE s.lasts OR g.dates IS NOT NULL OR b.dates IS NOT NULL
            ORDER BY s.subject, s.id, t.position
            """)
    }
}
