import Diary
import Postgres

/// What the feeds report about curriculum plans: a change of units or topics is a change of their plan. Teachers get the
/// plans of their sections, families those of the student's sections; both read the topics where they are.
enum PlanChanges {
    static let plans = ChangedEntity(
        "curriculum_plans", access: CurriculumPlans.readers, circles: ["section"],
        rows: { caller, ids in some(.integer(caller.school.id), ids) }, familyCircles: ["section"],
        familyRows: { caller, ids in ofStudent(.integer(caller.school.id), ids) })

    private static let some = Statement(
        """
        SELECT p.id, p.academic_year_id, p.subject_id, p.grade_level, p.section_id, p.title, p.state, p.copied_from_id,
            p.author_id, p.approved_by, p.approved_at, p.external_id, p.version
        FROM curriculum_plans p
        WHERE p.school_id = $1 AND p.id = ANY ($2::uuid[])
        """)

    /// Only what `StudentPlans` shows: approved plans of the student's sections.
    private static let ofStudent = Statement(
        """
        SELECT p.id, p.section_id, j.id AS "subject.id", j.name AS "subject.name", p.title, p.version
        FROM curriculum_plans p
        JOIN subjects j ON j.school_id = p.school_id AND j.id = p.subject_id
        WHERE p.school_id = $1 AND p.id = ANY ($2::uuid[]) AND p.section_id IS NOT NULL AND p.state = 'approved'
            AND EXISTS (
                SELECT
                FROM sections s
                JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id
                WHERE s.school_id = p.school_id AND s.id = p.section_id AND m.student_id = \(StudentGate.student)
            )
        """)
}
