import Postgres
import Web

/// Decides whether the caller sees a pupil, and of which days, for all statements of a segment.
///
/// The gate is a segment's first statement: it answers the pupil, or nothing, and names the pupil in a setting that lives as
/// long as the transaction. The statements behind it read about `student` alone, so an invisible pupil has no data for them.
///
/// Families and heads see all days. Of staff it depends: see `lyceum.led_pupils`. The days stand in a second setting then.
package enum StudentGate {
    /// The pupil that the gate let through; NULL when it is closed. A subquery, which is asked once a statement and not once
    /// for each row that it is compared with.
    package static let student = "(SELECT \(Setting.student.value))"
    /// The days that the caller sees, where `isDated`; NULL when the gate is closed.
    package static let days = "(SELECT \(Setting.days.value))"

    /// Whether the caller may see some days of a pupil and not others, so that the statements behind the gate have to ask.
    package static func isDated(for caller: Caller) -> Bool { !caller.readsAll && !caller.isFamilyOnly }

    /// A1, A3: pupils themselves, guardians with access, today's class teacher and earlier ones, heads and deputy heads.
    package static func open(_ caller: Caller, _ id: String) -> Query {
        let school = Parameter.integer(caller.school.id)
        if isDated(for: caller) { return datedGate(school, .text(id), .text(caller.user)) }
        return gate(school, .text(id), .boolean(caller.readsAll), .text(caller.user))
    }

    private static let pupil = """
        s.id, u.last_name, u.first_name, u.middle_name,
            c.id AS "class?.id", c.name AS "class?.name", c.grade_level AS "class?.grade_level",
            \(Setting.student.set(to: "s.id")) AS _gate
        """
    private static let named = "JOIN users u ON u.school_id = s.school_id AND u.id = s.id"

    /// The class that the pupil stands in on a day. Of a gate with days the day is too costly for PostgreSQL to put it in
    /// twice, as `lyceum.holds` would.
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

    /// Who sees the days before the pupil left the class sees the class as it was then.
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
