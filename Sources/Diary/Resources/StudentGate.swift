import Postgres
import Web

/// Decides whether the caller sees a pupil, for all statements of a segment.
///
/// The gate is a segment's first statement: it answers the pupil, or nothing, and names the pupil in a setting that lives as
/// long as the transaction. The statements behind it read about `student` alone, so an invisible pupil has no data for them.
enum StudentGate {
    /// The pupil that the gate let through; NULL when it is closed. A subquery, which is asked once a statement and not once
    /// for each row that it is compared with.
    static let student = "(SELECT nullif(current_setting('lyceum.student', true), '')::uuid)"

    /// A1, A3: pupils themselves, guardians with access, today's class teacher, heads and deputy heads.
    static func open(_ caller: Caller, _ id: String) -> Query {
        gate(.integer(caller.school.id), .text(id), .boolean(caller.readsAll), .text(caller.user))
    }

    private static let gate = Statement(
        """
        SELECT s.id, u.last_name, u.first_name, u.middle_name,
            c.id AS "class?.id", c.name AS "class?.name", c.grade_level AS "class?.grade_level",
            set_config('lyceum.student', s.id::text, true) AS _gate
        FROM students s
        JOIN users u ON u.school_id = s.school_id AND u.id = s.id
        LEFT JOIN enrollments e ON e.school_id = s.school_id AND e.student_id = s.id
            AND e.starts_on <= lyceum.today() AND (e.ends_on IS NULL OR e.ends_on >= lyceum.today())
        LEFT JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
        WHERE s.school_id = $1 AND s.id = $2::uuid
            AND (
                $3::boolean
                OR EXISTS (SELECT FROM lyceum.seen_students($1, $4::uuid) v WHERE v.student_id = s.id)
                OR lyceum.is_class_teacher($1, $4::uuid, s.id, lyceum.today())
            )
        """)
}
