import Postgres
import Web

/// Decides whether the caller may see a student, and which days, for all statements of a segment.
///
/// The gate is the first statement of a segment. It returns the student or no row, and stores the student's id in a
/// setting that lives until the end of the transaction. The statements after it read only data of `student`, so they
/// return nothing about a student whom the caller may not see.
///
/// Families and heads see all days. For other staff `lyceum.led_pupils` decides, and a second setting has the days.
package enum StudentGate {
    /// The student if the gate is open, else NULL. A subquery, so that PostgreSQL evaluates it once per statement and
    /// not once per row.
    package static let student = "(SELECT \(Setting.student.value))"
    /// The days that the caller may see, if `isDated`; NULL when the gate is closed.
    package static let days = "(SELECT \(Setting.days.value))"

    /// Whether the caller may see only some days of a student, so that the statements after the gate have to check the
    /// days.
    package static func isDated(for caller: Caller) -> Bool { !caller.readsAll && !caller.isFamilyOnly }

    /// Behind the gate: returns a row if the caller sees all days. A former class teacher sees only some (A3), and reads
    /// the diary instead.
    package static let allDays = Statement(
        "SELECT WHERE coalesce(\(days), '{(,)}'::datemultirange) = '{(,)}'::datemultirange")

    /// A1, A3: the student, guardians with access, the current and former class teachers, heads and deputy heads.
    package static func open(_ caller: Caller, _ id: String) -> Query {
        let school = Parameter.integer(caller.school.id)
        if isDated(for: caller) { return datedGate(school, .text(id), .text(caller.user)) }
        return gate(school, .text(id), .boolean(caller.readsAll), caller.person)
    }

    private static let pupil = """
        s.id, u.last_name, u.first_name, u.middle_name,
            c.id AS "class?.id", c.name AS "class?.name", c.grade_level AS "class?.grade_level",
            \(Setting.student.set(to: "s.id")) AS _gate
        """
    private static let named = "JOIN users u ON u.school_id = s.school_id AND u.id = s.id"

    /// The student's class on a day. With `lyceum.holds` PostgreSQL would evaluate the day twice, which is too costly
    /// in the dated gate.
    private static func standing(on day: String) -> String {
        """
        LEFT JOIN enrollments e ON e.school_id = s.school_id AND e.student_id = s.id
            AND lyceum.holds_between(e.starts_on, e.ends_on, \(day), \(day))
        LEFT JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
        """
    }

    private static let gate = Statement(
        """
        SELECT \(pupil)
        FROM students s
        \(named)
        \(standing(on: "lyceum.today()"))
        WHERE s.school_id = $1 AND s.id = $2::uuid
            AND (
                $3::boolean
                OR EXISTS (SELECT FROM lyceum.seen_students($1, $4::uuid) v WHERE v.student_id = s.id)
                OR lyceum.is_class_teacher($1, $4::uuid, s.id, lyceum.today())
            )
        """)

    /// A caller who sees only days before the student left the class sees the class of that time.
    private static let datedGate = Statement(
        """
        SELECT \(pupil), \(Setting.days.set(to: "d.days")) AS _days
        FROM students s
        \(named)
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN EXISTS (SELECT FROM lyceum.seen_students($1, $3::uuid) v WHERE v.student_id = s.id)
                    THEN '{(,)}'::datemultirange
                ELSE lyceum.led_days($1, $3::uuid, s.id)
            END AS days
            OFFSET 0
        ) d
        \(standing(on: "least(lyceum.today(), upper(d.days) - 1)"))
        WHERE s.school_id = $1 AND s.id = $2::uuid AND d.days IS NOT NULL
        """)
}

extension Setting {
    fileprivate static let student = Setting("student", .uuid)
    fileprivate static let days = Setting("days", .datemultirange)
}
